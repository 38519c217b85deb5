"""The tab of license classes: search, ticks, one class with all that can be chosen, lists from files."""

import json
import re
import time
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ka_plugins.contract import ClassInfo, Feature
from ka_plugins.simulator.running import RunningSimulator
from licenses.classes import keep_classes
from licenses.models import LicenseClass, PluginConfiguration
from tests.factories import make_class, make_configuration
from tests.unit.licenses.test_classes import many

pytestmark = pytest.mark.django_db


@pytest.fixture
def offline() -> PluginConfiguration:
    """With two classes, one of them sold."""
    configuration = make_configuration()
    make_class(configuration, code="PLESK", name="Plesk")
    spam = ClassInfo("MAIL", "Mail server", (), (Feature("SPAM", "Anti-spam"),))
    keep_classes(configuration, [spam], whole=False)
    return configuration


def send_list(client: Client, configuration: PluginConfiguration, body: bytes, name: str = "list.json") -> str:
    file = SimpleUploadedFile(name, body)
    return client.post(f"/plugins/{configuration.pk}/classes/import/", {"file": file}).text


def listed(*classes: Any) -> bytes:
    return json.dumps({"format": "license-classes", "version": 1, "classes": classes}).encode()


def confirmed(page: str) -> dict[str, str]:
    found = re.search(r'name="confirmed" value="([^"]+)"', page)
    assert found is not None
    return {"confirmed": found[1]}


@pytest.mark.parametrize("text", ["mail", "MAIL", "spam", "Anti-"])
def test_classes_are_found_by_name_code_and_feature(
    text: str, staff_client: Client, offline: PluginConfiguration
) -> None:
    page = staff_client.get(f"/plugins/{offline.pk}/classes/", {"q": text}).text
    assert "Mail server" in page
    assert ">Plesk</a>" not in page


def test_a_search_that_fits_nothing_says_so(staff_client: Client, offline: PluginConfiguration) -> None:
    page = staff_client.get(f"/plugins/{offline.pk}/classes/", {"q": "cpanel"}).text
    assert "No class, code or feature holds “cpanel”." in page


def test_ticks_of_classes_that_were_not_shown_stay(staff_client: Client, offline: PluginConfiguration) -> None:
    mail = offline.classes.get(code="MAIL")
    staff_client.post(f"/plugins/{offline.pk}/classes/", {"shown": [mail.pk], "sold": [mail.pk]})
    assert set(LicenseClass.objects.filter(sold=True).values_list("code", flat=True)) == {"PLESK", "MAIL"}
    staff_client.post(f"/plugins/{offline.pk}/classes/", {"shown": [mail.pk]})
    assert set(LicenseClass.objects.filter(sold=True).values_list("code", flat=True)) == {"PLESK"}


def test_ticks_of_which_one_is_refused_are_none_of_them_kept(
    staff_client: Client, offline: PluginConfiguration
) -> None:
    keep_classes(offline, [ClassInfo("PLESK", "Plesk")])
    shown = [str(pk) for pk in offline.classes.values_list("pk", flat=True)]
    page = staff_client.post(f"/plugins/{offline.pk}/classes/", {"shown": shown, "sold": shown}, follow=True).text
    assert "no longer lists Mail server" in page
    assert list(LicenseClass.objects.filter(sold=True).values_list("code", flat=True)) == ["PLESK"]


def test_a_class_shows_its_groups_features_and_additional_keys(staff_client: Client) -> None:
    configuration = make_configuration()
    keep_classes(configuration, many()[:1])
    row = configuration.classes.get()
    page = staff_client.get(f"/plugins/{configuration.pk}/classes/{row.pk}/").text
    assert "choose one" in page
    assert "required" in page
    assert "default" in page
    assert "Feature 299" in page
    assert "Additional key" in page
    found = staff_client.get(f"/plugins/{configuration.pk}/classes/{row.pk}/", {"q": "feature 299"}).text
    assert "Feature 299" in found
    assert "Feature 298" not in found
    nothing = staff_client.get(f"/plugins/{configuration.pk}/classes/{row.pk}/", {"q": "nowhere"}).text
    assert "Nothing fits “nowhere”." in nothing


def test_a_class_of_another_plugin_is_not_found(staff_client: Client, offline: PluginConfiguration) -> None:
    other = make_class()
    assert staff_client.get(f"/plugins/{offline.pk}/classes/{other.pk}/").status_code == 404


