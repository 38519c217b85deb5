"""What the panel's own machine can reach must not be reachable through a configuration."""

from __future__ import annotations

import asyncio

import pytest

from ka_plugins.addresses import GuardedResolver
from ka_plugins.contract import MisconfiguredError, Reply

from .vendor_sockets import OK, Names, answering, attempt, exchange


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::7f00:1",
        "2001:db8::1",
    ],
)
def test_an_address_that_is_not_public_is_refused_written_out_and_behind_a_name(host: str) -> None:
    written = f"[{host}]" if ":" in host else host
    for error in (
        attempt(f"http://{written}:1/", allow_private=False),
        attempt("http://ka.example:1/", Names(host), allow_private=False),
    ):
        assert type(error) is MisconfiguredError
        assert "not a public address" in str(error)


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "localhost"])
def test_other_spellings_of_loopback_are_refused(host: str) -> None:
    assert type(attempt(f"http://{host}:1/", allow_private=False)) is MisconfiguredError


def test_the_guard_connects_to_what_it_checked_and_asks_once() -> None:
    names = Names("127.0.0.1", "192.0.2.1")
    error = attempt("http://ka.example:1/", names, allow_private=False, timeout=0.5)
    assert error is not None
    assert names.asked == 1


def test_of_several_addresses_only_public_ones_are_left() -> None:
    found = asyncio.run(GuardedResolver(Names("10.0.0.1", "1.1.1.1", "127.0.0.1")).resolve("ka.example", 443))
    assert [one["host"] for one in found] == ["1.1.1.1"]


def test_private_addresses_are_open_where_they_are_allowed() -> None:
    assert isinstance(exchange(answering(OK), client={"allow_private": True}), Reply)
