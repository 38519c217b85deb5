"""Plug-in configurations in the panel: the list, the form made from a plug-in's settings, classes, pause."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from ka_plugins.simulator.running import RunningSimulator
from licenses.classes import fetch_due
from licenses.models import LicenseClass, PluginConfiguration
from pbas.core.models import Event
from pbas.core.problems import Problem
from tests.factories import LOGIN, make_class, make_configuration

pytestmark = pytest.mark.django_db

PASSWORD = "a password of the vendor's"


def typed(**changed: Any) -> dict[str, Any]:
    """The form of a new online configuration, as a browser sends it."""
    settings = {"login": "demo", "password": PASSWORD, "client": "1", "scheme": "https", "host": "ka.example.com"}
    own = {"template": "plesk_ka", "name": "Plesk Europe", "mode": "online", "limit": "50"}
    given = {f"setting_{name}": value for name, value in settings.items()}
    return {**own, **given, "setting_port": "7050", "setting_ca_file": "", **changed}


@pytest.fixture
def saved(staff_client: Client) -> PluginConfiguration:
    staff_client.post("/plugins/new/", typed())
    return PluginConfiguration.objects.get()


@pytest.fixture
def online(simulator: RunningSimulator) -> PluginConfiguration:
    return make_configuration(simulator)


def test_the_list_shows_configurations_with_their_figures_and_costs_few_statements(
    staff_client: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(6):
        make_class()
    make_configuration(name="Parked", parkings=2, parked_until=timezone.now() + timedelta(minutes=5))
    with django_assert_max_num_queries(4):
        page = staff_client.get("/plugins/").text
    assert page.count("By hand (any vendor)") == 7
    assert "Does not work for now" in page


def test_a_new_plugin_begins_with_its_name_and_template(staff_client: Client) -> None:
    assert "Plesk Key Administrator" in staff_client.get("/plugins/new/").text
    page = staff_client.get("/plugins/new/", {"name": "Plesk Asia", "template": "plesk_ka"}).text
    assert 'value="Plesk Asia"' in page
    assert "API password" in page


def test_an_unknown_template_is_refused_and_the_name_is_kept(staff_client: Client) -> None:
    page = staff_client.get("/plugins/new/", {"name": "Plesk Asia", "template": "none"})
    assert page.status_code == 200
    assert 'value="Plesk Asia"' in page.text
    assert "Select a valid choice" in page.text


def test_the_form_has_the_settings_that_the_plugin_declares(staff_client: Client) -> None:
    page = staff_client.get("/plugins/new/", {"template": "plesk_ka"}).text
    assert re.search(r'<input type="password" name="setting_password"[^>]*>', page)
    assert '<option value="https" selected>' in page
    assert 'value="7050"' in page
    assert "its keys are bought and billed" in page


def test_a_saved_configuration_fetches_its_classes_and_says_so(
    staff_client: Client, saved: PluginConfiguration
) -> None:
    assert saved.status == "fetching"
    page = staff_client.get(f"/plugins/{saved.pk}/").text
    assert "License classes are being fetched" in page
    assert f'hx-get="/plugins/{saved.pk}/status/?tab=settings&amp;fetching"' in page


def test_a_secret_is_never_shown_and_an_empty_one_keeps_the_old(
    staff_client: Client, saved: PluginConfiguration
) -> None:
    assert PASSWORD not in staff_client.get(f"/plugins/{saved.pk}/").text
    staff_client.post(f"/plugins/{saved.pk}/", typed(setting_password="", name="Renamed"))
    saved.refresh_from_db()
    assert (saved.name, saved.secrets["password"]) == ("Renamed", PASSWORD)
    assert "Leave blank to keep" in staff_client.get(f"/plugins/{saved.pk}/").text
    assert not Event.objects.filter(text__contains=PASSWORD).exists()


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"name": ""}, "name", "This field is required."),
        ({"limit": "0"}, "limit", "greater than or equal to 1"),
        ({"mode": "sometimes"}, "mode", "Select a valid choice"),
        ({"setting_login": ""}, "setting_login", "This field is required."),
        ({"setting_password": ""}, "setting_password", "This field is required."),
        ({"setting_port": "70500"}, "setting_port", "less than or equal to 65535"),
        ({"setting_port": "seven"}, "setting_port", "Enter a whole number."),
        ({"setting_scheme": "gopher"}, "setting_scheme", "Select a valid choice"),
    ],
)
def test_a_faulty_setting_is_told_at_its_field_and_the_rest_is_kept(
    staff_client: Client, changed: dict[str, str], field: str, message: str
) -> None:
    page = staff_client.post("/plugins/new/", typed(setting_host="ka.kept.example", **changed))
    assert page.status_code == 200
    assert f'id="id_{field}_error"' in page.text
    assert message in page.text
    assert "ka.kept.example" in page.text
    assert not PluginConfiguration.objects.exists()


def test_what_only_the_plugin_knows_to_be_wrong_is_told_too(staff_client: Client) -> None:
    page = staff_client.post("/plugins/new/", typed(setting_host="https://ka.example.com/path"))
    assert page.status_code == 200
    assert "without scheme, port or path" in page.text
    assert not PluginConfiguration.objects.exists()


def test_two_configurations_of_one_name_are_refused_at_the_name(
    staff_client: Client, saved: PluginConfiguration
) -> None:
    page = staff_client.post("/plugins/new/", typed(name=saved.name))
    assert f"There is already a plug-in called {saved.name}." in page.text
    assert PluginConfiguration.objects.count() == 1


def test_offline_is_the_only_mode_of_a_template_without_verbs(staff_client: Client) -> None:
    page = staff_client.get("/plugins/new/", {"template": "manual"}).text
    assert 'value="online"' not in page
    answer = staff_client.post(
        "/plugins/new/", {"template": "manual", "name": "By hand", "mode": "offline", "limit": "5"}
    )
    configuration = PluginConfiguration.objects.get()
    assert answer["Location"] == f"/plugins/{configuration.pk}/"
    assert configuration.status == "configured"


def test_an_offline_configuration_needs_no_connection(staff_client: Client) -> None:
    empty = {name: "" for name in typed() if name.startswith("setting_")}
    answer = staff_client.post("/plugins/new/", typed(mode="offline", **empty))
    assert answer.status_code == 302
    assert PluginConfiguration.objects.get().mode == "offline"


def test_an_unknown_configuration_is_not_found(staff_client: Client) -> None:
    for address in ("", "status/", "classes/"):
        assert staff_client.get(f"/plugins/999/{address}").status_code == 404


def test_a_template_that_is_gone_is_told_and_its_page_still_opens(staff_client: Client) -> None:
    configuration = make_configuration(template="gone")
    page = staff_client.get(f"/plugins/{configuration.pk}/")
    assert "Its template cannot be used" in page.text
    assert staff_client.post(f"/plugins/{configuration.pk}/", typed()).status_code == 200


def test_the_status_is_asked_for_until_the_classes_are_there(staff_client: Client) -> None:
    configuration = make_configuration(status="fetching")
    assert staff_client.get(f"/plugins/{configuration.pk}/status/").status_code == 200
    PluginConfiguration.objects.update(status="failed", status_text="The host does not answer.")
    answer = staff_client.get(f"/plugins/{configuration.pk}/status/")
    assert answer.status_code == 286
    assert "The host does not answer." in answer.text
    assert "hx-get" not in answer.text


def test_health_comes_with_the_end_of_a_fetch(staff_client: Client) -> None:
    """Beside the settings only, and once."""
    status = f"/plugins/{make_configuration().pk}/status/"
    assert 'id="health" hx-swap-oob="true"' in staff_client.get(f"{status}?tab=settings&fetching").text
    for other in ("?tab=settings", "?tab=classes&fetching"):
        assert "health" not in staff_client.get(status + other).text


def test_the_connection_is_tested_with_what_was_saved(staff_client: Client, online: PluginConfiguration) -> None:
    part = staff_client.post(f"/plugins/{online.pk}/check/", headers={"HX-Request": "true"})
    assert "note-success" in part.text
    page = staff_client.post(f"/plugins/{online.pk}/check/", follow=True)
    assert "note note-success" in page.text


def test_a_connection_that_fails_says_why(staff_client: Client, online: PluginConfiguration) -> None:
    online.secrets = {"password": "wrong"}
    online.save()
    part = staff_client.post(f"/plugins/{online.pk}/check/", headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert "note-error" in part.text
    assert "wrong" not in part.text.replace("is wrong", "")


def test_classes_are_updated_from_the_vendor_and_ticked(staff_client: Client, online: PluginConfiguration) -> None:
    page = staff_client.post(f"/plugins/{online.pk}/classes/update/", follow=True).text
    assert "Waits for a worker" in page
    fetch_due(online.pk)
    page = staff_client.get(f"/plugins/{online.pk}/classes/").text
    assert "What the last list changed" in page
    first, second = LicenseClass.objects.order_by("name")[:2]
    staff_client.post(f"/plugins/{online.pk}/classes/", {"sold": [str(first.pk), str(second.pk)]})
    staff_client.post(f"/plugins/{online.pk}/classes/", {"sold": [str(second.pk)]})
    assert list(LicenseClass.objects.filter(sold=True)) == [second]


def test_an_update_that_fails_says_why(staff_client: Client, online: PluginConfiguration) -> None:
    online.settings = {**online.settings, "port": 1}
    online.save()
    staff_client.post(f"/plugins/{online.pk}/classes/update/")
    with pytest.raises(Problem):
        fetch_due(online.pk)
    page = staff_client.get(f"/plugins/{online.pk}/classes/").text
    assert "License classes could not be fetched" in page
    assert "What was known before stays, and requests go on." in page
    assert "It is tried again by itself in a moment" in page
    online.refresh_from_db()
    assert online.status == "configured"


def test_a_class_that_the_vendor_no_longer_lists_cannot_be_sold_anew(staff_client: Client) -> None:
    retired = make_class(sold=False, retired=True)
    address = f"/plugins/{retired.configuration_id}/classes/"
    page = staff_client.post(address, {"sold": [str(retired.pk)]}, follow=True).text
    assert "no longer lists" in page
    assert not LicenseClass.objects.filter(sold=True).exists()


def test_a_plugin_is_paused_with_a_reason_and_resumed(staff_client: Client) -> None:
    configuration = make_configuration()
    page = staff_client.post(f"/plugins/{configuration.pk}/pause/", {"reason": "Invoice in dispute."}, follow=True).text
    assert "Paused by hand" in page
    assert "Invoice in dispute." in page
    staff_client.post(f"/plugins/{configuration.pk}/resume/")
    configuration.refresh_from_db()
    assert configuration.status == "configured"


def test_a_pause_needs_a_reason(staff_client: Client) -> None:
    configuration = make_configuration()
    page = staff_client.post(f"/plugins/{configuration.pk}/pause/", {"reason": ""})
    assert page.status_code == 200
    assert "This field is required." in page.text
    configuration.refresh_from_db()
    assert configuration.status == "configured"


def test_resuming_what_is_not_paused_is_refused_in_words(staff_client: Client) -> None:
    configuration = make_configuration()
    assert "is not paused" in staff_client.post(f"/plugins/{configuration.pk}/resume/", follow=True).text


def test_a_parked_plugin_says_why_and_when_it_goes_on(staff_client: Client) -> None:
    later = timezone.now() + timedelta(minutes=5, seconds=30)
    configuration = make_configuration(parkings=2, parked_why="The vendor answers 503.", parked_until=later)
    page = staff_client.get(f"/plugins/{configuration.pk}/").text
    assert "The vendor answers 503." in page
    assert "tried again by itself in 5" in page.replace("\xa0", " ")
    assert LOGIN["login"] not in page


def test_the_classes_of_an_offline_plugin_are_written_down_by_hand(staff_client: Client) -> None:
    first = make_class(name="First")
    address = f"/plugins/{first.configuration_id}/classes/"
    page = staff_client.post(f"{address}add/", {"name": "Second", "code": "TWO"}, follow=True).text
    assert "Added. Tick it to sell it." in page
    assert {(one.name, one.sold, one.retired) for one in LicenseClass.objects.all()} == {
        ("First", True, False),
        ("Second", False, False),
    }
    page = staff_client.post(f"{address}add/", {"name": "Third", "code": "TWO"}).text
    assert "already a license class with this code" in page
    assert 'value="Third"' in page


def test_classes_of_an_online_plugin_are_not_written_down_by_hand(
    staff_client: Client, online: PluginConfiguration
) -> None:
    page = staff_client.post(f"/plugins/{online.pk}/classes/add/", {"name": "X", "code": "X"}, follow=True).text
    assert "come from its vendor" in page
    assert not LicenseClass.objects.exists()


def test_a_plugin_that_sells_nothing_yet_leads_to_its_classes(staff_client: Client) -> None:
    configuration = make_configuration()
    page = staff_client.get(f"/plugins/{configuration.pk}/").text
    assert "Nothing is sold yet" in page
    make_class(configuration)
    assert "Nothing is sold yet" not in staff_client.get(f"/plugins/{configuration.pk}/").text
