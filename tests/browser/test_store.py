"""The store's whole way, as a customer walks it, with a live worker and the simulator behind it."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looks import faults_of
from tests.processes.commands import SECONDS, running

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.filterwarnings("ignore:Session-scoped fixtures defined as instance methods"),  # pytest-base-url's
]


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The ready line of a panel of its own: `url`, `user`, `password` and more."""
    folder = tmp_path_factory.mktemp("panel")
    with running("--port", "0", "--data", str(folder)) as (_, ready):
        yield ready


def order_the_first_plan(page: Page, url: str, host: str) -> None:
    page.goto(f"{url}/store/")
    assert faults_of(page) == []
    page.get_by_role("link", name=re.compile("^Choose")).first.click()
    assert faults_of(page) == []
    page.get_by_role("button", name="Continue").click()
    assert faults_of(page) == []
    page.get_by_label("Your name or company").fill("Oakridge Digital")
    page.get_by_label("E-mail").fill("ann@oakridge.example")
    page.get_by_label("Host name").fill(host)
    page.get_by_role("button", name="Order now").click()
    expect(page.get_by_text("No money moves")).to_be_visible()
    assert faults_of(page) == []


def pay_and_wait(page: Page) -> None:
    page.get_by_role("button", name="Pay now (test)").click()
    assert faults_of(page) == []
    expect(page.get_by_role("heading", name="Everything is installed")).to_be_visible(timeout=SECONDS * 1000)
    expect(page.locator(".word-done").first).to_have_text("Installed")
    assert faults_of(page) == []


def sign_in(page: Page, panel: dict[str, Any]) -> None:
    page.get_by_label("Username").fill(panel["user"])
    page.get_by_label("Password").fill(panel["password"])
    page.get_by_role("button", name=re.compile("Log in|Sign in")).click()


def test_a_customer_sees_his_license_installed_and_staff_see_it_too(page: Page, panel: dict[str, Any]) -> None:
    host = "www.oakridge.example"
    order_the_first_plan(page, panel["url"], host)
    pay_and_wait(page)
    polls: list[str] = []
    page.on("request", lambda asked: polls.append(asked.url))
    page.wait_for_timeout(1500)
    assert polls == []  # nothing is asked once nothing changes
    page.goto(f"{panel['url']}/subscriptions/?q={host}")
    sign_in(page, panel)
    page.get_by_role("link", name=host).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Active")
    assert faults_of(page) == []


def set_up_a_plugin(page: Page, simulator: str) -> None:
    page.get_by_label("Plug-in name").fill("Second vendor")
    page.get_by_label("Plug-in template").select_option("plesk_ka")
    page.get_by_role("button", name="Next").click()
    url = urlsplit(simulator)
    given = {"API login": "demo", "API password": "demo", "Client": "1", "Host": url.hostname, "Port": str(url.port)}
    for label, value in given.items():
        page.locator("main").get_by_label(label).fill(str(value))
    page.get_by_label("Scheme").select_option("http")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Connected, but nothing is sold yet")).to_be_visible(timeout=SECONDS * 1000)
    page.locator("#status").get_by_role("link", name="License classes").click()
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Save").click()


def set_up_a_plan(page: Page, name: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Code").fill("second")
    page.get_by_label("Label").fill("Server")
    page.get_by_label("Name in the API").fill("hosting")  # which the demo's provisioner sets up
    page.get_by_label("Brings the install target").check()
    offered = page.get_by_label("License class").locator("option", has_text="Second vendor").first
    page.get_by_label("License class").select_option(value=offered.get_attribute("value"))
    page.get_by_role("button", name="Save").click()


def test_a_provider_sets_up_a_plugin_and_a_plan_and_a_customer_buys_it(page: Page, panel: dict[str, Any]) -> None:
    page.goto(f"{panel['url']}/plugins/new/")
    sign_in(page, panel)
    set_up_a_plugin(page, http_url(panel["simulator"]))
    page.goto(f"{panel['url']}/plans/new/")
    set_up_a_plan(page, "Second plan")
    page.get_by_role("link", name="See in the store").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Your name or company").fill("Vega Media")
    page.get_by_label("E-mail").fill("office@vega.example")
    page.get_by_label("Host name").fill("second.vega.example")
    page.get_by_role("button", name="Order now").click()
    pay_and_wait(page)


def set_up_an_offline_plugin(page: Page) -> None:
    page.get_by_label("Plug-in name").fill("By telephone")
    page.get_by_label("Plug-in template").select_option("manual")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Save").click()
    page.locator("#status").get_by_role("link", name="License classes").click()
    page.get_by_label("Name").fill("Backup, 1 TB")
    page.get_by_label("Code").fill("BACKUP-1")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Save").click()


def test_a_license_bought_by_hand_is_installed_by_the_pages_alone(page: Page, panel: dict[str, Any]) -> None:
    page.goto(f"{panel['url']}/plugins/new/")
    sign_in(page, panel)
    set_up_an_offline_plugin(page)
    page.goto(f"{panel['url']}/subscriptions/?state=active")
    for _reload in range(100):  # the demo's first order is on its way
        if page.locator("tbody a").first.is_visible():
            break
        page.wait_for_timeout(200)
        page.reload()
    name = page.locator("tbody a").first.inner_text()
    page.goto(f"{panel['url']}/license-requests/")
    page.get_by_role("link", name=re.compile("^By telephone")).click()
    expect(page).to_have_url(re.compile(r"plugin="))
    page.locator(".head").get_by_role("link", name="New License").click()
    page.get_by_role("radio", name=re.compile("Backup, 1 TB")).check()
    page.get_by_label("Subscription", exact=True).fill(name)
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Request the license").click()
    page.get_by_label("License key").fill("BK-0000-1111-2222")
    page.get_by_label("License files").set_input_files({"name": "b.lic", "mimeType": "text/plain", "buffer": b"backup"})
    page.get_by_role("button", name="Keep what I uploaded").click()
    page.get_by_role("button", name="Install", exact=True).click()
    expect(page.locator("h1 .state")).to_have_text("Done", timeout=SECONDS * 1000)


def http_url(simulator: Any) -> str:
    """The plain address among those that the ready line tells of the simulator."""
    urls = list(simulator.values()) if isinstance(simulator, dict) else [simulator]
    return next(str(url) for url in urls if str(url).startswith("http://"))


def test_the_store_works_without_javascript(browser: Any, panel: dict[str, Any]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{panel['url']}/store/")
    page.get_by_role("link", name=re.compile("^Choose")).first.click()
    page.get_by_role("button", name="Update the price").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Your name or company").fill("Oakridge Digital")
    page.get_by_label("E-mail").fill("ann@oakridge.example")
    page.get_by_label("Host name").fill("plain.oakridge.example")
    page.get_by_role("button", name="Order now").click()
    page.get_by_role("button", name="Pay now (test)").click()
    heading = page.get_by_role("heading", name="Everything is installed")
    for _reload in range(60):
        if heading.is_visible():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(heading).to_be_visible()
    context.close()
