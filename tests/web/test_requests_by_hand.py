"""What a person does on a request's page, and in the back office."""

from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from ka_plugins.installing import Target
from licenses import services
from licenses.models import InstallTarget, LicenseRequest
from licenses.targets import set_install_target
from licenses.uploads import MAX_FILE_BYTES, upload
from pbas.core.models import Event
from pbas.core.story import SYSTEM
from subscriptions.models import Service
from tests.factories import World, make_class, make_configuration
from tests.web.moving import FILE, State, file_of, move, page_of, trouble

pytestmark = pytest.mark.django_db


def test_the_whole_offline_flow_goes_by_the_pages_alone(
    staff_client: Client, world: World, asked: LicenseRequest, tmp_path: Path
) -> None:
    text = staff_client.get(page_of(asked, "text")).text
    for part in (world.order.number, world.license_class.code, world.subscription.name, asked.uid.hex, str(tmp_path)):
        assert part in text
    answer = staff_client.post(
        page_of(asked, "upload"), {"key": " SECRET-1234-ABCD ", "files": [file_of()]}, follow=True
    )
    assert "What you uploaded is kept." in answer.text
    assert "Ready to install" in answer.text
    answer = staff_client.post(page_of(asked, "install"), follow=True)
    asked.refresh_from_db()
    assert asked.state == State.INSTALL
    assert asked.due_at is not None
    assert "It is being installed." in answer.text
    assert "the install comes next" in answer.text
    assert "works by hand" not in answer.text  # what was asked for goes by itself


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Nothing was uploaded"),
        ({"key": "x" * 300}, "1 to 200 printable"),
        ({"activation_code": "ACT-1"}, "An activation code needs its key"),
        ({"files": [("empty.xml", b"")]}, "empty.xml is empty"),
        ({"files": [("big.xml", b"x" * (MAX_FILE_BYTES + 1))]}, "big.xml is larger than"),
        ({"files": [("a.xml", b"same"), ("b.xml", b"same")]}, "b.xml is the same file as a.xml"),
        ({"files": [(f"{n}.xml", b"%d" % n) for n in range(11)]}, "At most 10 files"),
    ],
)
@pytest.mark.convention(20)
def test_a_bad_upload_is_said_at_its_field_changes_nothing_and_keeps_what_was_typed(
    staff_client: Client, asked: LicenseRequest, given: dict[str, Any], said: str
) -> None:
    files = [file_of(*pair) for pair in given.get("files", [])]
    typed = {name: value for name, value in given.items() if name != "files"}
    answer = staff_client.post(page_of(asked, "upload"), {**typed, "files": files})
    assert answer.status_code == 200
    assert said in unescape(answer.text)
    for value in typed.values():
        assert f'value="{value}"' in answer.text
    if files:
        assert "Choose the files again" in answer.text
    asked.refresh_from_db()
    assert asked.state == State.KEY
    assert not asked.files.exists()
    assert asked.license is None


def test_files_that_are_too_large_together_are_not_said_to_be_missing(
    staff_client: Client, asked: LicenseRequest
) -> None:
    answer = staff_client.post(
        page_of(asked, "upload"), {"key": "SECRET-1", "files": [file_of("a", b"x" * 40 * 2**20)]}
    )
    assert "Together the files are larger than 10 MiB." in answer.text
    assert 'value="SECRET-1"' in answer.text
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.convention(20)
def test_the_limits_of_an_upload_are_said_before_it(staff_client: Client, asked: LicenseRequest) -> None:
    assert "Up to 10 files, 1 MiB each" in staff_client.get(page_of(asked)).text


def test_a_key_of_the_wrong_form_is_said_with_an_example(staff_client: Client, online: LicenseRequest) -> None:
    assert "PLSK." in staff_client.get(page_of(online)).text
    answer = staff_client.post(page_of(online, "upload"), {"key": "nonsense"})
    assert 'id="id_key_error"' in answer.text
    assert 'value="nonsense"' in answer.text


def test_a_key_that_another_license_has_is_refused(staff_client: Client, asked: LicenseRequest, world: World) -> None:
    upload(request=asked, key="SECRET-1234-ABCD", actor=SYSTEM)
    made = services.new_licenses(
        configuration=world.configuration,
        license_class=world.license_class,
        number=1,
        subscription_id=world.subscription.pk,
        actor=SYSTEM,
    )
    answer = staff_client.post(page_of(made[0], "upload"), {"key": "SECRET-1234-ABCD"})
    assert "is already on license" in answer.text


def test_a_finished_request_takes_no_upload_and_says_so(staff_client: Client, asked: LicenseRequest) -> None:
    services.cancel_request(request=asked, actor=SYSTEM, reason="x")
    answer = staff_client.post(page_of(asked, "upload"), {"key": "SECRET-1234-ABCD"})
    assert "takes no more uploads" in answer.text


def test_an_install_without_a_target_is_refused_and_the_target_can_be_given(
    staff_client: Client, world: World, tmp_path: Path
) -> None:
    asked = world.request
    Service.objects.filter(subscription=world.subscription).update(state="ready")
    services.services_ready(subscription_id=world.subscription.pk, actor=SYSTEM)
    asked.refresh_from_db()
    upload(request=asked, key="SECRET-1234-ABCD", files=[FILE], actor=SYSTEM)
    assert "has no install target yet" in staff_client.post(page_of(asked, "install"), follow=True).text
    answer = staff_client.post(page_of(asked, "target"), {"target-kind": "directory", "target-directory-address": ""})
    assert "This field is required" in answer.text
    given = {"target-kind": "directory", "target-directory-address": str(tmp_path)}
    answer = staff_client.post(page_of(asked, "target"), given, follow=True)
    assert "The install target is saved" in answer.text
    assert "Ready to install" in answer.text
    assert InstallTarget.objects.get().address == str(tmp_path)


