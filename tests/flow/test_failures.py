"""From a vendor's refusals over one alert, told once, to one decision for all of them, and back to nothing failing."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from ka_plugins.simulator.running import RunningSimulator
from licenses.failing.alerts import NUMBER, watch
from licenses.failing.deliveries import deliver_due
from licenses.failing.groups import groups
from licenses.models import Alert, AlertDelivery, LicenseRequest, PluginConfiguration
from licenses.services import retry_request
from licenses.statements import in_seconds
from pbas.core import tasks
from pbas.core.models import BulkRun, Event
from pbas.core.story import SYSTEM
from tests.flow.conftest import Buy, Work, request_of
from tests.flow.test_vendor_faults import due_now, unpark

SECRET = "a secret of the receiver"


class Receiver:
    """Somebody's program on loopback that takes webhooks; `answers` are its next statuses, then always 200."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        receiver = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.answers.pop(0) if receiver.answers else 200
                if status == 200:
                    receiver.taken.append((dict(self.headers), body))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook?token=hush"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def events(self) -> list[str]:
        return [json.loads(body)["event"] for _, body in self.taken]


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    one = Receiver()
    settings.ALERT_WEBHOOKS, settings.ALERT_WEBHOOK_SECRET = [one.url], SECRET
    settings.ALERT_MAIL, settings.ALERT_DELAY_SECONDS = ["ops@example.com"], 0
    yield one
    one.close()


@pytest.fixture
def refused(buy: Buy, work: Work) -> Callable[[int], list[LicenseRequest]]:
    """So many requests that the vendor refuses, all for one cause."""

    def make(number: int) -> list[LicenseRequest]:
        subscriptions = [buy(options={"features": ["NO_SUCH_FEATURE"]}) for _ in range(number)]
        work()
        return [request_of(one) for one in subscriptions]

    return make


def decide(client: Client, action: str, query: str, *, reason: str = "") -> BulkRun:
    """As staff do it on the page of a group: the button, the question, the answer, and a second click on it."""
    given = {"action": action, "query": query, "whole": "1"}
    page = client.post("/lists/failures/bulk/", given)
    assert page.status_code == 200, page
    once = page.text.partition('name="once" value="')[2].partition('"')[0]
    sure = {**given, "sure": "1", "once": once, "reason": reason}
    first, second = (client.post("/lists/failures/bulk/", sure) for _ in range(2))
    assert first["Location"] == second["Location"]
    return BulkRun.objects.get(pk=first["Location"].strip("/").rpartition("/")[2])


def test_one_cause_is_one_alert_told_once_and_one_decision_moves_exactly_what_is_still_in_the_group(
    refused: Callable[[int], list[LicenseRequest]], work: Work, receiver: Receiver, staff_client: Client
) -> None:
    first, second, third = refused(3)
    assert watch() == (1, 0)
    alert = Alert.objects.get()
    assert (alert.step, alert.kind, alert.requests, alert.count) == ("key", "refused", 3, 3)
    assert cache.get(NUMBER) == 1
    receiver.answers = [503]
    assert deliver_due() == 1, "the mail was taken, the webhook was not"
    assert [one.subject for one in mail.outbox] == [f"Failing: {first.configuration.name}"]
    waiting = AlertDelivery.objects.get(way="webhook")
    assert (waiting.tries, waiting.problem) == (1, "The receiver answered 503.")
    assert waiting.due_at is not None
    AlertDelivery.objects.filter(pk=waiting.pk).update(due_at=in_seconds(-1))
    assert deliver_due() == 1
    headers, body = receiver.taken[0]
    stamp, signature = (part.partition("=")[2] for part in headers["X-Panel-Signature"].split(","))
    assert signature == hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["X-Panel-Delivery"] == str(waiting.uid)
    assert json.loads(body)["requests"] == 3

    (fourth,) = refused(1)
    assert watch() == (0, 0)
    alert.refresh_from_db()
    assert (alert.requests, alert.count, AlertDelivery.objects.count()) == (4, 4, 2), "appended, not told again"

    (group,) = groups()
    query = f"plugin={group.configuration}&step={group.step}&cause={group.cause}"
    assert "4 requests of one cause" in staff_client.get(f"/failures/?{query}").text
    LicenseRequest.objects.update(options={})  # the order was mended
    run, other = (decide(staff_client, "retry", query, reason="It was mended.") for _ in range(2))  # two at once
    assert run.total == other.total == 4
    decide_one_by_hand(second)
    LicenseRequest.objects.filter(pk=third.pk).update(cause="another", problem_text="It is something else.")
    for one in (run, other):
        tasks.go_on_with_run(one.pk)
    told = {row.target: (row.outcome, row.text) for row in run.rows.all()}
    assert {pk: outcome for pk, (outcome, _) in told.items()} == {
        first.pk: "done",
        second.pk: "skipped",
        third.pk: "skipped",
        fourth.pk: "done",
    }
    assert told[second.pk][1] == "It does not fail any more: Waits for the key. It was left as it is."
    assert "another cause by now (Needs attention): It is something else." in told[third.pk][1]
    assert Event.objects.get(request=first, kind="retried").detail == "It was mended."
    assert {row.outcome for row in other.rows.all()} == {"skipped"}, "whoever came second moves nothing"

    work()
    retry_request(request=LicenseRequest.objects.select_related("configuration").get(pk=third.pk), actor=SYSTEM)
    work()
    assert set(LicenseRequest.objects.values_list("state", flat=True)) == {"done"}
    assert watch() == (0, 1)
    assert deliver_due() == 2
    assert receiver.events() == ["alert.opened", "alert.closed"]
    assert [one.subject.partition(":")[0] for one in mail.outbox] == ["Failing", "Works again"]
    assert (cache.get(NUMBER), Alert.objects.get().closed_at is not None) == (0, True)
    assert "hush" not in mail.outbox[0].body + staff_client.get("/failures/alerts/?state=closed").text


def decide_one_by_hand(request: LicenseRequest) -> None:
    """Somebody looks at one of the requests by itself."""
    retry_request(request=request, actor=SYSTEM)


def test_a_vendor_that_is_down_is_one_alert_of_his_plugin_and_what_heals_at_once_is_told_to_nobody(
    buy: Buy, work: Work, simulator: RunningSimulator, vendor: PluginConfiguration, receiver: Receiver, settings: Any
) -> None:
    settings.ALERT_DELAY_SECONDS = 600
    for number in range(3):
        buy(ip=f"10.4.8.{number}")
    simulator.fault("createKey", "drop_after", times=3)
    work()
    assert watch() == (1, 0)
    assert watch() == (0, 0)
    alert = Alert.objects.get()
    assert (alert.configuration, alert.step, alert.kind) == (vendor, "", "parked")
    assert deliver_due() == 0
    simulator.heal()
    unpark(vendor)
    due_now()
    work()
    assert watch() == (0, 1)
    assert (deliver_due(), AlertDelivery.objects.count(), receiver.taken) == (0, 0, [])