@pytest.mark.parametrize("stored", [[], "text", 5, {"groups": 5}, {"features": [None]}, {"additional": [{"code": []}]}])
def test_properties_of_whatever_shape_break_no_page(stored: Any, staff_client: Client) -> None:
    row = make_class(properties=stored)
    address = f"/plugins/{row.configuration_id}/classes/"
    assert staff_client.get(address).status_code == 200
    assert staff_client.get(address, {"q": "plesk"}).status_code == 200
    assert staff_client.get(f"{address}{row.pk}/").status_code == 200


def test_a_list_of_sixty_large_classes_costs_a_fixed_number_of_statements_and_little_time(
    staff_client: Client, django_assert_num_queries: Any
) -> None:
    few, much = make_configuration(), make_configuration()
    keep_classes(few, many()[:1])
    keep_classes(much, many())
    for configuration in (few, much):
        with django_assert_num_queries(5):
            assert staff_client.get(f"/plugins/{configuration.pk}/classes/").status_code == 200
    row = much.classes.first()
    assert row is not None
    with django_assert_num_queries(3):
        staff_client.get(f"/plugins/{much.pk}/classes/{row.pk}/")
    began = time.process_time()
    staff_client.get(f"/plugins/{much.pk}/classes/{row.pk}/")
    assert time.process_time() - began < 0.15  # measured: 0.02 to 0.03


# --- lists from files ---------------------------------------------------------------------------------------------


def test_a_list_is_shown_before_it_is_taken_and_safe_to_repeat(
    staff_client: Client, offline: PluginConfiguration
) -> None:
    body = listed({"code": "NEW", "name": "New one"}, {"code": "PLESK", "name": "Plesk Obsidian"}, {"name": "No code"})
    page = send_list(staff_client, offline, body)
    assert "New one" in page
    assert "Plesk Obsidian (" in page
    assert "class 3" in page
    assert "code is missing." in page
    assert offline.classes.count() == 2
    address = f"/plugins/{offline.pk}/classes/import/"
    taken = staff_client.post(address, confirmed(page), follow=True).text
    assert "1 new license class, 1 changed." in taken
    again = staff_client.post(address, confirmed(page), follow=True).text
    assert "Nothing is new" in again
    assert set(offline.classes.values_list("code", "name", "sold", "retired")) == {
        ("NEW", "New one", False, False),
        ("PLESK", "Plesk Obsidian", True, False),
        ("MAIL", "Mail server", False, False),
    }
    assert "There is nothing to take." in send_list(staff_client, offline, body)


def test_a_file_that_is_no_list_is_told_at_the_field(staff_client: Client, offline: PluginConfiguration) -> None:
    assert "list.json is no JSON" in send_list(staff_client, offline, b"PK\x03\x04")
    assert "This field is required." in staff_client.post(f"/plugins/{offline.pk}/classes/import/").text
    assert offline.classes.count() == 2


def test_a_preview_of_another_plugin_or_one_that_was_touched_is_refused(
    staff_client: Client, offline: PluginConfiguration
) -> None:
    sent = confirmed(send_list(staff_client, offline, listed({"code": "NEW"})))
    other = make_configuration()
    for configuration, given in ((other, sent), (offline, {"confirmed": sent["confirmed"] + "x"})):
        page = staff_client.post(f"/plugins/{configuration.pk}/classes/import/", given, follow=True).text
        assert "Choose the file again." in page
    assert not LicenseClass.objects.filter(code="NEW").exists()


def test_a_list_is_not_for_an_online_plugin(staff_client: Client, simulator: RunningSimulator) -> None:
    online = make_configuration(simulator)
    page = staff_client.get(f"/plugins/{online.pk}/classes/import/", follow=True).text
    assert "come from its vendor" in page


def test_an_offline_plugin_of_a_vendor_gets_the_products_list(staff_client: Client) -> None:
    given = {"template": "plesk_ka", "name": "Plesk by hand", "mode": "offline"}
    assert staff_client.post("/plugins/new/", given).status_code == 302
    configuration = PluginConfiguration.objects.get()
    assert configuration.classes.filter(code="PLESK_10_AND_LATER", sold=False).exists()
    configuration.classes.filter(code="PLESK_10_AND_LATER").update(name="Mistyped")
    page = staff_client.post(f"/plugins/{configuration.pk}/classes/update/", follow=True).text
    assert "0 new license classes, 1 changed." in page
    assert "Take the product's list" in page.replace("&#39;", "'")
