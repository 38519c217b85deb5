"""A TCP door before a server of this machine, which cuts, delays, swallows and refuses on request."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Self

CHUNK = 65536
KEPT = 1 << 20  # bytes of what a connection has said
SECONDS = 10.0
HOST = "127.0.0.1"


class Proxy:
    """Lets everything through until told otherwise; usable as a context manager. `port` stays the same."""

    def __init__(self, target: int) -> None:
        """`target` is the port of the server behind it."""
        self._target, self.port = target, 0
        self.connections = 0  # how often somebody came
        self.delay = 0.0  # seconds by which each answer is late
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._open: set[asyncio.StreamWriter] = set()
        self._loses: Callable[[bytes], bool] | None = None
        self.lost = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self.allow()
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SECONDS)
        self._loop.close()

    def allow(self) -> None:
        """Listen, again."""
        self._do(self._listen())

    def refuse(self) -> None:
        """Cut all connections and take no new ones: nothing listens here any more."""
        self._do(self._stop())

    def lose_answer(self, to: Callable[[bytes], bool]) -> None:
        """Carry the next message of which `to` says yes, wait for its answer, swallow that, and cut the connection.

        `to` sees the last that the connection has said. `lost` says that it has happened.
        """
        self.lost.clear()
        self._loses = to

    # -- in the thread

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(SECONDS)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._carry, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        self._server.close()
        for writer in tuple(self._open):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _end(self) -> None:
        await self._stop()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _carry(self, asks: asyncio.StreamReader, hears: asyncio.StreamWriter) -> None:
        self.connections += 1
        says = bytearray()
        try:
            answers, there = await asyncio.open_connection(HOST, self._target)
        except OSError:
            hears.transport.abort()
            return
        both = {hears, there}
        self._open |= both
        try:
            async with asyncio.TaskGroup() as ways:
                ways.create_task(self._there(asks, there, says))
                ways.create_task(self._back(answers, hears, says))
        except* OSError:
            pass
        finally:
            self._open -= both
            for writer in both:
                writer.transport.abort()

    async def _there(self, asks: asyncio.StreamReader, there: asyncio.StreamWriter, says: bytearray) -> None:
        while text := await asks.read(CHUNK):
            says += text
            del says[:-KEPT]
            there.write(text)
            await there.drain()
        raise ConnectionResetError

    async def _back(self, answers: asyncio.StreamReader, hears: asyncio.StreamWriter, says: bytearray) -> None:
        while text := await answers.read(CHUNK):
            if self._loses is not None and self._loses(bytes(says)):
                self._loses = None
                self.lost.set()
                break
            await asyncio.sleep(self.delay)
            hears.write(text)
            await hears.drain()
        raise ConnectionResetError
