"""The thread that commits: batches, bad data, lost connections, its own death."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from django.db import OperationalError, connection

from ka_plugins.contract import Key
from licenses import keeping
from licenses import ledger as module
from licenses.claimed import Claimed, KeyInHand, Landing
from licenses.landings import attention
from licenses.ledger import Ledger, LedgerStoppedError
from licenses.models import License, LicenseRequest
from licenses.moves import Line
from pbas.core.models import Event
from tests.unit.licenses.conftest import MakeRequest, is_postgresql

pytestmark = pytest.mark.django_db(transaction=True)


def with_ledger(work: Callable[[Ledger], Awaitable[Any]]) -> Any:
    """Run a coroutine beside a ledger of its own loop."""

    async def run() -> Any:
        ledger = Ledger(asyncio.get_running_loop(), lease=60)
        ledger.start()
        try:
            return await asyncio.wait_for(work(ledger), 20)
        finally:
            await asyncio.to_thread(ledger.close)

    return asyncio.run(run())


def claimed(number: int = 10) -> list[Claimed]:
    """All that is due, under lease."""

    async def claim(ledger: Ledger) -> list[Claimed]:
        return (await ledger.claim(number, {})).requests

    return list(with_ledger(claim))


def issued(request: Claimed, number: str) -> Landing:
    """A key that was bought for a request in buying."""
    request.keys = [KeyInHand(None, number)]
    return Landing(request, request.move("files", leased=True), (Line("key_issued", "Sold."),), key=Key(number))


async def land_all(ledger: Ledger, landings: list[Landing]) -> list[bool | BaseException]:
    return await asyncio.gather(*map(ledger.land, landings), return_exceptions=True)


def test_a_batch_is_kept_whole_but_for_the_landing_whose_own_data_is_bad(make_request: MakeRequest) -> None:
    for _ in range(40):
        make_request(state="buying")
    requests = claimed(40)
    numbers = [f"PLSK.{n:08}.0000" for n in range(39)]
    numbers.insert(17, numbers[3])  # a key that another license has
    landings = [issued(one, number) for one, number in zip(requests, numbers, strict=True)]
    results = with_ledger(lambda ledger: land_all(ledger, landings))
    bad = [n for n, result in enumerate(results) if isinstance(result, Exception)]
    assert bad in ([3], [17])
    assert [result for result in results if result is True] == [True] * 39
    assert License.objects.count() == 39
    assert Event.objects.filter(kind="key_issued").count() == 39
    assert LicenseRequest.objects.filter(state="files").count() == 39
    told = LicenseRequest.objects.filter(license__isnull=False).values_list("license", flat=True)
    assert set(told) == set(License.objects.values_list("pk", flat=True))


@pytest.mark.parametrize("number", ["PLSK.\x0000000001.0000", 17, None])
def test_data_that_breaks_in_any_way_breaks_its_own_landing_only(number: Any, make_request: MakeRequest) -> None:
    if number == "PLSK.\x0000000001.0000" and not is_postgresql():
        pytest.skip("SQLite keeps a NUL.")
    make_request(state="buying")
    make_request(state="buying")
    bad, good = claimed()
    landings = [issued(bad, number), issued(good, "PLSK.00000002.0000")]
    results = with_ledger(lambda ledger: land_all(ledger, landings))
    assert isinstance(results[0], Exception)
    assert results[1] is True
    assert License.objects.get().key == "PLSK.00000002.0000"


def test_a_landing_whose_request_somebody_took_over_keeps_nothing(make_request: MakeRequest) -> None:
    make_request(state="buying")
    (request,) = claimed()
    LicenseRequest.objects.update(attempt=request.attempt + 1)
    results = with_ledger(lambda ledger: land_all(ledger, [issued(request, "PLSK.00000003.0000")]))
    assert results == [False]
    assert License.objects.count() == 0
    assert Event.objects.count() == 0


def test_a_connection_that_the_server_ends_between_two_batches_costs_nothing(make_request: MakeRequest) -> None:
    if not is_postgresql():
        pytest.skip("SQLite has no server.")
    for _ in range(20):
        make_request()
    requests = claimed(20)

    async def cut_between(ledger: Ledger) -> list[bool | BaseException]:
        first = await land_all(ledger, [attention(one, "refused", "No.") for one in requests[:10]])
        await asyncio.to_thread(end_backend, await ledger.ask(own_backend))
        return first + await land_all(ledger, [attention(one, "refused", "No.") for one in requests[10:]])

    assert with_ledger(cut_between) == [True] * 20
    assert Event.objects.filter(kind="needs_attention").count() == 20


def own_backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def end_backend(backend: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [backend])
    connection.close()


@pytest.mark.parametrize("committed", [True, False])
def test_a_claim_of_unknown_outcome_is_found_again_and_puts_nothing_in_doubt(
    *, committed: bool, make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_postgresql():
        pytest.skip("SQLite has no connection to lose.")
    for _ in range(3):
        make_request()
    real, calls = keeping.tell_intents, []

    def cut(requests: list[Claimed], names: dict[int, str]) -> None:
        real(requests, names)
        calls.append(len(requests))
        if len(calls) == 1:
            if committed:
                connection.connection.commit()
            connection.connection.close()

    monkeypatch.setattr(keeping, "tell_intents", cut)
    taken = claimed()
    assert [(one.state, one.intended) for one in taken] == [("buying", True)] * 3
    assert calls == [3] * (1 if committed else 2)
    assert {one.attempt for one in taken} == {1}
    assert Event.objects.filter(kind="intent").count() == 3


@pytest.mark.parametrize("committed", [True, False])
def test_a_commit_of_unknown_outcome_is_looked_at_before_it_is_repeated(
    *,
    committed: bool,
    make_request: MakeRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not is_postgresql():
        pytest.skip("SQLite has no connection to lose.")
    make_request(state="buying")
    requests = claimed()
    real, calls = keeping.keep, []

    def cut(landings: list[Landing]) -> set[int]:
        won = real(landings)
        calls.append(won)
        if len(calls) == 1:
            if committed:
                connection.connection.commit()
            connection.connection.close()
        return won

    monkeypatch.setattr(keeping, "keep", cut)
    assert with_ledger(lambda ledger: land_all(ledger, [issued(requests[0], "PLSK.00000004.0000")])) == [True]
    assert len(calls) == (1 if committed else 2)
    assert License.objects.count() == 1
    assert Event.objects.filter(kind="key_issued").count() == 1


def test_a_ledger_that_dies_leaves_nobody_waiting(make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    make_request()
    (request,) = claimed()

    def die(*_: Any) -> None:
        raise SystemError

    monkeypatch.setattr(Ledger, "_do", die)

    async def ask(ledger: Ledger) -> list[Any]:
        first = await land_all(ledger, [attention(request, "refused", "No.")] * 3)
        second = await asyncio.gather(ledger.claim(5, {}), ledger.ask(list), return_exceptions=True)
        return [*first, *second, ledger.dead]

    *answers, dead = with_ledger(ask)
    assert dead
    assert all(isinstance(one, LedgerStoppedError) for one in answers)


def test_a_question_that_fails_is_its_askers_and_the_ledger_goes_on() -> None:
    async def ask(ledger: Ledger) -> tuple[Any, Any]:
        bad = await asyncio.gather(ledger.ask(lambda: dict[str, str]()["nothing"]), return_exceptions=True)
        return bad[0], await ledger.ask(lambda: threading.current_thread().name)

    bad, name = with_ledger(ask)
    assert isinstance(bad, KeyError)
    assert name == "ledger"


def test_what_waits_when_a_ledger_is_closed_is_still_kept(make_request: MakeRequest) -> None:
    for _ in range(5):
        make_request()
    requests = claimed()

    async def leave(ledger: Ledger) -> list[Any]:
        waiting = [asyncio.ensure_future(ledger.land(attention(one, "refused", "No."))) for one in requests]
        await asyncio.sleep(0)
        await asyncio.to_thread(ledger.close)
        return await asyncio.gather(*waiting)

    assert with_ledger(leave) == [True] * 5


def test_a_database_that_stays_away_ends_the_ledger_and_not_the_requests(
    make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_request()
    (request,) = claimed()
    monkeypatch.setattr(module, "PATIENCE", 0.5)

    def away(_landings: list[Landing]) -> set[int]:
        raise OperationalError

    monkeypatch.setattr(keeping, "keep", away)
    results = with_ledger(lambda ledger: land_all(ledger, [attention(request, "refused", "No.")]))
    assert isinstance(results[0], LedgerStoppedError)
    assert LicenseRequest.objects.filter(leased=True).count() == 1


def test_a_claim_takes_no_more_than_there_is_room_for(make_request: MakeRequest) -> None:
    for state in ["install", "key"] * 5:
        make_request(state=state)
    assert len(claimed(4)) == 4
    assert len(claimed(100)) == 6
