"""The panel's HTTP client for plug-ins: one request, sent at most once, answered whole or by a clear error."""

from __future__ import annotations

import asyncio
import errno
import functools
import os
import socket
import ssl
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import aiohttp
from yarl import URL

from ka_plugins.addresses import AddressRefusedError, GuardedResolver, Reach, literal
from ka_plugins.contract import MisconfiguredError, OutcomeUnknownError, PluginError, Reply, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from aiohttp.abc import AbstractResolver

BODY_LIMIT: Final = 10 * 1024 * 1024  # bytes; the largest license file that the panel takes
CONNECT_SECONDS: Final = 10.0
TOTAL_SECONDS: Final = 30.0
FIXED_TLS_GOODBYE: Final = (3, 12, 7)
KEEP_SECONDS: Final = 5.0  # shorter than usual servers keep a connection, so that none dies under a request

# The name is settled: it does not exist. Everything else that a resolver reports may pass.
NO_SUCH_NAME: Final = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
# A peer that does not speak TLS at all stays that way until host or port are mended.
NOT_TLS: Final = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNSUPPORTED_PROTOCOL"}


class _BodyTooLargeError(aiohttp.ClientError):
    """The answer is longer than the client reads."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where URLs lead; `label` is how errors name it, without path, query or credentials."""

    host: str
    label: str
    tls: bool


def _read_url(text: str) -> URL:
    try:
        return URL(text)
    except ValueError:
        raise MisconfiguredError("The address of the key server is not a valid URL.") from None


def _place_of(url: URL) -> _Place:
    host, port = url.host, url.port
    if url.scheme not in {"http", "https"} or not host or port is None:
        raise MisconfiguredError("The address of the key server needs http:// or https:// and a host name.")
    if url.user is not None or url.password is not None:
        raise MisconfiguredError("The address of the key server must not contain a login or password.")
    return _Place(host, f"{host}:{port}", url.scheme == "https")


@functools.lru_cache(maxsize=64)
def _trust(ca_file: str, _changed: int) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file or None)


def _tls(ca_file: str) -> ssl.SSLContext:
    """The trust for one connection, kept until the CA file changes; without a file the system's own."""
    try:
        return _trust(ca_file, Path(ca_file).stat().st_mtime_ns if ca_file else 0)
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "strerror", None) or "it holds no certificate"
        raise MisconfiguredError(f"The CA file {ca_file} cannot be used: {reason}.") from None


@functools.lru_cache(maxsize=64)
def _until_connected(seconds: float) -> aiohttp.ClientTimeout:
    # Waiting for a slot is over by now, so `connect` is name, connection and TLS: nothing is sent before its end.
    return aiohttp.ClientTimeout(total=None, connect=min(CONNECT_SECONDS, seconds * 0.8))


