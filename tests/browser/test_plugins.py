"""Plug-in configurations in a browser: the mode's fields with and without script, live progress, classes, axe."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, FilePayload, Page, expect

from licenses.classes import keep_classes
from licenses.models import PluginConfiguration
from tests.browser.looks import faults_of
from tests.factories import make_class, make_configuration
from tests.unit.licenses.test_classes import many

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[[str], Page]
NEW = "/plugins/new/?template=plesk_ka&name=Plesk"


@pytest.fixture
def addresses() -> list[str]:
    """The pages of plug-ins in every state, with as much in them as there may be."""
    waits: dict[str, Any] = {
        "template": "plesk_ka",
        "mode": "online",
        "fetch_at": timezone.now() + timedelta(minutes=9),
    }
    online = make_configuration(template="plesk_ka", mode="online")
    keep_classes(online, many())
    failed = make_configuration(status="failed", fetch_failures=2, fetch_problem="No answer " * 30, **waits)
    busy = make_configuration(status="fetching", fetch_step="storing", classes_received=60, **waits)
    hanging = make_class(retired=True)
    row = online.classes.all()[0]
    return [
        *(f"/plugins/{one.pk}/" for one in (online, failed, busy)),
        *(f"/plugins/{online.pk}/classes/{part}" for part in ("", f"{row.pk}/", f"{row.pk}/?q=feature")),
        *(f"/plugins/{hanging.configuration_id}/{part}" for part in ("classes/", "classes/import/", "delete/")),
        *(f"/plugins/{failed.pk}/{part}" for part in ("classes/", "delete/")),
    ]


def test_no_page_of_a_plugin_has_a_fault_for_axe_or_scrolls_sideways(signed_in: Visit, addresses: list[str]) -> None:
    assert [fault for address in addresses for fault in faults_of(signed_in(address))] == []


def choose_modes(page: Page) -> None:
    """The connection's fields follow the mode at once, and what was typed into them is kept."""
    page.get_by_label("API login").fill("demo")
    page.get_by_label("Upload licenses manually").check()
    for label in ("API login", "Port", "Calls at once"):
        expect(page.get_by_label(label)).to_be_hidden()
    page.get_by_label("Online").check()
    expect(page.get_by_label("API login")).to_have_value("demo")
    expect(page.get_by_label("Port")).to_have_value("7050")


def test_the_fields_of_the_connection_follow_the_mode_at_once(signed_in: Visit) -> None:
    page = signed_in(NEW)
    choose_modes(page)
    page.get_by_label("Upload licenses manually").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Nothing is sold yet")).to_be_visible()


def test_the_mode_works_without_script_too(
    browser: Browser, live_server: Any, staff_client: Client, settings: Any
) -> None:
    settings.SESSION_COOKIE_SECURE = False  # the test server speaks plain HTTP
    context = browser.new_context(java_script_enabled=False)
    cookie = staff_client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    page = context.new_page()
    page.goto(live_server.url + NEW)
    choose_modes(page)
    context.close()


def test_the_tab_of_classes_shows_the_progress_and_then_the_new_list(signed_in: Visit) -> None:
    configuration = make_configuration(template="plesk_ka", mode="online", fetch_step="queued")
    page = signed_in(f"/plugins/{configuration.pk}/classes/")
    expect(page.get_by_text("Waits for a worker").locator("..")).to_have_class("step step-now")
    rows = PluginConfiguration.objects.filter(pk=configuration.pk)
    rows.update(fetch_step="storing", classes_received=3)
    expect(page.get_by_text("3 classes received, being stored")).to_be_visible()
    keep_classes(configuration, many()[:3])
    rows.update(fetch_step="")
    expect(page.get_by_role("link", name="Type 0")).to_be_visible()


def test_a_list_is_chosen_looked_at_and_taken(signed_in: Visit) -> None:
    configuration = make_configuration()
    page = signed_in(f"/plugins/{configuration.pk}/classes/import/")
    listed = {"format": "license-classes", "version": 1, "classes": [{"code": "A", "name": "Panel"}, {"name": "?"}]}
    file: FilePayload = {"name": "list.json", "mimeType": "application/json", "buffer": json.dumps(listed).encode()}
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Show what it changes").click()
    expect(page.get_by_role("cell", name="code is missing.")).to_be_visible()
    assert faults_of(page) == []
    page.get_by_role("button", name="Take these classes").click()
    expect(page.get_by_role("link", name="Panel", exact=True)).to_be_visible()
    page.get_by_label("We sell Panel").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved what we sell.")).to_be_visible()
