"""What wakes a waiting engine: a ring in this process, a NOTIFY from another, or a time that has come."""

import asyncio
import logging
from contextlib import suppress
from typing import Any

from django.db import connection

from licenses.bell import CHANNEL

logger = logging.getLogger(__name__)


class Alarm:
    """One engine's alarm clock, of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._rung = loop, asyncio.Event()
        self._ear: Any = None
        self._socket = -1

    async def listen(self) -> None:
        """Hear NOTIFY from other processes. Without PostgreSQL there are none; without a connection none is heard."""
        if connection.vendor != "postgresql":
            return
        try:
            self._ear = await asyncio.to_thread(_open_ear)
        except Exception as error:  # noqa: BLE001 (deaf is no reason not to work)
            logger.warning("Nothing can be heard (%s); due requests are found by looking.", type(error).__name__)
            return
        self._socket = self._ear.fileno()  # a lost connection would not tell it any more
        self._loop.add_reader(self._socket, self._hear)

    def _hear(self) -> None:
        try:
            self._ear.poll()
            self._ear.notifies.clear()
        except Exception:  # noqa: BLE001 (a deaf engine still looks every tick)
            logger.warning("The connection that listens was lost; due requests are found by looking.")
            self.close()
        self.ring()

    def ring(self) -> None:
        """Wake the engine, from its own loop."""
        self._rung.set()

    def ring_from_thread(self) -> None:
        """Wake the engine, from any thread; one that has ended meanwhile is no error of who rings."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._rung.set)

    def ring_in(self, seconds: float) -> None:
        """Wake the engine when a request is due again."""
        self._loop.call_later(seconds, self._rung.set)

    async def wait(self, seconds: float) -> None:
        """Until it rings, at most so long. Each ring wakes once: a full engine must not spin on an old one."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        self._rung.clear()

    def close(self) -> None:
        """Hear nothing more; safe to repeat."""
        if self._ear is not None:
            self._loop.remove_reader(self._socket)
            self._ear.close()
            self._ear = None


def _open_ear() -> Any:
    """A connection of its own that listens, outside Django's, which a task would close."""
    own = connection.copy()
    ear = own.get_new_connection(own.get_connection_params())
    ear.autocommit = True
    with ear.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
    return ear
