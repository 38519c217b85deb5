"""Vendors that are busy, slow or talk nonsense, beside others: who waits, and that nobody else does."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from ka_plugins.contract import Key, LicenseOrder
from ka_plugins.installing import Target
from ka_plugins.plesk_ka.plugin import PleskKaPlugin
from ka_plugins.simulator.running import RunningSimulator
from licenses.models import License, LicenseRequest, PluginConfiguration
from pbas.core.story import SYSTEM
from subscriptions.services import service_ready
from tests.factories import make_class, make_configuration, make_order, make_plan, make_subscription
from tests.flow.conftest import Buy, Work, request_of

SLOW, FAST = 5, 8


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


def test_a_slow_vendor_takes_no_place_of_a_fast_one(
    work: Work, simulator: RunningSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """He answers only when all of the other's are done: where they waited for him, nothing would ever be."""
    settings.ENGINE_SLOTS = 4
    slow, fast = (make_configuration(simulator, limit=limit) for limit in (2, 50))
    plans = {one: make_plan(make_class(one), services=["hosting"]) for one in (slow, fast)}
    for configuration in [slow] * SLOW + [fast] * FAST:  # the slow one's are due first
        subscription = make_subscription(make_order(plans[configuration]))
        target = Target("directory", str(tmp_path))
        service_ready(subscription=subscription, name="hosting", target=target, actor=SYSTEM)
    its_orders = {one.uid.hex for one in LicenseRequest.objects.filter(configuration=slow)}
    real = PleskKaPlugin.issue_key

    def are_done() -> bool:
        try:
            return LicenseRequest.objects.filter(configuration=fast, state="done").count() == FAST
        finally:
            connection.close()

    async def issue_key(plugin: PleskKaPlugin, order: LicenseOrder) -> Key:
        while order.reference in its_orders and not await asyncio.to_thread(are_done):  # noqa: ASYNC110 (rows tell it)
            await asyncio.sleep(0.05)
        return await real(plugin, order)

    monkeypatch.setattr(PleskKaPlugin, "issue_key", issue_key)
    work()
    assert set(LicenseRequest.objects.values_list("state", flat=True)) == {"done"}


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
