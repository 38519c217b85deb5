"""The HTTP client against real sockets: what becomes of a request that never left, got lost, or was answered badly."""

from __future__ import annotations

import asyncio
import gzip
import socket
from typing import TYPE_CHECKING

import pytest

from ka_plugins.addresses import Reach
from ka_plugins.contract import MisconfiguredError, OutcomeUnknownError, Reply, UnavailableError
from ka_plugins.http import VendorClient
from ka_plugins.simulator.certificates import tls_context

from .vendor_sockets import OK, Answer, Names, answering, attempt, exchange, listening, read_request, silence

if TYPE_CHECKING:
    from pathlib import Path


def test_an_answer_comes_whole_with_lower_case_header_names() -> None:
    reply = exchange(answering(OK))
    assert isinstance(reply, Reply)
    assert (reply.status, reply.body, reply.headers["x-vendor"]) == (200, b"ok", "yes")


@pytest.mark.parametrize("status", [204, 301, 404, 500])
def test_every_status_is_an_answer_and_no_redirect_is_followed(status: int) -> None:
    raw = b"HTTP/1.1 %d X\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n" % status
    reply = exchange(answering(raw), spends=True)
    assert isinstance(reply, Reply)
    assert reply.status == status


LOST = {
    "cut before any answer": answering(b"", reset=True),
    "closed without an answer": answering(b""),
    "cut within the headers": answering(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "cut within the body": answering(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf"),
    "cut within a chunk": answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf"),
    "not HTTP": answering(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "too long by its announcement": answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b"x" * 9000),
    "too long without announcement": answering(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 9000),
    "silent until the time is over": silence,
}


@pytest.mark.parametrize("answer", LOST.values(), ids=LOST.keys())
@pytest.mark.parametrize(("spends", "kind"), [(True, OutcomeUnknownError), (False, UnavailableError)])
def test_a_lost_answer_is_in_doubt_only_where_it_spends(answer: Answer, spends: bool, kind: type) -> None:  # noqa: FBT001
    error = exchange(answer, spends=spends, timeout=0.5, client={"body_limit": 5000})
    assert type(error) is kind
    assert "127.0.0.1:" in str(error)


def test_a_compressed_bomb_ends_at_the_limit() -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    error = exchange(answering(head + bomb), client={"body_limit": 100_000})
    assert type(error) is UnavailableError


def test_a_refused_connection_is_unavailable_even_where_it_spends() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        port = taken.getsockname()[1]
        error = attempt(f"http://127.0.0.1:{port}/", spends=True)
    assert type(error) is UnavailableError
    assert str(error) == f"No connection to 127.0.0.1:{port}: nobody listens on that port."


def test_a_connection_that_never_comes_about_is_unavailable_even_where_it_spends() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        error = attempt(f"http://127.0.0.1:{address[1]}/", spends=True, timeout=1.0)
        for one in waiting:
            one.close()
    assert type(error) is UnavailableError


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (socket.EAI_NONAME, MisconfiguredError),
        (socket.EAI_AGAIN, UnavailableError),
        (socket.EAI_FAIL, UnavailableError),
    ],
)
def test_an_unknown_name_is_misconfigured_and_a_silent_name_server_unavailable(number: int, kind: type) -> None:
    error = attempt("http://ka.example/", Names(error=socket.gaierror(number, "")), spends=True)
    assert type(error) is kind
    assert "ka.example" in str(error)


@pytest.mark.parametrize(
    "url",
    ["ftp://ka.example/", "ka.example", "http:///x", "http://", "http://demo:Sesame@ka.example/", "http://[::1/", ""],
)
def test_an_unusable_url_is_misconfigured_and_not_quoted_with_its_password(url: str) -> None:
    error = attempt(url)
    assert type(error) is MisconfiguredError
    assert "Sesame" not in str(error)


def test_an_untrusted_certificate_is_misconfigured(tmp_path: Path) -> None:
    tls, _ = tls_context(tmp_path, "127.0.0.1")
    error = exchange(answering(OK), tls=tls, url="https://127.0.0.1:{port}/", spends=True)
    assert type(error) is MisconfiguredError
    assert "certificate" in str(error).lower()


def test_a_certificate_is_trusted_by_its_ca_file(tmp_path: Path) -> None:
    tls, ca_file = tls_context(tmp_path, "127.0.0.1")
    reply = exchange(answering(OK), tls=tls, url="https://127.0.0.1:{port}/", ca_file=str(ca_file))
    assert isinstance(reply, Reply)


def test_a_certificate_for_another_host_is_misconfigured(tmp_path: Path) -> None:
    tls, ca_file = tls_context(tmp_path, "127.0.0.1")
    names = {"resolver": Names("127.0.0.1")}
    error = exchange(answering(OK), tls=tls, url="https://ka.example:{port}/", ca_file=str(ca_file), client=names)
    assert type(error) is MisconfiguredError


def test_a_new_ca_file_in_the_place_of_the_old_one_is_read(tmp_path: Path) -> None:
    tls, ca_file = tls_context(tmp_path / "one", "127.0.0.1")
    _, other = tls_context(tmp_path / "two", "127.0.0.1")
    used = tmp_path / "used.pem"
    used.write_bytes(other.read_bytes())
    url = "https://127.0.0.1:{port}/"
    assert type(exchange(answering(OK), tls=tls, url=url, ca_file=str(used))) is MisconfiguredError
    used.write_bytes(ca_file.read_bytes())
    assert isinstance(exchange(answering(OK), tls=tls, url=url, ca_file=str(used)), Reply)


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_an_unusable_ca_file_is_misconfigured_and_named(tmp_path: Path, content: bytes | None) -> None:
    ca_file = tmp_path / "ca.pem"
    if content is not None:
        ca_file.write_bytes(content)
    error = attempt("https://127.0.0.1:1/", ca_file=str(ca_file))
    assert type(error) is MisconfiguredError
    assert "ca.pem" in str(error)


def test_tls_to_a_port_without_tls_is_misconfigured() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    error = exchange(plain, url="https://127.0.0.1:{port}/", spends=True)
    assert type(error) is MisconfiguredError


def test_a_dead_connection_does_not_send_a_request_again() -> None:
    seen: list[bytes] = []

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await read_request(reader))
        writer.write(OK)
        seen.append(await read_request(reader))
        writer.close()

    async def whole() -> None:
        async with listening(once) as port, VendorClient(reach=Reach.PRIVATE) as http:
            url = f"http://127.0.0.1:{port}/"
            await http.send("GET", url)
            with pytest.raises(UnavailableError):
                await http.send("GET", url)
            assert len(seen) == 2

    asyncio.run(whole())


def test_one_connection_serves_many_requests() -> None:
    connections = 0

    async def many(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            await read_request(reader)
            writer.write(OK)

    async def whole() -> None:
        async with listening(many) as port, VendorClient(reach=Reach.PRIVATE) as http:
            url = f"http://127.0.0.1:{port}/"
            for _ in range(5):
                await http.send("POST", url, body=b"x")
            assert connections == 1
            await http.close()

    asyncio.run(whole())


def test_waiting_for_a_slot_does_not_count_as_the_vendors_time() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await asyncio.sleep(0.3)
        writer.write(OK)
        await writer.drain()
        writer.close()

    async def whole() -> None:
        async with listening(slow) as port, VendorClient(reach=Reach.PRIVATE, limit=1) as http:
            url = f"http://127.0.0.1:{port}/"
            replies = await asyncio.gather(*(http.send("POST", url, spends=True, timeout=2.0) for _ in range(3)))
        assert [reply.status for reply in replies] == [200, 200, 200]

    asyncio.run(whole())
