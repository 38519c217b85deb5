"""The licenses' pages in a browser: nothing to complain about for axe or console, live parts, keys, no script."""

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from ka_plugins.contract import KeyFile
from licenses import moves
from licenses.models import License, LicenseRequest
from licenses.uploads import upload
from pbas.core.models import Event
from pbas.core.story import SYSTEM
from tests.browser.looks import faults_of
from tests.factories import (
    World,
    fresh_client,
    make_class,
    make_configuration,
    make_license,
    make_ready,
    make_subscription,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[[str], Page]


def session_of(live_server: LiveServer, staff: User) -> Any:
    cookie = fresh_client(staff).cookies["panel_session"]
    return {"name": cookie.key, "value": cookie.value, "url": live_server.url}


@pytest.fixture
def asked(world: World, tmp_path: Path) -> LicenseRequest:
    """An offline request that waits for its key."""
    world.configuration = make_configuration(name="Vendor by hand")
    make_ready(world.subscription, tmp_path)
    return world.subscription.license_requests.get()


@pytest.fixture
def addresses(world: World, asked: LicenseRequest, tmp_path: Path) -> list[str]:
    """All pages of this half, with something in them in every state."""
    online = make_class(make_configuration(name="Vendor online", template="plesk_ka", mode="online"))
    for state in License.State.values:
        make_license(online, subscription=world.subscription, state=state)
    stopped = make_subscription(None, folder=tmp_path).license_requests.get()
    trouble = moves.Trouble("refused", "The vendor refused.", "order or vendor account", "410: no contract " * 9)
    assert moves.make([moves.Move(stopped.pk, stopped.attempt, stopped.state, "attention", trouble=trouble)])
    upload(request=asked, key="SECRET-1234-ABCD", activation_code="A-1", files=[KeyFile("l.xml", b"x")], actor=SYSTEM)
    assert asked.license
    return [
        *("/licenses/", "/licenses/?q=nothing", "/licenses/new/", "/license-requests/", "/nowhere/"),
        *(f"/license-requests/{pk}/" for pk in (asked.pk, stopped.pk)),
        *(f"/license-requests/{asked.pk}/{part}/" for part in ("text", "cancel")),
        *(f"/licenses/{asked.license.pk}/{part}" for part in ("", "renew/", "terminate/")),
        f"/licenses/new/?plugin={online.configuration_id}",
        "/accounts/password/change/",
    ]


@pytest.mark.convention(3, 29)
def test_no_page_has_a_violation_of_axe_or_scrolls_sideways(
    signed_in: Visit, page: Page, addresses: list[str], complaints: list[str]
) -> None:
    found = []
    for address in addresses:
        signed_in(address)
        found += faults_of(page)
    assert found == []
    complaints[:] = [one for one in complaints if "404" not in one]  # the page that is nowhere


@pytest.mark.convention(37)
def test_a_faulty_form_and_the_open_menu_are_clean_too(signed_in: Visit, page: Page, asked: LicenseRequest) -> None:
    signed_in(f"/license-requests/{asked.pk}/")
    page.get_by_role("button", name="Keep what I uploaded").click()
    expect(page.get_by_role("alert")).to_be_focused()
    page.locator("details.me summary").click()
    assert faults_of(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Log out")).to_be_hidden()


@pytest.mark.convention(4)
def test_a_search_changes_the_list_alone_keeps_the_focus_and_back_restores(signed_in: Visit, page: Page) -> None:
    sold = make_class()
    kept, other = make_license(sold), make_license(sold)
    signed_in("/licenses/")
    page.evaluate("window.untouched = true")
    page.keyboard.press("/")
    page.keyboard.type(kept.key)
    expect(page.get_by_text(other.key)).to_have_count(0)
    expect(page.locator("#q")).to_be_focused()
    expect(page).to_have_url(re.compile(f"q={kept.key}"))
    assert page.evaluate("window.untouched")
    page.go_back()
    expect(page.get_by_role("link", name=other.key)).to_be_visible()
    expect(page.locator("#q")).to_have_value("")


def test_tabs_and_states_are_links_that_change_the_list_and_the_title(signed_in: Visit, page: Page) -> None:
    first, second = make_license(), make_license(state=License.State.EXPIRED)
    signed_in("/licenses/")
    page.evaluate("window.untouched = true")
    page.get_by_role("link", name=second.configuration.name).click()
    expect(page.get_by_text(first.key)).to_have_count(0)
    expect(page).to_have_title(re.compile(f"^Licenses . {second.configuration.name} . License Panel$"))
    page.get_by_role("navigation", name="State").get_by_role("link", name="Expired").click()
    expect(page.get_by_text("1 of 1").first).to_be_visible()
    page.get_by_role("link", name="Clear all").click()
    expect(page.get_by_role("link", name="Clear all")).to_have_count(0)
    assert page.evaluate("window.untouched")


@pytest.mark.convention(18)
def test_a_revealed_key_is_hidden_again_after_half_a_minute(
    signed_in: Visit, page: Page, asked: LicenseRequest
) -> None:
    upload(request=asked, key="SECRET-1234-ABCD", actor=SYSTEM)
    page.clock.install()
    signed_in(f"/licenses/{asked.license_id}/")
    for _time in range(2):
        page.get_by_role("button", name="Reveal").click()
        expect(page.get_by_text("SECRET-1234-ABCD")).to_be_visible()
        expect(page.get_by_role("button", name="Copy")).to_be_visible()
        page.clock.fast_forward(31_000)
        expect(page.get_by_text("SECRET-1234-ABCD")).to_have_count(0)


@pytest.mark.convention(18)
def test_a_secret_is_copied_without_being_shown_and_that_is_recorded(
    signed_in: Visit, page: Page, asked: LicenseRequest
) -> None:
    upload(request=asked, key="SECRET-1234-ABCD", actor=SYSTEM)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    signed_in(f"/licenses/{asked.license_id}/")
    page.get_by_role("button", name="Copy").click()
    expect(page.locator("#said")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "SECRET-1234-ABCD"
    expect(page.get_by_text("SECRET-1234-ABCD")).to_have_count(0)
    assert Event.objects.filter(kind="key_revealed").count() == 1
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('denied')); }")
    page.get_by_role("button", name="Copied").click()
    expect(page.get_by_text("SECRET-1234-ABCD")).to_be_visible()


@pytest.mark.convention(19)
def test_convention_19_the_whole_digest_of_a_file_is_read_and_copied_by_keyboard(
    signed_in: Visit, page: Page, asked: LicenseRequest
) -> None:
    upload(request=asked, key="SECRET-1234-ABCD", files=[KeyFile("l.xml", b"x")], actor=SYSTEM)
    digest = hashlib.sha256(b"x").hexdigest()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    signed_in(f"/licenses/{asked.license_id}/")
    expect(page.locator(".digest code")).to_be_hidden()
    page.locator(".digest summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".digest code")).to_have_text(digest)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Copy (SHA-256 of l.xml)")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == digest
    assert faults_of(page) == []


def test_a_very_wide_screen_is_filled_with_larger_text_and_1280_and_360_pixels_stay_as_they_are(
    signed_in: Visit, page: Page
) -> None:
    signed_in("/licenses/")
    measured = """() => { const box = document.querySelector("main").getBoundingClientRect();
        const side = document.querySelector(".side").getBoundingClientRect(), html = document.documentElement;
        return [getComputedStyle(html).zoom, box.right / innerWidth > 0.85, html.scrollWidth > html.clientWidth,
                Math.round(side.height) === innerHeight] }"""
    for width, height, zoom in ((3840, 2160, "1.6"), (2560, 1440, "1.2"), (1920, 1080, "1"), (1280, 800, "1")):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate(measured) == [zoom, True, False, True], width
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("getComputedStyle(document.documentElement).zoom") == "1"


@pytest.mark.convention(21)
def test_an_open_request_follows_along_and_what_is_being_typed_stays(
    signed_in: Visit, page: Page, asked: LicenseRequest
) -> None:
    signed_in(f"/license-requests/{asked.pk}/")
    page.get_by_label("Activation code").fill("half typed")
    upload(request=asked, key="SECRET-1234-ABCD", actor=SYSTEM)
    expect(page.get_by_role("heading", name="Upload the license file")).to_be_visible()
    expect(page.get_by_text("Uploaded by hand: the key.")).to_be_visible()
    expect(page.get_by_label("Activation code")).to_have_value("half typed")


@pytest.mark.convention(31)
def test_the_theme_is_switched_at_the_foot_of_the_menu(signed_in: Visit, page: Page) -> None:
    signed_in("/licenses/")
    page.locator("details.me summary").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    signed_in("/license-requests/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


@pytest.mark.convention(38)
def test_on_a_narrow_screen_the_menu_folds(signed_in: Visit, page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    signed_in("/licenses/")
    entry = page.get_by_role("navigation", name="Main menu").get_by_role("link", name="License Requests")
    expect(entry).to_be_hidden()
    page.locator("details.fold summary").click()
    entry.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("License Requests")


@pytest.fixture
def plain_page(browser: Browser, live_server: LiveServer, staff: User) -> Iterator[Page]:
    """A browser that runs no script."""
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url)
    context.add_cookies([session_of(live_server, staff)])
    yield context.new_page()
    context.close()


@pytest.mark.convention(12)
def test_the_offline_flow_works_without_any_script(
    page: Page, plain_page: Page, asked: LicenseRequest, tmp_path: Path
) -> None:
    assert page  # its settings let the session's cookie through
    plain_page.goto("/license-requests/")
    plain_page.get_by_role("link", name="Vendor by hand").click()
    plain_page.locator("#q").fill(asked.order_number)
    plain_page.get_by_role("button", name="Search").click()
    plain_page.get_by_role("link", name=str(asked.pk), exact=True).click()
    plain_page.get_by_role("link", name="Copy the request as text").click()
    expect(plain_page.get_by_label("The request as text")).to_have_value(re.compile(asked.order_number))
    plain_page.get_by_role("link", name="Back to the request").click()
    file = tmp_path / "license.xml"
    file.write_bytes(b"<simulated/>")
    plain_page.get_by_label("License key").fill("SECRET-1234-ABCD")
    plain_page.get_by_label("License files").set_input_files([file])
    plain_page.get_by_role("button", name="Keep what I uploaded").click()
    plain_page.get_by_role("button", name="Install").click()
    expect(plain_page.get_by_text("It is being installed.")).to_be_visible()
    plain_page.get_by_role("button", name="Reveal").first.click()
    expect(plain_page.get_by_text("SECRET-1234-ABCD")).to_be_visible()


def test_the_api_shows_its_own_page_without_a_complaint(signed_in: Visit, page: Page) -> None:
    signed_in("/api/v1/docs/")
    expect(page.get_by_text("/api/v1/license-requests/", exact=True).first).to_be_visible()


def answered_late(route: Route) -> None:
    time.sleep(0.4)
    route.continue_()


def test_what_is_typed_while_a_search_is_answered_is_kept_and_searched_for(signed_in: Visit, page: Page) -> None:
    sold = make_class()
    kept, other = make_license(sold), make_license(sold)
    signed_in("/licenses/")
    page.route("**/licenses/?*", answered_late)
    page.keyboard.press("/")
    page.keyboard.type(kept.key[:6])
    page.wait_for_timeout(450)  # the first search is on its way
    page.keyboard.type(kept.key[6:], delay=60)
    expect(page.get_by_text(other.key)).to_have_count(0)
    expect(page).to_have_url(re.compile(f"q={kept.key}"))
    expect(page.locator("#q")).to_have_value(kept.key)
    expect(page.locator("#q")).to_be_focused()


@pytest.mark.convention(35)
def test_a_requests_page_is_printed_on_one_sheet_with_its_address_and_without_forms(
    signed_in: Visit, page: Page, asked: LicenseRequest
) -> None:
    signed_in(f"/license-requests/{asked.pk}/")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) == 1
    page.emulate_media(media="print")
    expect(page.get_by_text(f"License Panel · /license-requests/{asked.pk}/")).to_be_visible()
    expect(page.get_by_role("navigation", name="Main menu")).to_be_hidden()
    expect(page.get_by_role("button", name="Keep what I uploaded")).to_be_hidden()
    expect(page.get_by_role("button")).to_have_count(0)
