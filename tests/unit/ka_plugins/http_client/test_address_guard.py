"""What the panel's own machine can reach must not be reachable through a configuration."""

from __future__ import annotations

import asyncio
import ipaddress

import pytest

from ka_plugins.addresses import GuardedResolver, Reach
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
        attempt(f"http://{written}:1/", reach=Reach.PUBLIC),
        attempt("http://ka.example:1/", Names(host), reach=Reach.PUBLIC),
    ):
        assert type(error) is MisconfiguredError
        assert "not a public address" in str(error)


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "localhost"])
def test_other_spellings_of_loopback_are_refused(host: str) -> None:
    assert type(attempt(f"http://{host}:1/", reach=Reach.PUBLIC)) is MisconfiguredError


def test_the_guard_connects_to_what_it_checked_and_asks_once() -> None:
    names = Names("127.0.0.1", "192.0.2.1")
    error = attempt("http://ka.example:1/", names, reach=Reach.PUBLIC, timeout=0.5)
    assert error is not None
    assert names.asked == 1


def test_of_several_addresses_only_public_ones_are_left() -> None:
    guard = GuardedResolver(Reach.PUBLIC, Names("10.0.0.1", "1.1.1.1", "127.0.0.1"))
    found = asyncio.run(guard.resolve("ka.example", 443))
    assert [one["host"] for one in found] == ["1.1.1.1"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_where_loopback_is_open_this_machine_is_reached(host: str) -> None:
    assert Reach.LOOPBACK.covers(ipaddress.ip_address(host))
    assert not Reach.PUBLIC.covers(ipaddress.ip_address(host))


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "fc00::1", "::ffff:10.0.0.1"]
)
def test_where_loopback_is_open_private_networks_stay_closed(host: str) -> None:
    assert not Reach.LOOPBACK.covers(ipaddress.ip_address(host))
    assert Reach.PRIVATE.covers(ipaddress.ip_address(host))


def test_private_addresses_are_open_where_they_are_allowed() -> None:
    assert isinstance(exchange(answering(OK), client={"reach": Reach.PRIVATE}), Reply)
