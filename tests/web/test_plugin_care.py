"""Plug-in configurations that are cared for: health, a test that is remembered, a pause that lasts, what may go."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from ka_plugins.simulator.running import RunningSimulator
from licenses.classes import fetch_due
from licenses.configurations import pause_configuration
from licenses.models import NEVER, LicenseClass, LicenseRequest, PluginConfiguration
from pbas.core.models import Event
from pbas.core.problems import Problem
from pbas.core.story import SYSTEM
from tests.factories import World, make_class, make_configuration, make_license, make_plan
from tests.web.test_plugins import typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def online(simulator: RunningSimulator) -> PluginConfiguration:
    return make_configuration(simulator)


def resaved(configuration: PluginConfiguration, **changed: Any) -> dict[str, Any]:
    """The form of a stored configuration, as a browser sends it."""
    given = {f"setting_{name}": str(value) for name, value in configuration.settings.items()}
    return typed(**{"setting_password": "", "name": configuration.name, **given, **changed})


def test_saving_a_paused_configuration_does_not_end_its_pause(
    staff_client: Client, online: PluginConfiguration
) -> None:
    pause_configuration(configuration=online, reason="Invoice in dispute.", actor=SYSTEM)
    staff_client.post(f"/plugins/{online.pk}/", resaved(online, limit="7"))
    online.refresh_from_db()
    assert (online.status, online.status_text, online.limit) == ("paused", "Invoice in dispute.", 7)
    fetch_due(online.pk)
    online.refresh_from_db()
    assert (online.status, online.status_text, online.fetch_at) == ("paused", "Invoice in dispute.", None)
    assert online.classes.exists()
    staff_client.post(f"/plugins/{online.pk}/resume/")
    online.refresh_from_db()
    assert online.status == "configured"


def test_what_was_saved_in_a_pause_and_does_not_work_is_not_called_configured_after_it(
    staff_client: Client, online: PluginConfiguration
) -> None:
    pause_configuration(configuration=online, reason="Moving.", actor=SYSTEM)
    staff_client.post(f"/plugins/{online.pk}/", resaved(online, setting_port="1"))
    with pytest.raises(Problem):
        fetch_due(online.pk)
    page = staff_client.get(f"/plugins/{online.pk}/").text
    assert "License classes could not be fetched" in page
    assert "Moving." in page
    staff_client.post(f"/plugins/{online.pk}/resume/")
    online.refresh_from_db()
    assert online.status == "failed"


def test_port_2000_is_refused_with_the_reason_and_7050_is_preset(staff_client: Client) -> None:
    assert 'value="7050"' in staff_client.get("/plugins/new/", {"template": "plesk_ka"}).text
    page = staff_client.post("/plugins/new/", typed(setting_port="2000")).text
    assert "web interface; its API listens on 7050" in page
    assert not PluginConfiguration.objects.exists()


@pytest.mark.convention(26)
def test_a_test_of_the_connection_is_remembered_with_its_time(
    staff_client: Client, online: PluginConfiguration
) -> None:
    assert "never tested" in staff_client.get(f"/plugins/{online.pk}/").text
    staff_client.post(f"/plugins/{online.pk}/check/")
    event = Event.objects.get(kind="connection_works")
    assert event.actor == "staff"
    assert event.text.endswith(" s).")
    page = staff_client.get(f"/plugins/{online.pk}/").text
    assert event.text in page
    assert "none yet" not in page


@pytest.mark.convention(26)
def test_health_tells_the_share_of_problems_and_the_queue_and_costs_a_fixed_number_of_statements(
    staff_client: Client, world: World, django_assert_num_queries: Any
) -> None:
    asked = world.request
    LicenseRequest.objects.filter(pk=asked.pk).update(problem_kind="refused")
    with django_assert_num_queries(9):
        page = staff_client.get(f"/plugins/{world.configuration.pk}/").text
    assert "1 with a problem (100 %)" in page
    assert "1 open" in page


@pytest.mark.parametrize("stored", [[], "text", 5, True, {"port": [1], "host": {"a": 1}, "client": None, "odd": "x"}])
def test_stored_settings_of_whatever_shape_break_no_page(
    stored: Any, staff_client: Client, online: PluginConfiguration
) -> None:
    PluginConfiguration.objects.filter(pk=online.pk).update(settings=stored)
    for address in ("", "classes/", "status/", "delete/"):
        assert staff_client.get(f"/plugins/{online.pk}/{address}").status_code < 300
    assert staff_client.get("/plugins/").status_code == 200
    part = staff_client.post(f"/plugins/{online.pk}/check/", headers={"HX-Request": "true"}).text
    assert "stored settings cannot be used" in part


def test_a_stored_password_that_cannot_be_read_breaks_no_page(
    staff_client: Client, online: PluginConfiguration
) -> None:
    other = make_configuration(secrets={"password": "other"})
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE licenses_pluginconfiguration SET secrets ="
            " (SELECT secrets FROM licenses_pluginconfiguration WHERE id = %s) WHERE id = %s",
            [other.pk, online.pk],
        )
    assert "cannot be read any more" in staff_client.get(f"/plugins/{online.pk}/").text
    part = staff_client.post(f"/plugins/{online.pk}/check/", headers={"HX-Request": "true"}).text
    assert "stored settings cannot be used" in part


def test_a_configuration_on_which_nothing_hangs_is_deleted_and_its_story_stays(
    staff_client: Client, online: PluginConfiguration
) -> None:
    fetch_due(online.pk)
    make_class(online)
    staff_client.post(f"/plugins/{online.pk}/check/")
    address = f"/plugins/{online.pk}/delete/"
    assert "Nothing hangs on it" in staff_client.get(address).text
    assert "was deleted" in staff_client.post(address, follow=True).text
    assert not PluginConfiguration.objects.exists()
    assert not LicenseClass.objects.exists()
    assert Event.objects.filter(kind="connection_works").exists()
    assert Event.objects.get(kind="configuration_deleted").actor == "staff"


def test_what_hangs_on_a_configuration_is_said_and_nothing_is_deleted(staff_client: Client) -> None:
    license_class = make_class()
    make_plan(license_class)
    make_license(license_class)
    make_license(license_class)
    address = f"/plugins/{license_class.configuration_id}/delete/"
    page = staff_client.get(address).text
    assert "2 licenses" in page
    assert "1 plan license" in page
    refused = staff_client.post(address, follow=True).text
    assert "cannot be deleted. On it hang: 2 licenses, 1 plan license." in refused
    assert LicenseClass.objects.filter(pk=license_class.pk).exists()


def test_a_plugin_that_only_a_person_can_mend_says_so_and_promises_no_moment(staff_client: Client) -> None:
    """Its vendor said that the password is wrong: it is parked until its settings are saved, not until a moment."""
    configuration = make_configuration(parkings=1, parked_why="The password is wrong.", parked_until=NEVER)
    for path in ("/plugins/", f"/plugins/{configuration.pk}/", f"/plugins/{configuration.pk}/status/", "/"):
        page = staff_client.get(path).text
        assert "Has to be put right" in page, path
        assert "years" not in page, path
        assert "9999" not in page, path
    assert "its settings are saved" in staff_client.get(f"/plugins/{configuration.pk}/").text
