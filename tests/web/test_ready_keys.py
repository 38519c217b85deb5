"""The pages of ready keys: what is left in each class, the preview of a file, one key in clear, the low mark."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from licenses.models import LicenseClass, ReadyKey
from licenses.ready_keys.services import set_rule
from pbas.core.models import Event
from pbas.core.story import SYSTEM
from tests.factories import make_class, make_configuration, make_order, make_plan, make_subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def plesk() -> LicenseClass:
    return make_class()


def address(license_class: LicenseClass, rest: str = "") -> str:
    return f"/plugins/{license_class.configuration_id}/ready-keys/{license_class.pk}/{rest}"


def preview(client: Client, license_class: LicenseClass, body: bytes) -> str:
    return client.post(address(license_class, "import/"), {"file": SimpleUploadedFile("keys.csv", body)}).text


def confirmed(page: str) -> dict[str, str]:
    found = re.search(r'name="confirmed" value="([^"]+)"', page)
    assert found is not None
    return {"confirmed": found[1]}


def bring(client: Client, license_class: LicenseClass, body: bytes) -> str:
    sent = confirmed(preview(client, license_class, body))
    return client.post(address(license_class, "import/"), sent, follow=True).text


def test_keys_are_shown_before_they_are_taken_and_taken_once(staff_client: Client, plesk: LicenseClass) -> None:
    page = preview(staff_client, plesk, b"LONG-KEY-0001\nLONG-KEY-0001\n")
    assert "Take 1 key" in page
    assert "The same key as in line 1." in page
    assert "LONG-KEY" not in page
    assert not ReadyKey.objects.exists()
    for says in ("1 ready key came.", "0 ready keys came."):
        taken = staff_client.post(address(plesk, "import/"), confirmed(page), follow=True).text
        assert says in taken
        assert "••••0001" in taken
        assert "LONG-KEY" not in taken


def test_a_file_with_bad_rows_names_each_and_nothing_of_it_can_be_taken(
    staff_client: Client, plesk: LicenseClass
) -> None:
    set_rule(license_class=plesk, low_mark=0, pattern="AAA-[0-9]+", example="AAA-1", actor=SYSTEM)
    rows = [f"AAA-{n}" if n % 10 else f"bad {n}" for n in range(1, 101)]
    page = preview(staff_client, plesk, "\n".join(rows).encode())
    assert page.count("It does not look like a key of this class, such as AAA-1.") == 10
    assert '<td class="nowrap">100</td>' in page
    assert "A file is taken whole or not at all." in page
    assert 'name="confirmed"' not in page
    assert not ReadyKey.objects.exists()


def test_a_file_that_cannot_be_read_or_a_preview_that_was_touched_is_told(
    staff_client: Client, plesk: LicenseClass
) -> None:
    assert "no XLSX that can be read" in preview(staff_client, plesk, b"PK\x03\x04")
    assert "keys.csv holds no key." in preview(staff_client, plesk, b"")
    page = staff_client.post(address(plesk, "import/"), {"confirmed": "x"}, follow=True).text
    assert "Choose the file again." in page


def test_orders_that_wait_are_served_by_an_import_and_go_on_to_the_install(
    staff_client: Client, plesk: LicenseClass, tmp_path: Path
) -> None:
    subscription = make_subscription(make_order(make_plan(plesk)), folder=tmp_path)
    assert "<dd>1</dd>" in staff_client.get(address(plesk)).text
    page = bring(staff_client, plesk, b"LONG-KEY-0001,CODE-1\n")
    assert "1 ready key came. 1 request was served." in page
    request = subscription.license_requests.get()
    assert request.state == "install"
    assert request.due_at is not None
    shown = staff_client.get(f"/license-requests/{request.pk}/").text
    assert "Key ••••0001 is one of the ready keys." in shown


def test_the_low_mark_and_the_form_are_saved_and_few_keys_are_shown(staff_client: Client, plesk: LicenseClass) -> None:
    given = {"low_mark": "3", "pattern": "AAA-[0-9]", "example": "AAA-1"}
    assert "Saved." in staff_client.post(address(plesk), given, follow=True).text
    bring(staff_client, plesk, b"AAA-1\n")
    assert "Only 1 ready key is left; the low mark is 3." in staff_client.get(address(plesk)).text
    assert "low</b>" in staff_client.get(f"/plugins/{plesk.configuration_id}/ready-keys/").text
    wrong = staff_client.post(address(plesk), {**given, "pattern": "("}).text
    assert "This is no regular expression that can be used" in wrong
    assert "The example does not fit the form." in staff_client.post(address(plesk), {**given, "example": "B"}).text


def test_the_dashboard_counts_the_classes_with_few_keys_and_leads_to_them(
    staff_client: Client, plesk: LicenseClass, django_assert_num_queries: Any
) -> None:
    full = make_class(name="Full enough")
    assert "no class has any" in staff_client.get("/").text
    set_rule(license_class=plesk, low_mark=1, pattern="", example="", actor=SYSTEM)
    bring(staff_client, full, b"AAA-1\n")
    tile = re.search(
        r'href="/ready-keys/\?few=1">Few ready keys\s*<b class="bad">1</b>\s*of 2 classes', staff_client.get("/").text
    )
    assert tile is not None
    with django_assert_num_queries(2):  # the person, the classes
        page = staff_client.get("/ready-keys/").text
    assert page.index(plesk.name) < page.index("Full enough")
    assert page.count("low</b>") == 1
    few = staff_client.get("/ready-keys/?few=1").text
    assert plesk.name in few
    assert "Full enough" not in few


def test_ready_keys_keep_their_plugin_until_they_are_taken_out(staff_client: Client, plesk: LicenseClass) -> None:
    place = f"/plugins/{plesk.configuration_id}/delete/"
    staff_client.post(address(plesk), {"low_mark": "3"})
    bring(staff_client, plesk, b"LONG-KEY-0001\n")
    page = staff_client.post(place, follow=True).text
    assert "1 ready key" in page
    assert "1 low mark or form of keys" in page
    staff_client.post(f"/ready-keys/{ReadyKey.objects.get().pk}/take-out/")
    staff_client.post(address(plesk), {"low_mark": "0"})
    staff_client.post(place)
    assert not LicenseClass.objects.exists()


def test_one_key_is_shown_in_clear_by_post_only_and_recorded(
    staff_client: Client, staff: User, plesk: LicenseClass
) -> None:
    bring(staff_client, plesk, b"LONG-KEY-0001,CODE-1\n")
    kept = ReadyKey.objects.get()
    assert staff_client.get(f"/ready-keys/{kept.pk}/reveal/").status_code == 405
    answer = staff_client.post(f"/ready-keys/{kept.pk}/reveal/")
    assert "LONG-KEY-0001" in answer.text
    assert "CODE-1" in answer.text
    assert "no-store" in answer["Cache-Control"]
    assert Event.objects.get(kind="key_revealed").actor == staff.username


def test_a_key_is_taken_out_once(staff_client: Client, plesk: LicenseClass) -> None:
    bring(staff_client, plesk, b"LONG-KEY-0001\n")
    place = f"/ready-keys/{ReadyKey.objects.get().pk}/take-out/"
    assert "The key was taken out" in staff_client.post(place, follow=True).text
    assert staff_client.post(place).status_code == 404


def test_keys_are_not_brought_to_an_online_plugin(staff_client: Client) -> None:
    online = make_class(make_configuration(template="plesk_ka", mode="online"))
    assert staff_client.get(address(online)).status_code == 404
    assert "come from its vendor" in staff_client.get(f"/plugins/{online.configuration_id}/ready-keys/").text


def test_ready_keys_are_for_staff_only(client: Client, plesk: LicenseClass) -> None:
    client.force_login(User.objects.create_user("ada"))
    for place in (address(plesk), address(plesk, "import/"), f"/plugins/{plesk.configuration_id}/ready-keys/"):
        assert client.get(place).status_code == 403


def test_the_pages_cost_a_fixed_number_of_statements(
    staff_client: Client, plesk: LicenseClass, django_assert_num_queries: Any
) -> None:
    overview = f"/plugins/{plesk.configuration_id}/ready-keys/"
    for keys in (1, 120):
        bring(staff_client, plesk, "".join(f"K{keys}-{n}\n" for n in range(keys)).encode())
        make_class(plesk.configuration)
        with django_assert_num_queries(3):
            assert staff_client.get(overview).status_code == 200
        with django_assert_num_queries(6):
            assert staff_client.get(address(plesk)).status_code == 200
    assert "The 100 that are served next." in staff_client.get(address(plesk)).text
