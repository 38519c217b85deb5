"""A worker in the test's own thread and transaction: the real engine claims once, and may die or be overtaken."""

import asyncio
from collections.abc import Callable
from threading import Thread
from typing import Any

from ka_plugins.addresses import Reach
from ka_plugins.http import VendorClient
from licenses.alarm import Alarm
from licenses.claimed import Landing
from licenses.engine import Engine
from licenses.ledger import Ledger, LedgerStoppedError, Work


class Here(Ledger):
    """The engine's ledger, at work in the test's own thread and transaction; its worker may die."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, dies_at: int | None, before: Callable[[], None]) -> None:
        super().__init__(loop, lease=60)
        self.kept, self.dies_at, self.before = 0, dies_at, before

    def serve(self) -> None:
        """As `run`, but what it is connected to stays open."""
        while (batch := self._gather()) is not None:
            self._answer([(future, result) for future, result in self._do(batch)])

    def _do(self, batch: list[Work]) -> list[tuple["asyncio.Future[Any]", Any]]:
        if any(isinstance(work, Landing) for work, _ in batch):
            if self.kept == self.dies_at:  # whatever its calls have brought is lost with it
                return [(future, LedgerStoppedError()) for _, future in batch]
            self.kept += 1
            before, self.before = self.before, nothing
            before()
        return super()._do(batch)


def nothing() -> None:
    """Nothing happens meanwhile."""


class Deaf(Alarm):
    """An alarm for an engine that is run once: nobody waits for it."""

    def ring_in(self, seconds: float) -> None:
        """Nobody hears it."""


def work(*, room: int = 3, dies_at: int | None = None, before: Callable[[], None] = nothing) -> None:
    """A worker that claims once and walks what it got until that stops; before its first landing something happens."""
    loop = asyncio.new_event_loop()
    ledger = Here(loop, dies_at=dies_at, before=before)

    async def one_claim() -> None:
        engine = Engine()
        engine.slots, engine.ledger, engine.alarm = room, ledger, Deaf(loop)
        engine.http = VendorClient(reach=Reach.PRIVATE)
        try:
            await engine._claim()
            await asyncio.gather(*engine.running, return_exceptions=True)
        finally:
            await engine.http.close()

    def run() -> None:
        try:
            loop.run_until_complete(one_claim())
        finally:
            ledger._queue.put(None)

    thread = Thread(target=run)
    thread.start()
    ledger.serve()
    thread.join()
    loop.close()
