"""The pages of failures: groups by SQL, alerts, what nothing will move, and the metrics behind their guard."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from licenses import moves
from licenses.failing.alerts import watch
from licenses.failing.groups import groups
from licenses.models import Alert, LicenseRequest, PluginConfiguration
from licenses.moves import Move, Trouble
from licenses.statements import in_seconds
from tests.factories import World, make_configuration, make_order, make_subscription

pytestmark = pytest.mark.django_db

PAGE = "/failures/"


@pytest.fixture
def vendor(world: World) -> PluginConfiguration:
    """A working online configuration that nobody calls."""
    world.configuration = make_configuration(name="Vendor", template="plesk_ka", mode="online")
    return world.configuration


@pytest.fixture
def requests(world: World, vendor: PluginConfiguration) -> list[LicenseRequest]:  # noqa: ARG001 (comes first)
    """Five that wait for their key."""
    made = [make_subscription(world.order), *(_another(world) for _ in range(4))]
    rows = [one.license_requests.get() for one in made]
    LicenseRequest.objects.update(state="key", due_at=in_seconds(3600), deadline=in_seconds(86_400))
    for row in rows:
        row.refresh_from_db()
    return rows


def _another(world: World) -> Any:
    return make_subscription(make_order(world.plan))


def fail(request: LicenseRequest, text: str, *, to: str = "attention", kind: str = "refused") -> None:
    """What the engine writes where a step failed."""
    trouble = Trouble(kind, text, "order or vendor account", "No <b>such</b> key")
    wait = 3600 if to != "attention" else None
    assert moves.make([Move(request.pk, request.attempt, request.state, to, wait=wait, trouble=trouble)])
    request.refresh_from_db()


@pytest.mark.convention(28)
def test_failures_are_grouped_by_plugin_step_and_cause_in_a_fixed_number_of_statements(
    staff_client: Client, requests: list[LicenseRequest], vendor: PluginConfiguration
) -> None:
    for number, one in enumerate(requests[:3]):
        fail(one, f"Key PLSK.{number}.0001 is not known.")
    fail(requests[3], "The vendor has no more of them.", to="key")
    LicenseRequest.objects.filter(pk=requests[1].pk).update(held=True)
    PluginConfiguration.objects.filter(pk=vendor.pk).update(parkings=2, parked_why="It does not <i>answer</i>.")
    staff_client.get(PAGE)  # what is kept in the cache is there from now on
    with CaptureQueriesContext(connection) as few:
        page = staff_client.get(PAGE).text
    assert "4 requests fail, for 2 causes" in page
    assert "is not known." in page
    assert "3 need you" in page
    assert "1 on hold" in page
    assert "1 tried again" in page
    assert "It does not &lt;i&gt;answer" in page
    assert "Without a next event" not in page
    big, small = groups()
    assert (big.total, big.attention, big.held, big.tried, big.step) == (3, 3, 1, 0, "key")
    assert (big.oldest, big.newest) == (requests[0].pk, requests[2].pk)
    assert (small.total, small.tried) == (1, 1)
    fail(requests[4], "Something of its own.")
    with CaptureQueriesContext(connection) as more:
        staff_client.get(PAGE)
    assert len(more) == len(few) == 15
    link = f"?plugin={big.configuration}&step={big.step}&cause={big.cause}"
    with CaptureQueriesContext(connection) as one_group:
        page = staff_client.get(PAGE + link).text
    assert len(one_group) == 5
    assert "3 requests of one cause" in page
    assert "No &lt;b&gt;such&lt;/b&gt; key" in page
    assert all(f"/license-requests/{one.pk}/" in page for one in requests[:3])
    assert staff_client.get(f"/failures/{requests[0].pk}/")["Location"] == f"/license-requests/{requests[0].pk}/"
    LicenseRequest.objects.update(cause=None)
    assert "Nothing fails for this cause any more" in staff_client.get(PAGE + link).text
    assert "Nothing fails" in staff_client.get(PAGE).text


def test_an_unknown_group_a_strange_filter_and_a_stranger_get_clear_answers(
    staff_client: Client, client: Client
) -> None:
    page = staff_client.get(PAGE, {"plugin": "999", "step": "nowhere", "colour": "red"})
    assert page.status_code == 200
    assert "There is no filter “colour”." in page.text
    assert staff_client.get("/failures/alerts/?before=x&state=odd").status_code == 200
    assert client.get(PAGE)["Location"].startswith("/accounts/login/")


def test_since_when_a_request_fails_stays_while_the_cause_is_the_same(requests: list[LicenseRequest]) -> None:
    one = requests[0]
    fail(one, "Host a.example.com is closed.", to="key")
    since, cause = one.troubled_at, one.cause
    fail(one, "Host b.example.com is closed.", to="key")
    assert (one.troubled_at, one.cause) == (since, cause)
    fail(one, "It is something else.", to="key")
    assert one.cause != cause
    assert moves.make([Move(one.pk, one.attempt, one.state, "files", wait=0)])
    one.refresh_from_db()
    assert (one.cause, one.troubled_at) == (None, None)


def test_alerts_are_listed_open_and_closed_and_the_menu_counts_the_open_ones_without_a_statement(
    staff_client: Client, requests: list[LicenseRequest]
) -> None:
    with CaptureQueriesContext(connection) as before:
        assert "count-bad" not in staff_client.get("/failures/alerts/").text
    fail(requests[0], "Key 1 is not known.")
    fail(requests[1], "Key 2 is not known.")
    fail(requests[2], "It is something else.")
    assert watch() == (2, 0)
    with CaptureQueriesContext(connection) as after:
        page = staff_client.get("/failures/alerts/").text
    assert "is not known." in page
    assert '<span class="count count-bad">2' in page
    assert len(after) == len(before) + 1, "the deliveries of all alerts are one statement"
    assert "no address is set" in page
    LicenseRequest.objects.filter(pk__in=[one.pk for one in requests[:2]]).update(cause=None)
    assert watch() == (0, 1)
    assert "It is something else." not in staff_client.get("/failures/alerts/?state=closed").text
    assert "It is something else." in staff_client.get("/failures/alerts/").text
    assert watch() == (0, 0)
    assert Alert.objects.count() == 2


def test_what_nothing_will_move_is_named_on_the_page(staff_client: Client, requests: list[LicenseRequest]) -> None:
    LicenseRequest.objects.filter(pk=requests[0].pk).update(due_at=None)
    page = staff_client.get(PAGE).text
    assert "Without a next event" in page
    assert f"Request {requests[0].pk} waits in key and nothing will move it." in page


def test_metrics_are_prometheus_text_for_this_machine_or_for_who_has_the_token(
    client: Client, requests: list[LicenseRequest], vendor: PluginConfiguration, settings: Any
) -> None:
    PluginConfiguration.objects.filter(pk=vendor.pk).update(name='Ven"dor\\', parkings=1)
    LicenseRequest.objects.filter(pk=requests[1].pk).update(due_at=in_seconds(-100))
    LicenseRequest.objects.filter(pk=requests[2].pk).update(due_at=None)
    fail(requests[0], "Key 1 is not known.")
    watch()
    answer = client.get("/metrics")
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.text.splitlines()
    name = 'plugin="Ven\\"dor\\\\"'
    assert f'panel_requests_open{{{name},state="key"}} 4' in lines
    assert f'panel_requests_open{{{name},state="attention"}} 1' in lines
    assert f"panel_plugin_parked{{{name}}} 1" in lines
    assert f"panel_plugin_paused{{{name}}} 0" in lines
    age = next(line for line in lines if line.startswith(f"panel_due_age_seconds{{{name}"))
    assert 99 < float(age.rpartition(" ")[2]) < 160
    cause = LicenseRequest.objects.get(pk=requests[0].pk).cause
    assert f'panel_failures{{{name},step="key",kind="refused",cause="{cause}"}} 1' in lines
    assert 'panel_stuck_rows{subject="request"} 1' in lines
    assert "panel_alerts_open 2" in lines
    assert all(line.startswith(("#", "panel_")) for line in lines)
    with CaptureQueriesContext(connection) as asked:
        client.get("/metrics")
    assert len(asked) == 5
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.1"}).status_code == 403
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.1").status_code == 403
    settings.METRICS_TOKEN = "measure"
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer measure"}).status_code == 200
