"""The panel's pages about subscriptions, orders, plans, plug-ins and activity, in a browser."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from licenses.models import LicenseRequest
from pbas.core.story import SYSTEM
from subscriptions.services import service_failed
from tests.browser.looks import faults_of
from tests.factories import World, make_class, make_configuration, make_order, make_subscription

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:Session-scoped fixtures defined as instance methods"),  # pytest-base-url's
]

Visit = Callable[[str], Page]


@pytest.fixture
def addresses(world: World) -> list[str]:
    """All pages of this half, with something in them in every state."""
    placed, stopped = make_order(world.plan), make_subscription(make_order(world.plan))
    LicenseRequest.objects.filter(subscription=stopped).update(state="attention")
    service_failed(subscription=world.subscription, name="mail", reason="The disk is full.", actor=SYSTEM)
    assert world.license
    online = make_configuration(name="Vendor online", template="plesk_ka", mode="online", status="fetching")
    failed = make_configuration(name="Vendor down", status="failed", status_text="It does not answer.")
    make_configuration(name="Vendor paused", status="paused", status_text="Invoice in dispute.")
    parked = make_configuration(name="Vendor parked", parkings=1, parked_why="503")
    make_class(failed, sold=False, retired=True)
    return [
        *("/", "/activity/", "/subscriptions/", "/subscriptions/?q=nothing", "/orders/", "/plans/", "/plugins/"),
        *(f"/subscriptions/{pk}/" for pk in (world.subscription.pk, stopped.pk)),
        *(f"/orders/{number}/" for number in (world.order.number, placed.number)),
        *(f"/plans/{world.plan.code}/", f"/plans/{world.plan.code}/edit/", "/plans/new/"),
        *("/plugins/new/", "/plugins/new/?template=plesk_ka", "/plugins/new/?template=none&name=x"),
        *(f"/plugins/{one.pk}/" for one in (online, failed, parked, world.configuration)),
        *(f"/plugins/{one.pk}/classes/" for one in (online, failed, world.configuration)),
    ]


@pytest.mark.convention(29, 32, 38)
def test_no_page_has_a_fault_for_axe_or_scrolls_sideways(signed_in: Visit, addresses: list[str]) -> None:
    assert [fault for address in addresses for fault in faults_of(signed_in(address))] == []


@pytest.mark.convention(5)
def test_a_list_is_searched_and_filtered_in_place_and_back_leads_back(signed_in: Visit, world: World) -> None:
    make_subscription(make_order(world.plan, name="srv9.nordwind.example"))
    other = world.subscription.name
    page = signed_in("/subscriptions/")
    page.evaluate("window.isSamePage = true")
    page.locator("#q").fill("nordwind")
    expect(page.get_by_role("link", name=other)).to_have_count(0)
    expect(page.locator("#q")).to_be_focused()
    page.get_by_role("link", name="Being set up").click()
    expect(page).to_have_url(re.compile(r"state=pending&q=nordwind"))
    assert page.evaluate("window.isSamePage")
    page.evaluate("history.back()")
    expect(page).to_have_url(re.compile(r"q=nordwind$"))
    expect(page.get_by_role("navigation", name="Main menu")).to_be_visible()
    page.locator("#q").fill("")
    expect(page.get_by_role("link", name=other)).to_be_visible()


@pytest.mark.convention(25)
def test_faults_of_a_form_take_the_focus_and_lead_to_their_fields(signed_in: Visit) -> None:
    page = signed_in("/plugins/new/?template=plesk_ka")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_be_focused()
    assert faults_of(page) == []
    page.get_by_role("alert").get_by_role("link", name="API login").click()
    expect(page.get_by_label("API login")).to_be_in_viewport()


def test_the_connection_is_tested_beside_the_form(signed_in: Visit, simulator: Any) -> None:
    configuration = make_configuration(simulator)
    page = signed_in(f"/plugins/{configuration.pk}/")
    page.get_by_label("Plug-in name").fill("typed, not saved")
    page.get_by_role("button", name="Test connection").click()
    expect(page.locator("#answer .note-success")).to_be_visible()
    expect(page.get_by_label("Plug-in name")).to_have_value("typed, not saved")


def test_the_plugins_page_follows_the_fetching_of_its_classes(signed_in: Visit) -> None:
    configuration = make_configuration(status="fetching")
    page = signed_in(f"/plugins/{configuration.pk}/")
    expect(page.get_by_text("License classes are being fetched")).to_be_visible()
    configuration.status = "configured"
    configuration.save()
    expect(page.get_by_role("heading", name="Nothing is sold yet")).to_be_visible()


@pytest.mark.convention(30)
def test_shortcuts_go_places_and_can_be_turned_off(signed_in: Visit) -> None:
    page = signed_in("/")
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type("g l")  # somebody types: nothing happens
    expect(page).to_have_url(re.compile(r"/$"))
    page.locator("#find").blur()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Go to licenses")
    assert faults_of(page) == []
    page.get_by_label("Use single keys in this browser").uncheck()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.goto(page.url + "shortcuts/")
    page.get_by_label("Use single keys in this browser").check()
    page.locator("main").focus()
    page.keyboard.press("g")
    page.keyboard.press("l")
    expect(page).to_have_url(re.compile(r"/licenses/$"))
