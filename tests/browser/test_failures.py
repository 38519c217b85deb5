"""The pages of failures in a browser: no fault for axe, nothing that scrolls sideways, a decision in four clicks."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from licenses.failing.alerts import watch
from licenses.failing.causes import cause_of
from licenses.models import Alert, AlertDelivery, LicenseRequest, PluginConfiguration
from pbas.core import tasks
from pbas.core.models import BulkRun
from tests.browser.looks import faults_of
from tests.factories import make_class, make_configuration

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]

TEXT = "createKey at ka.example.com:7050/a/rather/long/path/without/any/place/to/break/it/anywhere: the vendor refused."


@pytest.fixture
def failing() -> list[LicenseRequest]:
    configuration = make_configuration(template="plesk_ka", mode="online", name="Plesk")
    wares = make_class(configuration)
    trouble = {
        "problem_kind": "refused",
        "problem_text": TEXT,
        "problem_vendor": "17: <no> such client",
        "problem_fault": "order or vendor account",
        "cause": cause_of("refused", TEXT),
        "troubled_at": timezone.now(),
        "stopped_in": "key",
    }
    rows = [
        LicenseRequest.objects.create(
            configuration=configuration, license_class=wares, state="attention", held=number == 2, **trouble
        )
        for number in range(3)
    ]
    LicenseRequest.objects.create(configuration=configuration, license_class=wares, state="files")  # nothing moves it
    down = make_configuration(template="plesk_ka", mode="online", name="Down")
    why = "The vendor did not answer within 10 s."
    PluginConfiguration.objects.filter(pk=down.pk).update(parkings=1, parked_until=timezone.now(), parked_why=why)
    watch()
    alert = Alert.objects.get(kind="refused")
    for way in ("mail", "webhook"):
        AlertDelivery.objects.create(
            alert=alert, subject="opened", way=way, deadline=timezone.now(), problem="The receiver answered 503."
        )
    return rows


def test_the_pages_owe_nothing_to_any_reader_and_a_group_is_decided_on_in_four_clicks(
    signed_in: Callable[[str], Page], failing: list[LicenseRequest]
) -> None:
    page = signed_in("/failures/alerts/")
    faults = faults_of(page)
    page.get_by_role("navigation", name="Trail").get_by_role("link", name="Failures").click()
    page.get_by_role("heading", name="Without a next event").wait_for()
    faults += faults_of(page)
    page.get_by_role("link", name=TEXT).click()
    page.get_by_role("heading", name="3 requests of one cause").wait_for()
    faults += faults_of(page)
    page.get_by_role("button", name="Hold").click()
    page.get_by_label("Reason").fill("The vendor looks at it.")
    page.get_by_role("button", name="Hold: 2").click()  # one is held already
    page.wait_for_url("**/runs/*/")
    run = BulkRun.objects.get()
    tasks.go_on_with_run(run.pk)
    page.get_by_text(f"Request {failing[2].pk} cannot be held").wait_for()
    run.refresh_from_db()
    assert (run.done, run.skipped, run.reason) == (2, 1, "The vendor looks at it.")
    assert not faults, "\n".join(faults)
