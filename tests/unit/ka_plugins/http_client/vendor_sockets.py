"""Real sockets and name services that behave as a test wants them to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp.abc import AbstractResolver, ResolveResult

from ka_plugins.addresses import Reach
from ka_plugins.contract import PluginError, Reply
from ka_plugins.http import VendorClient

if TYPE_CHECKING:
    import ssl

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Vendor: yes\r\n\r\nok"


class Names(AbstractResolver):
    """A name service with the answers of a test."""

    def __init__(self, *addresses: str, error: OSError | None = None) -> None:
        self.addresses, self.error, self.asked = addresses, error, 0

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        del family
        self.asked += 1
        if self.error is not None:
            raise self.error
        kind = socket.AF_INET6 if ":" in self.addresses[0] else socket.AF_INET
        return [
            ResolveResult(hostname=host, host=one, port=port, family=kind, proto=0, flags=0) for one in self.addresses
        ]

    async def close(self) -> None:
        pass


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    return head + await reader.readexactly(length)


def answering(raw: bytes, *, reset: bool = False) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        if reset:
            writer.transport.abort()
            return
        writer.write(raw)
        await writer.drain()
        writer.close()

    return answer


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    del writer
    await reader.read()


@contextlib.asynccontextmanager
async def listening(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that answers so; its port. At the end no connection of it is left."""
    under_way: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way.add(task := asyncio.current_task())  # type: ignore[arg-type]
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, OSError):
                await answer(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            under_way.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        while under_way:
            await asyncio.wait(under_way, timeout=5)


def exchange(answer: Answer, *, tls: ssl.SSLContext | None = None, **options: Any) -> Reply | PluginError:
    """What a client gets from a server that answers so; `{port}` in the URL is that server's."""
    client_options = {"reach": Reach.PRIVATE, **options.pop("client", {})}

    async def whole() -> Reply | PluginError:
        where = options.pop("url", "http://127.0.0.1:{port}/")
        async with listening(answer, tls) as port, VendorClient(**client_options) as http:
            try:
                return await http.send("POST", where.format(port=port), body=b"x", **options)
            except PluginError as error:
                return error

    return asyncio.run(whole())


def attempt(url: str, resolver: AbstractResolver | None = None, **options: Any) -> Exception | None:
    async def whole() -> Exception | None:
        async with VendorClient(reach=options.pop("reach", Reach.PRIVATE), resolver=resolver) as http:
            try:
                await http.send("POST", url, body=b"x", **options)
            except PluginError as error:
                return error
            return None

    return asyncio.run(whole())
