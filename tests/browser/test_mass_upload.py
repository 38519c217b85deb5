"""Many files and keys in a browser: what fits by order and by class, too many of them, a login that ran out."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from licenses.models import LicenseClass, LicenseRequest, UploadBatch
from pbas.core import tasks
from pbas.core.models import BulkRun
from tests.browser.looks import faults_of
from tests.factories import make_class, make_configuration, make_order, make_plan, make_ready, make_subscription

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def file_of(name: str, body: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": body}


@pytest.fixture
def sold() -> LicenseClass:
    return make_class(make_configuration(name="By hand"), code="PANEL-PRO", name="Panel Pro")


@pytest.fixture
def waiting(sold: LicenseClass, tmp_path: Path) -> list[LicenseRequest]:
    """Three requests for one class that wait for their keys."""
    subscriptions = [make_subscription(make_order(make_plan(sold))) for _n in range(3)]
    for one in subscriptions:
        make_ready(one, tmp_path)
    return [one.license_requests.get() for one in subscriptions]


def test_keys_by_order_and_by_class_and_files_by_both_are_shown_decided_on_and_taken(
    signed_in: Callable[[str], Page], monkeypatch: pytest.MonkeyPatch, waiting: list[LicenseRequest]
) -> None:
    monkeypatch.setattr("pbas.core.lists.bulk.wake", lambda _pk: None)  # the test is the worker
    first, second, third = waiting
    rows = f"key,order,class\nAAAA-0001,{second.order_number},\nAAAA-0002,,PANEL-PRO\n"
    page = signed_in("/uploads/")
    files = [
        ("keys.csv", rows),
        (f"{second.order_number}.lic", "<of the order/>"),
        ("PANEL-PRO.lic", "<of the class/>"),
    ]
    page.get_by_label("Files").set_input_files([file_of(name, body.encode()) for name, body in files])
    page.get_by_role("button", name="Show what fits where").click()
    fits = page.get_by_role("region", name="Fits", exact=True).get_by_role("row")
    expect(fits.filter(has_text="keys.csv, line 2")).to_contain_text(f"Request {second.pk}")
    expect(fits.filter(has_text="keys.csv, line 3")).to_contain_text(f"Request {first.pk}")
    expect(fits.filter(has_text=f"{second.order_number}.lic")).to_contain_text(f"Request {second.pk}")
    faults = faults_of(page)
    page.get_by_label("Request for PANEL-PRO.lic").select_option(str(third.pk))
    page.get_by_role("button", name="Give them to their requests").click()
    expect(page.get_by_text("0 of 3 tried")).to_be_visible()
    tasks.go_on_with_run(BulkRun.objects.get().pk)
    expect(page.get_by_text("3 of 3 tried: 3 done, 0 skipped, 0 failed.", exact=True)).to_be_visible()
    assert faults + faults_of(page) == []
    assert [one.files.count() for one in waiting] == [0, 1, 1]
    assert [LicenseRequest.objects.get(pk=one.pk).license_id is not None for one in waiting] == [True, True, False]


def test_ten_thousand_files_are_refused_on_a_page_that_says_how_many_are_taken(
    signed_in: Callable[[str], Page], complaints: list[str], tmp_path: Path
) -> None:
    paths = [tmp_path / f"{number}.lic" for number in range(10_000)]
    for path in paths:
        path.write_bytes(b"x")
    page = signed_in("/uploads/")
    page.get_by_label("Files").set_input_files(paths)
    page.get_by_role("button", name="Show what fits where").click()
    expect(page.get_by_role("heading", name="Too many files at once")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("At most 1000 are taken at once.")).to_be_visible()
    assert faults_of(page) == []
    assert not UploadBatch.objects.exists()
    assert all("400" in one for one in complaints)  # which is what was asked for
    complaints.clear()


def test_when_the_login_ran_out_in_the_middle_of_an_upload_of_many_the_files_are_asked_for_again(
    signed_in: Callable[[str], Page], waiting: list[LicenseRequest]
) -> None:
    page = signed_in("/uploads/")
    page.get_by_label("Files").set_input_files(file_of("PANEL-PRO.lic", b"<x/>"))
    page.context.clear_cookies(name="panel_session")
    page.get_by_role("button", name="Show what fits where").click()
    expect(page.get_by_text("Your login had run out.")).to_be_visible()
    expect(page.get_by_text("Files have to be chosen again.")).to_be_visible()
    faults = faults_of(page)
    page.get_by_label("Username").fill("staff")
    page.get_by_label("Password").fill("a long password")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Files").set_input_files(file_of("PANEL-PRO.lic", b"<x/>"))
    page.get_by_role("button", name="Show what fits where").click()
    expect(page.get_by_text(f"It fits {len(waiting)} requests. Say which.")).to_be_visible()
    assert faults == []
