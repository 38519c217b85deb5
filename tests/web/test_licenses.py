"""One license as staff see it, New License, and secrets."""

import re
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from ka_plugins.contract import KeyFile
from licenses.models import License, LicenseFile, LicenseRequest
from licenses.uploads import upload
from pbas.core.models import Event
from pbas.core.story import SYSTEM, Actor
from tests.factories import World, make_license
from tests.web.moving import uploaded

pytestmark = pytest.mark.django_db

PAGE = "/licenses/"
HTMX = {"HX-Request": "true"}


@pytest.mark.convention(15)
def test_a_license_shows_what_belongs_to_it_both_ways(staff_client: Client, world: World) -> None:
    license_ = uploaded(world, key="SECRET-1234-ABCD", files=(KeyFile("license.xml", b"<key/>"),))
    child = make_license(world.license_class, parent=license_, features=["Antivirus"])
    text = staff_client.get(reverse("license", args=[license_.pk])).text
    for shown in (world.subscription.name, world.order.number, "license.xml", child.key, "Antivirus", "Ada Example"):
        assert shown in text
    assert reverse("license_request", args=[world.request.pk]) in text
    assert license_.key in staff_client.get(reverse("license", args=[child.pk])).text


@pytest.mark.convention(18)
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


@pytest.mark.convention(19)
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


@pytest.mark.convention(19)
def test_convention_19_a_file_tells_who_uploaded_it(staff_client: Client, world: World) -> None:
    license_ = uploaded(world, key="SECRET-1234-ABCD", files=(KeyFile("license.xml", b"one"),))
    upload(request=world.request, files=[KeyFile("license.xml", b"two")], actor=Actor(Event.Actor.STAFF, "grace"))
    page = staff_client.get(reverse("license", args=[license_.pk])).text
    assert re.findall(r">(Upload[^<]*)</td>", page) == ["Upload, grace", "Upload"]


@pytest.mark.convention(19)
def test_a_newer_file_of_the_same_name_is_a_second_version(staff_client: Client, world: World) -> None:
    license_ = uploaded(world, key="SECRET-1234-ABCD", files=(KeyFile("license.xml", b"one"),))
    upload(request=world.request, files=[KeyFile("license.xml", b"two")], actor=SYSTEM)
    text = staff_client.get(reverse("license", args=[license_.pk])).text
    assert "version 2" in text


@pytest.mark.convention(22)
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
    License.objects.filter(pk=world.license.pk).update(state="installed")
    page = reverse("license_suspend", args=[world.license.pk])
    assert "This field is required" in staff_client.post(page, {"reason": ""}).text
    text = staff_client.post(page, {"reason": "customer left"}).text
    assert "is offline" in text
    assert "customer left" in text


def test_an_offline_license_that_was_ended_with_its_vendor_is_written_down_as_ended(
    staff_client: Client, world: World
) -> None:
    page = reverse("license_terminate", args=[world.license.pk])
    assert "the vendor is not asked: end" in staff_client.get(page).text
    once = str(uuid4())
    for _ in range(2):
        answer = staff_client.post(page, {"reason": "customer left", "once": once}, follow=True)
        assert "no vendor was asked" in answer.text
    assert License.objects.get(pk=world.license.pk).state == "terminated"
    assert world.license.requests.filter(kind="terminate", state="done").count() == 1
