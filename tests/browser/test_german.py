"""German has longer words than English: nothing falls off a narrow screen, and the switch works without a script."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from licenses.models import LicenseRequest
from tests.factories import World, make_configuration, make_license, make_ready

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Words that stand out of their button.
TOO_LONG = """[...document.querySelectorAll(".btn")].filter(one => one.scrollWidth > one.clientWidth + 1)
    .map(one => one.textContent.trim())"""


@pytest.fixture
def addresses(world: World, tmp_path: Path) -> list[str]:
    """The main pages, with something on each."""
    world.configuration = make_configuration(name="Hersteller von Hand")
    make_ready(world.subscription, tmp_path)
    made = make_license(world.license_class, subscription=world.subscription, state="installed")
    request, plugin = world.request.pk, world.configuration.pk
    return [
        *("/", "/licenses/", "/license-requests/", "/subscriptions/", "/orders/", "/plans/", "/plugins/", "/activity/"),
        *("/failures/", "/findings/", "/staff/", "/uploads/", "/runs/", f"/licenses/new/?plugin={plugin}"),
        *(f"/license-requests/{request}/", f"/license-requests/{request}/cancel/", f"/licenses/{made.pk}/"),
        *(f"/subscriptions/{world.subscription.pk}/", f"/orders/{world.order.number}/", f"/plans/{world.plan.code}/"),
        *(f"/plugins/{plugin}/", f"/plugins/{plugin}/classes/", "/plugins/new/", "/accounts/password/change/"),
        *("/store/", f"/store/plans/{world.plan.code}/", "/shortcuts/", "/nowhere/"),
    ]


@pytest.mark.convention(34)
def test_longer_words_neither_scroll_a_narrow_screen_sideways_nor_leave_their_buttons(
    signed_in: Callable[[str], Page],
    live_server: Any,
    page: Page,
    addresses: list[str],
    complaints: list[str],
    world: World,
) -> None:
    page.context.add_cookies([{"name": "language", "value": "de", "url": live_server.url}])
    page.set_viewport_size({"width": 360, "height": 740})
    doubt = LicenseRequest.objects.create(
        configuration=world.configuration, license_class=world.license_class, state="in_doubt"
    )
    found = []
    for address in [*addresses, f"/license-requests/{doubt.pk}/order-again/"]:
        signed_in(address)
        expect(page.locator("html")).to_have_attribute("lang", "de")
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append(address)
        found += page.evaluate(TOO_LONG)
    assert found == []
    complaints[:] = [one for one in complaints if "404" not in one]  # the page that is nowhere


def test_the_language_is_switched_without_a_script(browser: Browser, live_server: Any, addresses: list[str]) -> None:
    assert addresses
    context = browser.new_context(java_script_enabled=False, locale="fi-FI")
    page = context.new_page()
    page.goto(f"{live_server.url}/store/")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    assert page.url == f"{live_server.url}/store/"
    expect(page.get_by_role("heading", level=1)).to_have_text("Hosting mit den Lizenzen, die Sie brauchen")
    context.close()
