"""A small HTTP/1.1 server: a bare asyncio protocol, so that benchmarks measure the panel and not this."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from ka_plugins.simulator.messages import Cut, Request, Response, head

HEAD_LIMIT: Final = 64 * 1024  # bytes
BODY_LIMIT: Final = 16 * 1024 * 1024  # bytes
# Gets a request and a way to answer it, now or later, exactly once.
Serve = Callable[[Request, Callable[[Response | Cut], None]], None]


class _BadRequestError(Exception):
    """The request cannot be served; the connection ends with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class HttpProtocol(asyncio.Protocol):
    """One connection: requests are read one after the other, each answered before the next is served."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._received = bytearray()
        self._busy = False
        self._continued = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what asyncio promises for streams
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Serve what is complete."""
        self._received += data
        self._next()

    def _next(self) -> None:
        if self._busy or self._transport.is_closing():
            return
        try:
            request = self._take()
        except _BadRequestError as error:
            self._write(Response(b"", error.status, "text/plain"), close=True)
            return
        if request is not None:
            self._busy = True
            close = _wants_close(request)
            self._serve(request, lambda answer: self._answer(answer, close=close))

    def _answer(self, answer: Response | Cut, *, close: bool) -> None:
        if self._transport.is_closing():
            return
        if isinstance(answer, Cut):
            self._transport.abort()
            return
        self._write(answer, close=close or answer.endless or answer.cut_at is not None)
        self._busy = False
        if self._received:
            self._next()

    def _write(self, response: Response, *, close: bool) -> None:
        body = response.body if response.cut_at is None else response.body[: response.cut_at]
        self._transport.write(head(response, close=close) + body)
        if close:
            self._transport.close()

    def _take(self) -> Request | None:
        """The next whole request, None while parts of it are on the way."""
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            if len(self._received) > HEAD_LIMIT:
                raise _BadRequestError(431)
            return None
        method, target, headers = _read_head(bytes(self._received[:end]))
        start = end + 4
        if "chunked" in headers.get("transfer-encoding", "").lower():
            found = _read_chunks(self._received, start)
        else:
            found = _read_length(self._received, start, headers.get("content-length", "0"))
        if found is None:
            self._invite(headers)
            return None
        body, stop = found
        del self._received[:stop]
        self._continued = False
        path, _, query = target.partition("?")
        scheme = "https" if self._transport.get_extra_info("sslcontext") else "http"
        return Request(method, path, query, headers, body, scheme)

    def _invite(self, headers: dict[str, str]) -> None:
        if not self._continued and headers.get("expect", "").lower() == "100-continue":
            self._continued = True
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def _read_head(text: bytes) -> tuple[str, str, dict[str, str]]:
    lines = text.decode("latin-1").split("\r\n")
    try:
        method, target, version = lines[0].split(" ")
    except ValueError:
        raise _BadRequestError(400) from None
    headers: dict[str, str] = {":version": version}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise _BadRequestError(400)
        headers[name.strip().lower()] = value.strip()
    return method, target, headers


def _read_length(received: bytearray, start: int, length: str) -> tuple[bytes, int] | None:
    if not length.isdigit():
        raise _BadRequestError(400)
    stop = start + int(length)
    if stop - start > BODY_LIMIT:
        raise _BadRequestError(413)
    return (bytes(received[start:stop]), stop) if len(received) >= stop else None


def _read_chunks(received: bytearray, start: int) -> tuple[bytes, int] | None:
    body = bytearray()
    while (line_end := received.find(b"\r\n", start)) >= 0:
        try:
            size = int(bytes(received[start:line_end]).split(b";")[0], 16)
        except ValueError:
            raise _BadRequestError(400) from None
        if size == 0:
            stop = received.find(b"\r\n", line_end + 2)
            return (bytes(body), stop + 2) if stop >= 0 else None
        if len(body) + size > BODY_LIMIT:
            raise _BadRequestError(413)
        body += received[line_end + 2 : line_end + 2 + size]
        start = line_end + 2 + size + 2
        if start > len(received):
            return None
    return None


def _wants_close(request: Request) -> bool:
    wishes = {wish.strip().lower() for wish in request.headers.get("connection", "").split(",")}
    return "close" in wishes or (request.headers[":version"] == "HTTP/1.0" and "keep-alive" not in wishes)
