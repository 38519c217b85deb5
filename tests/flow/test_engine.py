"""The engine's own promises: leases, fences, batches, handing over."""

import threading
import time
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from ka_plugins.simulator.running import RunningSimulator
from licenses import engine, statements
from licenses.models import LicenseRequest
from licenses.moves import MOVES, Move, make
from licenses.steps import STEPS
from tests.flow.conftest import Buy, Work, request_of


def test_a_row_found_in_buying_is_in_doubt_and_not_bought_again(
    buy: Buy, work: Work, simulator: RunningSimulator
) -> None:
    before = simulator.sold()
    subscription = buy(ip="10.9.9.9")
    LicenseRequest.objects.update(
        state="buying", leased=True, attempt=7, due_at=timezone.now(), intent_at=timezone.now()
    )
    work()
    assert request_of(subscription).state == "in_doubt"
    assert simulator.sold() == before


def test_a_mover_whose_attempt_is_old_wins_nothing(buy: Buy) -> None:
    request = request_of(buy())
    LicenseRequest.objects.update(attempt=request.attempt + 1)
    assert make([Move(request.pk, request.attempt, "key", "buying", leased=True)]) == set()


def test_of_two_claims_one_gets_the_request(buy: Buy) -> None:
    request = request_of(buy())
    first = statements.claim(request.configuration_id, most=5, lease=60, vendor=True)
    second = statements.claim(request.configuration_id, most=5, lease=60, vendor=True)
    assert [row[0] for row in first] == [request.pk]
    assert second == []


def test_an_expired_lease_is_taken_over_and_the_attempt_counts(buy: Buy) -> None:
    request = request_of(buy())
    statements.claim(request.configuration_id, most=5, lease=0, vendor=True)
    again = statements.claim(request.configuration_id, most=5, lease=60, vendor=True)
    assert [row[1] for row in again] == [request.attempt + 2]


def test_every_open_state_has_a_step_or_waits_for_somebody() -> None:
    waits = {"services", "attention"}
    assert set(STEPS) | waits == set(LicenseRequest.OPEN)
    assert set(MOVES) == set(LicenseRequest.State.values)


def test_a_full_engine_takes_more_as_soon_as_there_is_room(buy: Buy, work: Work, settings: Any) -> None:
    settings.ENGINE_SLOTS = 8
    for _ in range(30):
        buy()
    work()
    assert LicenseRequest.objects.filter(state="done").count() == 30


def test_an_engine_asked_to_stop_hands_its_requests_over_in_seconds(
    buy: Buy, work: Work, simulator: RunningSimulator, settings: Any
) -> None:
    del work
    settings.ENGINE_LINGER_SECONDS = 30
    settings.ENGINE_GRACE_SECONDS = 2
    for _ in range(5):
        buy()
    simulator.latency(300)
    engine.allow_to_run()
    running = threading.Thread(target=_drain_and_close)
    running.start()
    time.sleep(0.5)
    engine.ask_to_stop()
    running.join(8)
    engine.allow_to_run()
    assert not running.is_alive()
    left = LicenseRequest.objects.exclude(state__in=["done", "buying"])
    assert not left.filter(leased=True).exists()


def test_a_drain_beside_a_running_one_returns_at_once_and_rings_it(buy: Buy, work: Work, settings: Any) -> None:
    del work
    settings.ENGINE_LINGER_SECONDS = 3
    engine.allow_to_run()
    running = threading.Thread(target=_drain_and_close)
    running.start()
    time.sleep(0.6)
    subscription = buy()
    assert engine.drain() == 0
    for _ in range(100):
        if request_of(subscription).state == "done":
            break
        time.sleep(0.05)
    engine.ask_to_stop()
    running.join(8)
    engine.allow_to_run()
    assert request_of(subscription).state == "done"


def _drain_and_close() -> None:
    try:
        engine.drain()
    finally:
        connection.close()


@pytest.mark.parametrize(("start", "end"), [("done", "key"), ("cancelled", "key"), ("services", "buying")])
def test_a_move_that_the_table_does_not_know_cannot_be_made(start: str, end: str) -> None:
    with pytest.raises(ValueError, match="No request moves"):
        Move(1, 1, start, end)
