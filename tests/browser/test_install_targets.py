"""The form of an install target in a browser: the chosen kind's fields with and without script, and axe."""

from collections.abc import Callable
from typing import Any

import asyncssh
import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from ka_plugins.installing import Target
from licenses.models import InstallTarget
from licenses.targets import set_install_target
from pbas.core.story import SYSTEM
from tests.browser.looks import faults_of
from tests.factories import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[[str], Page]
KINDS = {"directory": "Folder", "plesk": "Plesk server", "ssh": "Server over SSH"}


def shows_only(page: Page, kind: str) -> None:
    """Of the kinds' fields those of one, and nothing of the others."""
    for one in KINDS:
        address = page.locator(f'[name$="{one}-address"]')
        expect(address).to_be_visible() if one == kind else expect(address).to_be_hidden()


def test_changing_the_kind_shows_that_kinds_fields(signed_in: Visit, world: World) -> None:
    page = signed_in(f"/subscriptions/{world.subscription.pk}/")
    shows_only(page, "directory")
    for kind, label in KINDS.items():
        page.get_by_label(label, exact=True).check()
        shows_only(page, kind)


def test_a_target_is_given_without_a_script(
    browser: Browser, live_server: Any, staff_client: Client, settings: Any, world: World
) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False  # the test server speaks plain HTTP
    context = browser.new_context(java_script_enabled=False)
    cookie = staff_client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}/subscriptions/{world.subscription.pk}/")
    page.get_by_label("Plesk server", exact=True).check()
    shows_only(page, "plesk")
    page.locator('[name="plesk-address"]').fill("127.0.0.1")
    page.locator('[name="plesk-certificate"]').fill("AB:CD")
    page.locator('[name="plesk-secret_key"]').fill("6575fae3-8628")
    page.get_by_role("button", name="Save install target").click()
    expect(page.locator('.field:has([name="plesk-certificate"]) .errorlist')).to_contain_text("cannot be read")
    page.locator('[name="plesk-certificate"]').fill("ab" * 32)
    page.locator('[name="plesk-secret_key"]').fill("6575fae3-8628")
    page.get_by_role("button", name="Save install target").click()
    expect(page.get_by_text("The install target is saved")).to_be_visible()
    context.close()
    assert InstallTarget.objects.get().credentials == {"secret_key": "6575fae3-8628", "certificate": "ab" * 32}


def test_the_form_has_no_fault_for_axe_and_does_not_scroll_sideways(signed_in: Visit, world: World) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    kept = {"private_key": key.export_private_key().decode(), "host_key": key.export_public_key().decode()}
    target = Target("ssh", "server.example:22/srv/licenses", {"login": "license", **kept})
    set_install_target(subscription_id=world.subscription.pk, target=target, actor=SYSTEM)
    page = signed_in("/")
    for address in (f"/subscriptions/{world.subscription.pk}/", f"/license-requests/{world.request.pk}/?open=target"):
        signed_in(address)
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        for kind, label in KINDS.items():
            page.get_by_label(label, exact=True).check()
            shows_only(page, kind)
            assert faults_of(page) == []