def test_mending_the_target_keeps_its_login(staff_client: Client, asked: LicenseRequest, world: World) -> None:
    target = Target("directory", "/old", {"password": "Pa55-of-target"})
    set_install_target(subscription_id=world.subscription.pk, target=target, actor=SYSTEM)
    staff_client.post(page_of(asked, "target"), {"target-kind": "directory", "target-directory-address": "/new"})
    kept = InstallTarget.objects.get()
    assert (kept.address, kept.credentials) == ("/new", {"password": "Pa55-of-target"})
    assert "Pa55-of-target" not in staff_client.get(page_of(asked)).text


def test_hold_and_release_come_back_to_the_page_with_what_happened(staff_client: Client, asked: LicenseRequest) -> None:
    answer = staff_client.post(page_of(asked, "hold"), follow=True)
    assert "This request is on hold" in answer.text
    answer = staff_client.post(page_of(asked, "release"), follow=True)
    assert "This request is on hold" not in answer.text
    assert list(Event.objects.filter(request=asked, kind__in=["held", "released"]).values_list("actor", flat=True)) == [
        *("staff", "staff")
    ]


def test_what_the_service_refuses_is_said_above_the_page(staff_client: Client, asked: LicenseRequest) -> None:
    answer = staff_client.post(page_of(asked, "release"), follow=True)
    assert 'role="alert"' in answer.text
    assert "is not on hold" in answer.text


@pytest.mark.convention(22)
def test_a_cancelled_request_needs_a_reason(staff_client: Client, asked: LicenseRequest) -> None:
    page = page_of(asked, "cancel")
    assert "This cannot be undone" in staff_client.get(page).text
    assert "This field is required" in staff_client.post(page, {"reason": "  "}).text
    answer = staff_client.post(page, {"reason": "ordered twice"}, follow=True)
    assert "This request was cancelled" in answer.text
    assert "ordered twice" in answer.text


def test_a_stopped_request_is_tried_again_by_one_click(staff_client: Client, online: LicenseRequest) -> None:
    move(online, State.ATTENTION, trouble=trouble())
    assert "It is tried now." in staff_client.post(page_of(online, "retry"), follow=True).text
    online.refresh_from_db()
    assert online.state == State.KEY


def test_a_key_is_adopted_in_doubt_and_a_bad_one_is_said_at_its_field(
    staff_client: Client, online: LicenseRequest
) -> None:
    move(online, State.BUYING, State.IN_DOUBT, trouble=trouble("unknown"))
    answer = staff_client.post(page_of(online, "adopt"), {"adopt-key": "nonsense", "adopt-reason": "seen"})
    assert 'id="id_adopt-key_error"' in answer.text
    assert 'value="seen"' in answer.text
    answer = staff_client.post(page_of(online, "adopt"), {"adopt-key": "PLSK.12345678.0001"})
    assert "was asked about key PLSK.12345678.0001" in answer.text  # nobody answers there
    online.configuration.mode = "offline"
    online.configuration.save()
    answer = staff_client.post(page_of(online, "adopt"), {"adopt-key": "PLSK.12345678.0001"}, follow=True)
    assert "The key was adopted." in answer.text


@pytest.mark.parametrize("action", ["upload", "target", "adopt", "retry", "install", "hold", "release"])
def test_what_changes_something_is_posted(staff_client: Client, asked: LicenseRequest, action: str) -> None:
    assert staff_client.get(page_of(asked, action)).status_code == 405


@pytest.mark.parametrize("part", ["", "changes", "text", "cancel"])
def test_an_unknown_request_is_not_found(staff_client: Client, part: str) -> None:
    answer = staff_client.get(reverse(f"license_request{part and '_' + part}", args=[987_654]))
    assert answer.status_code == 404
    assert "There is no license request 987654." in answer.text


@pytest.mark.parametrize("name", ["licenserequest", "license", "pluginconfiguration", "licensefile", "installtarget"])
def test_the_back_office_shows_all_rows_and_no_secret(staff_client: Client, asked: LicenseRequest, name: str) -> None:
    upload(request=asked, key="SECRET-1234-ABCD", activation_code="ACT-9981", files=[FILE], actor=SYSTEM)
    rows = {
        "licenserequest": asked,
        "license": asked.license,
        "pluginconfiguration": asked.configuration,
        "licensefile": asked.files.get(),
        "installtarget": InstallTarget.objects.get(),
    }
    row = rows[name]
    assert row is not None
    for page in (reverse(f"admin:licenses_{name}_changelist"), reverse(f"admin:licenses_{name}_change", args=[row.pk])):
        answer = staff_client.get(page)
        assert answer.status_code == 200
        assert "SECRET-1234" not in answer.text
        assert "ACT-9981" not in answer.text


def test_the_back_office_moves_requests_through_the_services(staff_client: Client, asked: LicenseRequest) -> None:
    other = make_class(make_configuration())
    assert other
    page = reverse("admin:licenses_licenserequest_changelist")
    answer = staff_client.post(page, {"action": "hold_requests", "_selected_action": [asked.pk]}, follow=True)
    assert "Done for 1." in answer.text
    answer = staff_client.post(page, {"action": "hold_requests", "_selected_action": [asked.pk]}, follow=True)
    assert "cannot be held" in answer.text