class VendorClient:
    """`HttpClient` on aiohttp. Make it inside a running loop and close it there; share it between configurations.

    `reach` is what the address guard lets through, `limit` is how many requests may be under way at once (more wait),
    `body_limit` (bytes) how much of an answer is read.
    """

    def __init__(
        self,
        *,
        reach: Reach,
        limit: int = 1000,
        body_limit: int = BODY_LIMIT,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._reach, self._body_limit = reach, body_limit
        self._places: dict[tuple[str, str], _Place] = {}  # by scheme and authority; as few as there are vendors
        self._slots = asyncio.Semaphore(limit)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=GuardedResolver(reach, resolver),
                limit=0,  # the slots above are the limit: waiting in the connector would look like a slow vendor
                keepalive_timeout=KEEP_SECONDS,
                # Older Pythons leave a TLS connection open whose peer never answers the goodbye.
                enable_cleanup_closed=sys.version_info < FIXED_TLS_GOODBYE,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "identity", "User-Agent": "pbas"},
            trust_env=False,
        )
        # aiohttp repeats a GET or PUT by itself when a kept connection dies; some vendors bill for a GET.
        self._session._retry_connection = False  # noqa: SLF001

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections; safe to repeat."""
        await self._session.close()

    async def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        spends: bool = False,
        timeout: float | None = None,  # noqa: ASYNC109 - the contract's name; aiohttp does the timing
        ca_file: str = "",
    ) -> Reply:
        """Send one request once and read the whole answer, whatever its status; errors as in `HttpClient.send`.

        `timeout` is in seconds from the moment a slot is free to the last byte of the answer.
        """
        address = _read_url(url)
        place = self._place(address)
        trust = _tls(ca_file) if place.tls else True
        seconds = TOTAL_SECONDS if timeout is None else timeout
        options = {"data": body or None, "headers": headers, "ssl": trust, "timeout": _until_connected(seconds)}
        async with self._slots:
            try:
                async with asyncio.timeout(seconds):  # one timer; aiohttp's own is looked at whenever it waits
                    return await self._exchange(method, address, **options)
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
                raise _not_sent(error, place) from None
            except (aiohttp.ClientError, OSError) as error:
                raise _lost(error, place, seconds, self._body_limit, spends=spends) from None

    async def _exchange(self, method: str, url: URL, **options: Any) -> Reply:
        answer = await self._session.request(method, url, allow_redirects=False, **options)
        try:
            content = await self._read(answer)
        except BaseException:
            answer.close()
            raise
        return Reply(answer.status, {name.lower(): value for name, value in answer.headers.items()}, content)

    def _place(self, url: URL) -> _Place:
        """Looked at once: an address that is written out is checked here, a name whenever it is resolved."""
        origin = (url.scheme, url.raw_authority)
        if origin not in self._places:
            self._places[origin] = self._checked(_place_of(url))
        return self._places[origin]

    def _checked(self, place: _Place) -> _Place:
        address = literal(place.host)
        if address is not None and not self._reach.covers(address):
            raise _refused_address(place, str(address))
        return place

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        """The body; when it is whole, its connection has gone back to the others."""
        length = answer.content_length
        if length is not None and length > self._body_limit:
            raise _BodyTooLargeError
        if answer.content.is_eof():  # it came with its head, as short ones do
            content = answer.content.read_nowait()
            if len(content) > self._body_limit:
                raise _BodyTooLargeError
            return content
        parts, size = [], 0
        async for part in answer.content.iter_any():
            size += len(part)
            if size > self._body_limit:
                raise _BodyTooLargeError
            parts.append(part)
        return b"".join(parts)


def _refused_address(place: _Place, address: str) -> MisconfiguredError:
    which = place.label if address == place.host else f"{place.label} ({address})"
    return MisconfiguredError(
        f"{which} is not a public address. If the key server really is in a private network, allow private "
        "addresses in the panel's settings."
    )


def _not_sent(error: Exception, place: _Place) -> PluginError:
    """The error of a request of which nothing can have reached the vendor."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        reason = getattr(error.certificate_error, "verify_message", "") or "it is not trusted"
        return MisconfiguredError(f"The certificate of {place.label} was not accepted: {reason}.")
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return _no_tls(error.os_error, place)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return _no_name(error.os_error, place)
    if isinstance(error, aiohttp.ClientConnectorError):
        return UnavailableError(f"No connection to {place.label}: {_why_not(error.os_error)}.")
    if isinstance(error, aiohttp.InvalidURL):
        return MisconfiguredError(f"{place.label} is not a valid address of a key server.")
    return UnavailableError(f"No connection to {place.label} within {CONNECT_SECONDS:g} seconds.")


def _why_not(cause: OSError) -> str:
    """Why there is no connection; asyncio's own text quotes its call."""
    if cause.errno == errno.ECONNREFUSED:
        return "nobody listens on that port"
    return os.strerror(cause.errno) if cause.errno else cause.strerror or "it was not accepted"


def _no_tls(cause: OSError, place: _Place) -> PluginError:
    reason = getattr(cause, "reason", "") or "no agreement"
    if reason in NOT_TLS:
        return MisconfiguredError(f"{place.label} does not speak TLS ({reason}); check scheme and port.")
    return UnavailableError(f"No TLS connection to {place.label}: {reason}.")


def _no_name(cause: OSError, place: _Place) -> PluginError:
    if isinstance(cause, AddressRefusedError):
        return _refused_address(place, str(cause.filename))
    if isinstance(cause, socket.gaierror) and cause.errno in NO_SUCH_NAME:
        return MisconfiguredError(f"There is no host of the name {place.host}.")
    return UnavailableError(f"The name {place.host} could not be resolved for now.")


def _lost(error: Exception, place: _Place, seconds: float, body_limit: int, *, spends: bool) -> PluginError:
    """The error of a request that was sent, or may have been, and has no whole answer."""
    if isinstance(error, _BodyTooLargeError):
        what = f"The answer of {place.label} is larger than {body_limit} bytes and was not read."
    elif isinstance(error, TimeoutError):
        what = f"{place.label} gave no whole answer within {seconds:g} seconds."
    else:
        what = f"The connection to {place.label} broke before the answer was whole."
    return OutcomeUnknownError(what) if spends else UnavailableError(what)
