"""New License and what is asked of a license in a browser: clean for axe and console, and usable without a script."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from licenses.models import License, LicenseClass, LicenseRequest
from tests.browser.looks import faults_of
from tests.factories import World, make_configuration, make_license, make_ready, make_subscription
from tests.web.wares import make_wares

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[[str], Page]


@pytest.fixture
def wares(world: World, tmp_path: Path) -> LicenseClass:
    """A class with something of everything to choose, of an online configuration, and a subscription that is ready."""
    settings = {"scheme": "https", "host": "ka.example.com", "port": 7050, "login": "provider", "client": "C-77"}
    world.configuration = make_configuration(
        name="Plesk licenses", template="plesk_ka", mode="online", settings=settings, secrets={"password": "hush"}
    )
    world.license_class = make_wares(world.configuration)
    make_wares(world.configuration, code="PLESK_8", name="Plesk 8")
    make_ready(make_subscription(world.order), tmp_path)
    return world.license_class


@pytest.fixture
def license_(world: World, wares: LicenseClass) -> License:
    """An installed license with an additional key."""
    made = make_license(
        wares,
        subscription=world.order.subscription,
        state="installed",
        key="PLSK.10000001.0001",
        features=["D10", "L1", "POWER"],
    )
    features = ["AV", "S8"]
    make_license(wares, parent=made, state="installed", key="KAV.10000002.0001", features=features)
    return made


@pytest.mark.convention(24)
def test_the_way_to_new_licenses_has_no_violation_and_never_scrolls_sideways(
    signed_in: Visit, world: World, wares: LicenseClass, page: Page
) -> None:
    signed_in(f"/licenses/new/?plugin={world.configuration.pk}")
    found = faults_of(page)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Choose a license class.").first).to_be_visible()
    found += faults_of(page)
    page.get_by_label(wares.name).check()
    page.get_by_label("Number of Licenses").fill("2")
    page.get_by_label("Subscription", exact=True).fill(world.order.subscription.name)
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Antivirus").check()
    page.get_by_label("Day and night").check()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Choose one of Domains.").first).to_be_visible()
    found += faults_of(page)
    page.get_by_label("100 domains").check()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Nothing was sent yet")).to_be_visible()
    found += faults_of(page)
    page.get_by_role("button", name="Request the licenses").click()
    expect(page.get_by_text("2 licenses were requested.")).to_be_visible()
    assert found == []
    made = LicenseRequest.objects.filter(options__additional__0__code="AV")
    assert [one.options["features"] for one in made] == [["D100", "L1"]] * 2


def test_what_is_asked_of_a_license_has_no_violation_and_never_scrolls_sideways(
    signed_in: Visit, license_: License, page: Page
) -> None:
    found = []
    for part in ("", "renew/", "terminate/", "suspend/", "change/"):
        signed_in(f"/licenses/{license_.pk}/{part}")
        found += faults_of(page)
    page.get_by_label("100 domains").check()
    page.get_by_label("Antivirus").uncheck()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("10 domains → 100 domains")).to_be_visible()
    found += faults_of(page)
    License.objects.filter(pk=license_.pk).update(subscription=None, state="issued")
    kept = LicenseRequest.objects.create(
        configuration=license_.configuration, license_class=license_.license_class, license=license_, state="install"
    )
    for address in (f"/licenses/{license_.pk}/", f"/licenses/{license_.pk}/assign/", f"/license-requests/{kept.pk}/"):
        signed_in(address)
        found += faults_of(page)
    assert found == []


@pytest.mark.convention(23)
def test_options_of_an_additional_key_show_when_it_is_chosen_and_a_double_click_asks_once(
    signed_in: Visit, world: World, wares: LicenseClass, page: Page
) -> None:
    at = f"plugin={world.configuration.pk}&license_class={wares.pk}&number=1"
    signed_in(f"/licenses/new/?{at}&subscription={world.order.subscription.name}")
    expect(page.get_by_label("Express")).to_be_hidden()
    page.get_by_label("Antivirus").check()
    expect(page.get_by_label("Express")).to_be_visible()
    page.get_by_label("10 domains", exact=True).check()
    page.get_by_role("button", name="Next").click()
    before = LicenseRequest.objects.count()
    page.get_by_role("button", name="Request the license").dblclick()
    expect(page).to_have_url(re.compile(r"/license-requests/\d+/"))
    assert LicenseRequest.objects.count() == before + 1
    page.go_back()
    page.get_by_role("button", name="Request the license").click()
    expect(page).to_have_url(re.compile(r"/license-requests/\d+/"))
    assert LicenseRequest.objects.count() == before + 1


@pytest.mark.convention(24)
def test_it_works_without_a_script(
    signed_in: Visit, world: World, wares: LicenseClass, browser: Browser, live_server: LiveServer
) -> None:
    cookies = signed_in("/licenses/").context.cookies()
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(cookies)  # type: ignore[arg-type] # as they came
    page = context.new_page()
    page.goto(f"{live_server.url}/licenses/new/?plugin={world.configuration.pk}")
    page.get_by_label(wares.name).check()
    page.get_by_label("For stock").check()
    page.get_by_role("button", name="Next").click()
    page.get_by_label("10 domains", exact=True).check()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Request the license").click()
    assert LicenseRequest.objects.get(subscription=None).options == {"features": ["D10", "L1"], "additional": []}
    context.close()
