"""A day at a list: columns, a view, ticked rows, a run that is followed live; clean for axe wherever it is open."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from licenses import services
from licenses.models import License, LicenseRequest
from licenses.uploads import upload
from pbas.core import tasks
from pbas.core.models import BulkRun
from pbas.core.story import SYSTEM
from tests.browser.looks import faults_of
from tests.factories import make_configuration, make_subscription

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.convention(9)
def test_a_person_arranges_a_list_keeps_it_as_a_view_and_has_something_done_with_its_rows(
    signed_in: Callable[[str], Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pbas.core.lists.bulk.wake", lambda _pk: None)  # the test is the worker
    first, second, third = (make_subscription().license_requests.get() for _n in range(3))
    page = signed_in("/license-requests/?state=services")
    faults = arrange(page)
    heads = ("Tick", "Request", "Class", "Subscription", "Order", "Account", "State", "Key", "Asked", "Plug-in")
    expect(page.locator("thead th")).to_have_text([re.compile(head) for head in heads])
    page.get_by_text("Views", exact=True).click()
    page.get_by_label("Save this list as").fill("Waiting")
    faults += faults_of(page)
    page.get_by_role("button", name="Save the view").click()
    expect(page.get_by_role("status").filter(has_text="is saved")).to_be_visible()
    page.goto(page.url.split("?")[0])
    page.get_by_text("Views", exact=True).click()
    page.get_by_role("link", name="Waiting").click()
    expect(page.get_by_text("Remove this filter")).to_have_count(0)
    expect(page.locator(".chip")).to_have_text("Waits for services")
    services.hold_request(request=third, actor=SYSTEM)
    faults += decide(page, third)
    run = BulkRun.objects.get()
    expect(page.get_by_text("0 of 3 tried")).to_be_visible()
    faults += faults_of(page)
    page.evaluate("window.untouched = true")
    tasks.go_on_with_run(run.pk)
    expect(page.get_by_text("3 of 3 tried: 2 done, 1 skipped, 0 failed.", exact=True)).to_be_visible()
    assert page.evaluate("window.untouched")
    page.get_by_role("link", name="Skipped 1").click()
    expect(page.get_by_text(f"Request {third.pk} cannot be held")).to_be_visible()
    faults += faults_of(page)
    assert faults == []
    assert set(LicenseRequest.objects.filter(held=True)) == {first, second, third}


def arrange(page: Page) -> list[str]:
    """One column more, another moved."""
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("Plug-in", exact=True).check()
    page.get_by_role("button", name="Move Order up").click()
    faults = faults_of(page)
    page.get_by_role("button", name="Keep for me").click()
    return faults


def decide(page: Page, third: LicenseRequest) -> list[str]:
    """Tick all rows and put them on hold, over the question."""
    expect(page.get_by_role("button", name="Hold")).to_be_hidden()
    page.get_by_label(f"Request {third.pk}").check()
    expect(page.get_by_role("button", name="Hold")).to_be_visible()
    page.get_by_label("all rows of this page").check()
    faults = faults_of(page)
    page.get_by_role("button", name="Hold").click()
    expect(page.get_by_role("heading", name="Put 3 requests on hold?")).to_be_visible()
    page.get_by_label("Reason").fill("Audit")
    faults += faults_of(page)
    page.get_by_role("button", name="Hold").click()
    return faults


@pytest.mark.convention(21)
def test_a_run_keeps_the_focus_while_it_is_followed_and_is_read_out_once_when_it_ends(
    signed_in: Callable[[str], Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pbas.core.lists.bulk.wake", lambda _pk: None)  # the test is the worker
    asked = make_subscription().license_requests.get()
    page = signed_in("/license-requests/")
    page.get_by_label(f"Request {asked.pk}").check()
    page.get_by_role("button", name="Hold").click()
    page.get_by_role("button", name="Hold: 1").click()
    page.get_by_role("button", name="Stop").focus()
    with page.expect_response(re.compile("/progress/")):
        pass
    expect(page.get_by_role("button", name="Stop")).to_be_focused()
    expect(page.locator("#said")).to_be_empty()
    tasks.go_on_with_run(BulkRun.objects.get().pk)
    expect(page.locator("#said")).to_have_text("Finished: 1 of 1 tried: 1 done, 0 skipped, 0 failed.")
    assert page.get_by_role("status").count() == 1, "nothing else chatters"


@pytest.mark.convention(30)
def test_keys_alone_tick_rows_come_to_what_can_be_done_with_them_and_lose_no_focus_on_the_last_page(
    signed_in: Callable[[str], Page],
) -> None:
    asked = [make_subscription().license_requests.get() for _ in range(26)]
    page = signed_in("/license-requests/?size=25")
    page.get_by_label(f"Request {asked[-1].pk}").focus()
    page.keyboard.press("Space")
    page.keyboard.press("b")
    expect(page.get_by_role("button", name="Try again")).to_be_focused()
    page.get_by_label(f"Request {asked[-1].pk}").focus()
    page.keyboard.press("?")  # a box that is ticked is nothing that somebody types into
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_count(1)
    page.keyboard.press("Escape")
    page.locator("#page-next").focus()
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("#main")).to_be_focused()  # the link is gone with the page that it was for


def test_enter_in_the_search_opens_an_exact_hit_and_typing_alone_does_not(signed_in: Callable[[str], Page]) -> None:
    asked = make_subscription().license_requests.get()
    page = signed_in("/license-requests/")
    page.locator("#q").fill(str(asked.pk))
    page.wait_for_timeout(600)
    expect(page.locator("#q")).to_be_visible()
    page.locator("#q").press("Enter")
    expect(page).to_have_url(re.compile(f"/license-requests/{asked.pk}/$"))


@pytest.mark.convention(36)
def test_a_search_that_fails_comes_to_the_page_that_says_so(
    signed_in: Callable[[str], Page], monkeypatch: pytest.MonkeyPatch, complaints: list[str]
) -> None:
    page = signed_in("/licenses/")

    def fail(*_given: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("licenses.views.LicenseList", fail)
    page.get_by_role("searchbox", name="Key, subscription, account or order").fill("abcd")
    expect(page.get_by_role("heading", name="Something went wrong on our side")).to_be_visible()
    monkeypatch.undo()
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("heading", name="Licenses", exact=True)).to_be_visible()
    expect(page.get_by_role("searchbox", name="Key, subscription, account or order")).to_have_value("abcd")
    complaints[:] = [one for one in complaints if "500" not in one and "htmx:responseError" not in one]


@pytest.mark.parametrize("place", ["a reveal", "a test of the connection"])
@pytest.mark.convention(36)
def test_what_is_pressed_and_fails_comes_to_the_page_that_says_so(
    place: str, signed_in: Callable[[str], Page], monkeypatch: pytest.MonkeyPatch, complaints: list[str]
) -> None:
    def fail(*_given: object, **_more: object) -> None:
        raise RuntimeError

    if place == "a reveal":
        upload(request=make_subscription().license_requests.get(), key="SECRET-1234-ABCD", actor=SYSTEM)
        page = signed_in(f"/licenses/{License.objects.get().pk}/")
        monkeypatch.setattr("licenses.views.reveal_key", fail)
        page.get_by_role("button", name="Reveal").click()
    else:
        page = signed_in(f"/plugins/{make_configuration(template='plesk_ka', mode='online').pk}/")
        monkeypatch.setattr("licenses.plugin_pages.views.check_connection", fail)
        page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_role("heading", name="Something went wrong on our side")).to_be_visible()
    complaints[:] = [one for one in complaints if "500" not in one and "htmx:responseError" not in one]
