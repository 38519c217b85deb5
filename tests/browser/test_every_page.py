"""Every page is looked at by axe, in both themes and widths: here what no walk of its own subject comes by.

A new page has to be put here, or by name into the walk that comes by it.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.urls import resolve
from django.utils import timezone
from playwright.sync_api import FilePayload, Page, expect

from ka_plugins.contract import KeyFile
from licenses.mass_upload.services import look_through
from licenses.models import Finding, License, LicenseRequest, ReadyKey
from licenses.ready_keys.services import set_rule
from licenses.uploads import upload
from pbas.core.access import API, PAGES
from pbas.core.models import BulkRow, BulkRun, Notice
from pbas.core.notices import services as notices
from pbas.core.rights import OPERATOR, give_role
from pbas.core.story import SYSTEM, Actor, tell
from subscriptions.ending import end_subscription
from tests.browser.looks import faults_of
from tests.factories import World, fresh_client, make_license, make_order, make_ready, make_subscription
from tests.web.test_signing_in import code_for

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[[str], Page]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Looked at where their subject is walked through (tests/browser/test_*.py).
ELSEWHERE = _names(
    "dashboard activity failures alerts licenses license license_requests license_request license_request_text"
    " license_request_cancel subscriptions subscription orders order plans plan new_plan plan_edit plugins"
    " new_plugin plugin plugin_delete plugin_classes plugin_class plugin_classes_import bulk_run findings finding"
    " finding_adopt plugin_reconciling shortcuts new_license license_renew license_suspend license_resume"
    " license_terminate license_change license_assign store store_plan store_checkout store_order store_payment"
    " account_change_password"
)
# Parts of a page, downloads, what leads on to another page, and what only a script asks for.
NO_PAGE = _names(
    "license_request_changes plugin_status list_export bulk_run_progress bulk_run_results license_proof failure"
    " license_finding plugin_reconciling_progress notice notices_follow license_file my_file store_cancel"
    " store_login theme language favicon livez metrics mfa_download_recovery_codes account_set_password"
)


@pytest.fixture
def asked(world: World, tmp_path: Path) -> LicenseRequest:
    """An offline request that waits for its key."""
    make_ready(world.subscription, tmp_path)
    return world.request


@pytest.fixture
def addresses(world: World, staff: User, asked: LicenseRequest) -> list[str]:
    """What is left, with something in each."""
    sold, actor = world.license_class, Actor("staff", staff.username, "2001:db8:0:1:2:3:4:5678")
    set_rule(license_class=sold, low_mark=5, pattern="", example="", actor=actor)
    ReadyKey.objects.create(license_class=sold, key="READY-KEY-1", shown="READY••••1", fingerprint="ready-1")
    run = BulkRun.objects.create(list_name="license_requests", action="hold", actor=staff.username, total=1)
    BulkRow.objects.create(run=run, target=1, label="1", outcome="failed", text="It says why. " * 9)
    told = {"kind": "classes", "subject": 1, "words": {"plugin": "Vendor"}, "link": "/"}
    Notice.objects.create(owner=staff, state="failed", ended_at=timezone.now(), **told)
    batch = look_through(files=[KeyFile(f"request-{asked.pk}.xml", b"<a/>"), KeyFile("who.xml", b"<b/>")], actor=actor)
    tell(actor, "plan_saved", "Hosting plan was saved.", detail="Fee: 1 → 2\nName: A → B")
    ann = User.objects.create_user("ann", password="a long password", is_staff=True)
    give_role(ann, OPERATOR)
    doubt = LicenseRequest.objects.create(configuration=world.configuration, license_class=sold, state="in_doubt")
    left = make_subscription(make_order(world.plan))
    make_license(sold, subscription=left)
    end_subscription(subscription=left, actor=actor, reason="He has left.")
    task = left.license_requests.get(kind="terminate")
    offered, classes = world.plan.licenses.get(), f"/plugins/{sold.configuration_id}/classes/{sold.pk}"
    ready = f"/plugins/{sold.configuration_id}/ready-keys/"
    return [
        *("/notices/", "/runs/", "/uploads/", f"/uploads/{batch.pk}/", "/search/", "/nowhere/"),
        *("/ready-keys/", ready, f"{ready}{sold.pk}/", f"{ready}{sold.pk}/import/", f"{classes}/cost/"),
        *("/staff/", "/staff/invite/", f"/staff/{ann.pk}/", "/lists/licenses/columns/"),
        *(f"/license-requests/{doubt.pk}/order-again/", f"/license-requests/{task.pk}/ended/"),
        *(f"/subscriptions/{world.subscription.pk}/end/", f"/subscriptions/{left.pk}/"),
        f"/plans/{world.plan.code}/licenses/{offered.pk}/options/",
        *(f"/accounts/{part}/" for part in ("2fa", "2fa/totp/activate", "sessions", "reauthenticate")),
        "/activity/?actor=staff&person=staff",
    ]


# These have a page for one person in one moment; the tests below come by it.
AFTERWARDS = _names(
    "my my_subscription mfa_view_recovery_codes mfa_generate_recovery_codes mfa_deactivate_totp mfa_authenticate"
    " account_login account_signup account_inactive account_logout account_reset_password"
    " account_reset_password_from_key mass_upload_undo finding_terminate finding_ignore kept_form"
    " account_reset_password_done account_reset_password_from_key_done mfa_reauthenticate"
)


@pytest.mark.convention(29)
def test_every_page_of_the_map_is_looked_at_here_or_in_the_walk_of_its_subject(addresses: list[str]) -> None:
    here = {resolve(one.partition("?")[0]).url_name for one in addresses if one != "/nowhere/"}
    pages = {name for name, line in PAGES.items() if line.get and name not in API}
    assert sorted(pages - here - AFTERWARDS - ELSEWHERE - NO_PAGE) == []
    assert sorted((AFTERWARDS | ELSEWHERE | NO_PAGE) - pages) == []


@pytest.mark.convention(29)
def test_what_no_other_walk_comes_by_has_no_fault_for_axe_and_never_scrolls_sideways(
    signed_in: Visit, addresses: list[str], complaints: list[str]
) -> None:
    assert [fault for address in addresses for fault in faults_of(signed_in(address))] == []
    complaints[:] = [one for one in complaints if "404" not in one]  # the page that is nowhere


def test_questions_before_what_cannot_be_taken_back_have_no_fault(signed_in: Visit, asked: LicenseRequest) -> None:
    batch = look_through(files=[KeyFile("who.xml", b"<b/>")], actor=SYSTEM)
    finding = Finding.objects.create(
        configuration=asked.configuration, kind="orphan", shown="KEY-1", fingerprint="KEY-1", seen_at=timezone.now()
    )
    pages = [f"/uploads/{batch.pk}/undo/", *(f"/findings/{finding.pk}/{act}/" for act in ("terminate", "ignore"))]
    assert [fault for address in pages for fault in faults_of(signed_in(address))] == []


def test_signing_in_with_a_second_factor_has_no_fault_from_setting_it_up_to_taking_it_away(
    signed_in: Visit, settings: Any
) -> None:
    settings.HAS_MAIL = True
    page = signed_in("/accounts/2fa/totp/activate/")
    secret = page.locator("code").first.inner_text()
    page.get_by_label("Authenticator code").fill(code_for(secret))
    page.get_by_role("button", name="Set it up").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    faults = faults_of(page)
    for part in ("", "recovery-codes/generate/", "totp/deactivate/", "reauthenticate/"):
        faults += faults_of(signed_in(f"/accounts/2fa/{part}"))
    faults += faults_of(signed_in("/accounts/logout/"))
    page.context.clear_cookies()
    resets = (f"password/reset/{part}" for part in ("", "done/", "key/zz-x-y/", "key/done/"))
    for part in ("signup/", "inactive/", *resets, "login/"):
        page.goto(urljoin(page.url, f"/accounts/{part}"))
        faults += faults_of(page)
    page.get_by_label("Username").fill("staff")
    page.get_by_label("Password").fill("a long password")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Your code, please").wait_for()
    faults += faults_of(page)
    assert not faults, "\n".join(faults)


@pytest.mark.convention(20)
def test_what_was_typed_into_an_upload_comes_back_when_the_login_ran_out_meanwhile(
    signed_in: Visit, asked: LicenseRequest
) -> None:
    page = signed_in(f"/license-requests/{asked.pk}/")
    page.get_by_label("License key").fill("SECRET-1234-ABCD")
    file: FilePayload = {"name": "license.xml", "mimeType": "text/xml", "buffer": b"<x/>"}
    page.get_by_label("License files").set_input_files(file)
    page.context.clear_cookies(name="panel_session")
    page.get_by_role("button", name="Keep what I uploaded").click()
    expect(page.get_by_text("Your login had run out. Nothing was done; what you typed comes back")).to_be_visible()
    faults = faults_of(page)
    page.get_by_label("Username").fill("staff")
    page.get_by_label("Password").fill("a long password")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/accounts/kept/")
    faults += faults_of(page)
    assert faults == []
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Uploaded by hand: the key.")).to_be_visible()
    assert License.objects.get().full_key == "SECRET-1234-ABCD"


def test_a_customers_pages_have_no_fault_and_show_his_key_when_he_asks(
    page: Page, live_server: Any, world: World, asked: LicenseRequest
) -> None:
    key = "SECRET-1234-ABCD"
    upload(request=asked, key=key, files=[KeyFile("license.xml", b"<x/>")], actor=SYSTEM)
    License.objects.update(state="installed", proven_at=timezone.now())
    account = world.subscription.account
    account.user = User.objects.create_user("erika", password="a long password")
    account.save()
    cookie = fresh_client(account.user).cookies["panel_session"]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    page.goto(f"{live_server.url}/my/")
    faults = faults_of(page)
    page.get_by_role("link", name=world.subscription.name).click()
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text(key)).to_be_visible()
    assert faults + faults_of(page) == []


@pytest.mark.convention(25)
def test_the_end_of_long_work_is_said_on_whatever_page_its_owner_is(signed_in: Visit, staff: User) -> None:
    cache.clear()
    actor = Actor("staff", staff.username)
    notices.begin(actor=actor, kind="run", subject=7, link="/runs/", run=7, total=3)
    page = signed_in("/plans/")
    expect(page.get_by_role("link", name="Notices")).to_contain_text("1 under way")
    notices.end(kind="run", subject=7, done=2, skipped=1, failed=0)
    expect(page.get_by_text("Run 7 has ended: 2 done, 1 skipped, 0 failed.")).to_be_visible()
    expect(page.locator("#bell .count")).to_have_text(re.compile(r"^1"))
    assert faults_of(page) == []
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_text("Run 7 has ended")).to_have_count(0)
    page.get_by_role("link", name="Notices").click()
    page.get_by_role("link", name="Run 7 has ended").wait_for()
    expect(page.locator("#bell .count")).to_have_count(0)
