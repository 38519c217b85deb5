"""Vendors that are busy, slow or talk nonsense, beside others: who waits, and that nobody else does."""

import time
from pathlib import Path

import pytest

from ka_plugins.contract import Key, LicenseOrder
from ka_plugins.installing import Target
from ka_plugins.plesk_ka.plugin import PleskKaPlugin
from ka_plugins.simulator.running import RunningSimulator
from licenses.models import License, LicenseRequest, PluginConfiguration
from pbas.core.models import Event
from pbas.core.story import SYSTEM
from subscriptions.services import service_ready
from tests.factories import make_class, make_configuration, make_order, make_plan, make_subscription
from tests.flow.conftest import Buy, Work, request_of

SLOW_MS, SLOW, FAST = 600, 4, 8


def test_a_vendor_who_asks_for_a_pause_is_left_alone_by_every_engine_until_it_is_over(
    buy: Buy, work: Work, simulator: RunningSimulator, vendor: PluginConfiguration
) -> None:
    simulator.fault("createKey", "429", seconds=30)
    buy()
    work()
    asked = simulator.ledger()["calls"]["createKey"]
    others = [buy(), buy()]
    for _ in range(3):  # each a new engine, as in another process
        work()
    assert simulator.ledger()["calls"]["createKey"] == asked
    assert {request_of(one).state for one in others} == {"key"}
    vendor.refresh_from_db()
    assert vendor.parked_until is not None
    PluginConfiguration.objects.update(parked_until=None)  # it is over
    work()
    assert set(LicenseRequest.objects.values_list("state", flat=True)) == {"done"}


def test_a_slow_vendor_takes_no_place_of_a_fast_one(work: Work, simulator: RunningSimulator, tmp_path: Path) -> None:
    with RunningSimulator(latency_ms=SLOW_MS) as slow:
        plans = {
            name: make_plan(make_class(make_configuration(one, name=name, limit=2)), services=["hosting"])
            for name, one in (("slow", slow), ("fast", simulator))
        }
        for name in ["slow"] * SLOW + ["fast"] * FAST:  # the slow one's are due first
            subscription = make_subscription(make_order(plans[name]))
            target = Target("directory", str(tmp_path))
            service_ready(subscription=subscription, name="hosting", target=target, actor=SYSTEM)
        began = time.monotonic()
        work()
        took = time.monotonic() - began
    assert set(LicenseRequest.objects.values_list("state", flat=True)) == {"done"}
    assert took > SLOW / 2 * 2 * SLOW_MS / 1000  # key and file, two at once
    done = Event.objects.filter(kind="proven").order_by("pk").values_list("request__configuration__name", flat=True)
    assert list(done)[:FAST] == ["fast"] * FAST


@pytest.mark.parametrize("number", ["PLSK.\x1b[31m.0001", "", "x" * 5000])
def test_a_key_that_nobody_can_read_comes_to_a_person_and_nothing_of_it_is_stored(
    number: str, buy: Buy, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nonsense(_plugin: PleskKaPlugin, _order: LicenseOrder) -> Key:
        return Key(number)

    monkeypatch.setattr(PleskKaPlugin, "issue_key", nonsense)
    request = request_of(buy())
    work()
    request.refresh_from_db()
    assert (request.state, request.problem_kind, request.stopped_in) == ("attention", "not_kept", "buying")
    assert "nobody can read" in request.problem_text
    assert License.objects.count() == 0
