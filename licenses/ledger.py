"""All database work of an engine, in one thread: whatever landings wait are committed together.

Natural batching: while one commit runs, the next batch gathers; no timer. A coroutine goes on only after the commit
that holds its move, so no call starts before its intent is durable.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from django.db import InterfaceError, OperationalError, close_old_connections, connection, transaction

from licenses import keeping
from licenses.claimed import Claimed, Classes, Landing, from_row, load
from licenses.models import LicenseRequest, PluginConfiguration
from licenses.points import point
from licenses.statements import Room, claim, lock_claims, open_rooms

logger = logging.getLogger(__name__)

MOST = 500  # landings in one commit
PATIENCE = 30.0  # seconds to wait for a database that is away before the drain ends


@dataclass(frozen=True, slots=True)
class Claims:
    """What one claim brought: requests, and how the vendors of their configurations stand."""

    requests: list[Claimed]
    parkings: dict[int, int]
    configurations: list[PluginConfiguration]  # those that the engine knew in an older version or not at all


class LedgerStoppedError(Exception):
    """The ledger gave up; the engine ends and its rows come back by their leases."""


Work = tuple[Callable[[], Any] | Landing, "asyncio.Future[Any]"]


class Ledger(Thread):
    """The thread. Its three verbs are awaited from the engine's loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, lease: float) -> None:
        super().__init__(name="ledger", daemon=True)
        self._loop, self._lease = loop, lease
        self._queue: SimpleQueue[Work | None] = SimpleQueue()
        self._classes: Classes = {}
        self.dead = False

    # -- from the loop

    async def claim(self, room: int, known: dict[int, int]) -> Claims:
        """Lease up to `room` due requests; `known` is which version of which configuration the engine has."""
        claims: Claims = await self._put(lambda: self._claim(room, known))
        return claims

    async def land(self, landing: Landing) -> bool:
        """Commit a landing. False: the request is not ours any more. Raises whatever its own bad data led to."""
        won: bool = await self._put(landing)
        return won

    async def ask(self, question: Callable[[], Any]) -> Any:
        """Run a read in the ledger's thread."""
        return await self._put(question)

    def close(self) -> None:
        """Commit what waits, then end the thread."""
        self._queue.put(None)
        self.join()

    def _put(self, work: Callable[[], Any] | Landing) -> "asyncio.Future[Any]":
        future: asyncio.Future[Any] = self._loop.create_future()
        self._queue.put((work, future))
        if self.dead:  # looked at after the putting: a ledger that dies just now would leave it unanswered
            future.set_exception(LedgerStoppedError())
        return future

    # -- in the thread

    def run(self) -> None:
        """Serve until closed; whatever happens, no future is left hanging."""
        batch: list[Work] = []
        try:
            while (batch := self._gather()) is not None:  # type: ignore[assignment]
                self._answer([(future, result) for future, result in self._do(batch)])
                batch = []
        except Exception:
            self.dead = True
            logger.exception("The ledger gave up; the drain ends and its requests come back by their leases.")
            self._answer([(future, LedgerStoppedError()) for _, future in batch])
            while (rest := self._next()) is not None:
                self._answer([(rest[1], LedgerStoppedError())])
        finally:
            connection.close()

    def _gather(self) -> list[Work] | None:
        first = self._queue.get()
        if first is None:
            return None
        batch = [first]
        while len(batch) < MOST and (more := self._next()) is not None:
            batch.append(more)
        return batch

    def _next(self) -> Work | None:
        try:
            work = self._queue.get_nowait()
        except Empty:
            return None
        if work is None:  # closing: served after this batch
            self._queue.put(None)
        return work

    def _do(self, batch: list[Work]) -> list[tuple["asyncio.Future[Any]", Any]]:
        landings = [(work, future) for work, future in batch if isinstance(work, Landing)]
        results: list[tuple[asyncio.Future[Any], Any]] = []
        if landings:
            outcomes = self._land([landing for landing, _ in landings])
            results = [(future, outcome) for (_, future), outcome in zip(landings, outcomes, strict=True)]
        for work, future in batch:
            if not isinstance(work, Landing):
                results.append((future, self._answer_to(work)))
        return results

    def _answer_to(self, question: Callable[[], Any]) -> Any:
        try:
            return self._patiently(question)
        except LedgerStoppedError:
            raise
        except Exception as error:  # noqa: BLE001 (it is the asker's, and the ledger goes on)
            return error

    def _answer(self, results: list[tuple["asyncio.Future[Any]", Any]]) -> None:
        def deliver() -> None:
            for future, result in results:
                if future.done():  # its coroutine was cancelled meanwhile
                    continue
                if isinstance(result, Exception):
                    future.set_exception(result)
                else:
                    future.set_result(result)

        self._loop.call_soon_threadsafe(deliver)

    def _land(self, landings: list[Landing]) -> list[bool | Exception]:
        """Commit landings together; where one holds bad data, halve until it stands alone with its error."""

        def together() -> list[bool]:
            with transaction.atomic():
                won = keeping.keep(landings)
            return [landing.claimed.id in won for landing in landings]

        try:
            return list(self._patiently(together, landed=lambda: _landed(landings)))
        except LedgerStoppedError:
            raise
        except Exception as error:  # noqa: BLE001 (bad data may break in any way; it must break its own landing only)
            if len(landings) == 1:
                return [error]
            half = len(landings) // 2
            return [*self._land(landings[:half]), *self._land(landings[half:])]

    def _patiently(self, work: Callable[[], Any], landed: Callable[[], Any] | None = None) -> Any:
        """Do it; where the connection was lost, look whether it was done before it is repeated."""
        until = time.monotonic() + PATIENCE
        lost = False
        while True:
            try:
                if lost and landed is not None and (before := landed()) is not None:
                    return before
                return work()
            except (OperationalError, InterfaceError) as error:
                if time.monotonic() > until:
                    raise LedgerStoppedError from error
                logger.warning("The database did not take a batch (%s); trying again.", type(error).__name__)
                lost = True
                connection.close()
                time.sleep(0.2)

    def _claim(self, room: int, known: dict[int, int]) -> Claims:
        """Take what is due. It may be the intent to buy, so a claim of unknown outcome is looked for, not repeated."""
        close_old_connections()
        rooms: list[Room] = []
        requests: list[Claimed] = []

        def take() -> None:
            rooms.clear()
            requests.clear()
            with transaction.atomic():
                lock_claims()
                rooms.extend(open_rooms())
                requests.extend(self._due(rooms, room))
                point("before_intent")
                keeping.tell_intents(requests, {one.configuration: one.name for one in rooms})

        self._patiently(take, landed=lambda: _taken(requests) or None)
        load(requests, self._classes)
        stale = [one.configuration for one in rooms if known.get(one.configuration) != one.version]
        configurations = list(PluginConfiguration.objects.filter(pk__in=stale)) if stale else []
        return Claims(requests, {one.configuration: one.parkings for one in rooms}, configurations)

    def _due(self, rooms: list[Room], most: int) -> list[Claimed]:
        """Lease due requests, of every configuration its share."""
        rows: list[tuple[Any, ...]] = []
        for number, one in enumerate(rooms):
            share = (most - len(rows)) // (len(rooms) - number)
            own = self._take(one.configuration, share, vendor=False) if one.has_own else []
            rows += own + self._take(one.configuration, min(share - len(own), one.free), vendor=True)
        return [from_row(row) for row in rows]

    def _take(self, configuration: int, most: int, *, vendor: bool) -> list[tuple[Any, ...]]:
        return claim(configuration, most=most, lease=self._lease, vendor=vendor) if most > 0 else []


def _taken(requests: list[Claimed]) -> bool:
    """After a claim of unknown outcome: whether it was committed. It is one transaction, so one row proves all."""
    attempts = {one.id: one.attempt for one in requests}
    rows = LicenseRequest.objects.filter(pk__in=attempts).values_list("pk", "attempt")
    return any(attempts[pk] == attempt for pk, attempt in rows)


def _landed(landings: list[Landing]) -> list[bool] | None:
    """After a commit of unknown outcome: who had won, or None where nothing was committed.

    A batch is one transaction, so one changed row of ours proves all.
    """
    ids = [landing.claimed.id for landing in landings]
    now = {pk: (attempt, state) for pk, attempt, state in LicenseRequest.objects.filter(pk__in=ids).values_list(
        "pk", "attempt", "state"
    )}  # fmt: skip
    there = [now.get(one.move.request) == (one.move.attempt, one.move.to) for one in landings]
    moved = any(yes and one.move.to != one.move.state for yes, one in zip(there, landings, strict=True))
    return there if moved else None
