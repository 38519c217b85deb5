"""One license as staff see it, New License, and secrets."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from ka_plugins.contract import KeyFile
from licenses.models import LicenseClass, LicenseFile, LicenseRequest
from licenses.uploads import upload
from pbas.core.models import Event
from pbas.core.story import SYSTEM
from tests.factories import World, make_class, make_configuration, make_license, make_ready, make_subscription
from tests.web.moving import uploaded

pytestmark = pytest.mark.django_db

PAGE = "/licenses/"
HTMX = {"HX-Request": "true"}


def test_a_license_shows_what_belongs_to_it_both_ways(staff_client: Client, world: World) -> None:
    license_ = uploaded(world, key="SECRET-1234-ABCD", files=(KeyFile("license.xml", b"<key/>"),))
    child = make_license(world.license_class, parent=license_, features=["Antivirus"])
    text = staff_client.get(reverse("license", args=[license_.pk])).text
    for shown in (world.subscription.name, world.order.number, "license.xml", child.key, "Antivirus", "Ada Example"):
        assert shown in text
    assert reverse("license_request", args=[world.request.pk]) in text
    assert license_.key in staff_client.get(reverse("license", args=[child.pk])).text


def test_secrets_are_not_in_the_page_before_they_are_asked_for(staff_client: Client, world: World) -> None:
    license_ = uploaded(world, key="SECRET-1234-ABCD", activation_code="ACT-9981")
    pages = [reverse("license", args=[license_.pk]), reverse("license_request", args=[world.request.pk]), PAGE]
    for page in pages:
        text = staff_client.get(page).text
        assert "SECRET-1234" not in text
        assert "ACT-9981" not in text
        assert "••••ABCD" in text


@pytest.mark.parametrize(
    ("what", "shown", "kind"),
    [("key", "SECRET-1234-ABCD", "key_revealed"), ("activation_code", "ACT-9981", "code_revealed")],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_secret_is_shown_once_recorded_and_kept_by_no_cache(
    staff_client: Client, world: World, what: str, shown: str, kind: str, headers: dict[str, str]
) -> None:
    license_ = uploaded(world, key="SECRET-1234-ABCD", activation_code="ACT-9981")
    answer = staff_client.post(reverse("license_reveal", args=[license_.pk]), {"what": what}, headers=headers)
    assert shown in answer.text
    assert "no-store" in answer["Cache-Control"]
    assert ("<html" in answer.text) is not bool(headers)
    assert Event.objects.get(license=license_, kind=kind).actor == "staff"


def test_a_secret_cannot_be_asked_for_by_an_address(staff_client: Client, world: World) -> None:
    license_ = uploaded(world, key="SECRET-1234-ABCD")
    assert staff_client.get(reverse("license_reveal", args=[license_.pk])).status_code == 405


def test_a_file_is_downloaded_exactly_and_recorded(staff_client: Client, world: World) -> None:
    body = b"\x00\xff<key>\r\n"
    uploaded(world, key="SECRET-1234-ABCD", files=(KeyFile('lic "ü".xml', body),))
    file = LicenseFile.objects.get()
    answer = staff_client.get(reverse("license_file", args=[file.pk]))
    assert answer.content == body
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Type"] == "application/octet-stream"
    assert Event.objects.filter(kind="file_downloaded", license=file.license).count() == 1


def test_a_newer_file_of_the_same_name_is_a_second_version(staff_client: Client, world: World) -> None:
    license_ = uploaded(world, key="SECRET-1234-ABCD", files=(KeyFile("license.xml", b"one"),))
    upload(request=world.request, files=[KeyFile("license.xml", b"two")], actor=SYSTEM)
    text = staff_client.get(reverse("license", args=[license_.pk])).text
    assert "version 2" in text


def test_a_renewal_is_asked_for_on_a_page_that_says_what_it_costs(staff_client: Client, world: World) -> None:
    license_ = world.license
    page = reverse("license_renew", args=[license_.pk])
    assert "The vendor bills it" in staff_client.get(page).text
    assert not license_.requests.exists()
    answer = staff_client.post(page, {"reason": ""})
    made = license_.requests.get()
    assert answer["Location"] == reverse("license_request", args=[made.pk])
    assert made.kind == LicenseRequest.Kind.RENEW
    again = staff_client.post(page, {"reason": ""})
    assert again.status_code == 200
    assert "already has an open request" in again.text


def test_what_a_plug_in_cannot_do_is_refused_in_words(staff_client: Client, world: World) -> None:
    page = reverse("license_terminate", args=[world.license.pk])
    assert "This field is required" in staff_client.post(page, {"reason": ""}).text
    text = staff_client.post(page, {"reason": "customer left"}).text
    assert "is offline" in text
    assert "customer left" in text


# --- New License


@pytest.fixture
def new_page(world: World, tmp_path: Path) -> str:
    make_ready(make_subscription(world.order), tmp_path)
    return f"{reverse('new_license')}?plugin={world.configuration.pk}"


def asked(world: World, **changes: Any) -> dict[str, Any]:
    given = {"license_class": world.license_class.pk, "number": 2, "subscription": world.order.subscription.name}
    return {"plugin": world.configuration.pk, **given, **changes}


def test_new_license_without_a_tab_asks_for_the_plug_in_first(staff_client: Client, world: World) -> None:
    link = f"{reverse('new_license')}?plugin={world.configuration.pk}"
    assert link in staff_client.get(reverse("new_license")).text


def test_new_license_requests_as_many_as_were_asked_for(staff_client: Client, world: World, new_page: str) -> None:
    before = LicenseRequest.objects.count()
    answer = staff_client.post(new_page, asked(world), follow=True)
    assert "2 licenses were requested." in answer.text
    assert LicenseRequest.objects.count() == before + 2
    answer = staff_client.post(new_page, asked(world, number=1, subscription=world.order.subscription.pk))
    assert answer["Location"].startswith("/license-requests/")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"number": 0}, "greater than or equal to 1"),
        ({"number": 10_000}, "less than or equal to 1000"),
        ({"number": "many"}, "Enter a whole number"),
        ({"subscription": "nowhere.example"}, "No subscription is called"),
        ({"subscription": ""}, "This field is required"),
        ({"license_class": 999_999}, "not one of the available choices"),
    ],
)
def test_bad_input_is_said_at_its_field_and_the_rest_stays(
    staff_client: Client, world: World, new_page: str, changes: dict[str, Any], said: str
) -> None:
    before = LicenseRequest.objects.count()
    answer = staff_client.post(new_page, asked(world, **changes))
    assert answer.status_code == 200
    assert said in unescape(answer.text)
    for name, value in asked(world, **changes).items():
        if name in {"number", "subscription"} and value != "":
            assert f'name="{name}" value="{value}"' in answer.text
    assert LicenseRequest.objects.count() == before


def test_a_class_that_is_no_longer_sold_cannot_be_chosen(staff_client: Client, world: World, new_page: str) -> None:
    LicenseClass.objects.filter(pk=world.license_class.pk).update(sold=False)
    other = make_class(world.configuration)
    text = staff_client.post(new_page, asked(world)).text
    assert "not one of the available choices" in text
    assert other.name in text


def test_several_subscriptions_that_fit_are_offered(staff_client: Client, world: World, new_page: str) -> None:
    make_subscription()
    text = staff_client.post(new_page, asked(world, subscription="example.com")).text
    assert "Several subscriptions fit" in text
    assert text.count('<button name="subscription"') == 2


def test_where_nothing_is_sold_the_page_leads_to_the_classes(staff_client: Client) -> None:
    configuration = make_configuration()
    text = staff_client.get(f"{reverse('new_license')}?plugin={configuration.pk}").text
    assert reverse("plugin_classes", args=[configuration.pk]) in text


def test_a_new_license_form_sent_twice_asks_once(staff_client: Client, world: World, new_page: str) -> None:
    once = re.search(r'name="once" value="([0-9a-f-]{36})"', staff_client.get(new_page).text)
    assert once is not None
    given = {
        "license_class": world.license_class.pk,
        "number": 2,
        "subscription": world.subscription.pk,
        "once": once.group(1),
    }
    before = LicenseRequest.objects.count()
    for _ in range(2):
        assert staff_client.post(new_page, given).status_code == 302
    assert LicenseRequest.objects.count() == before + 2
