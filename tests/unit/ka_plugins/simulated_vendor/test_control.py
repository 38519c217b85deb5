"""The simulator's own door: ledger, clock, faults, and a state that outlives a power cut."""

from __future__ import annotations

import json
import urllib.error
from typing import TYPE_CHECKING, Any

import pytest

from ka_plugins.simulator.running import RunningSimulator

from .asking import SERVER, buy, code

if TYPE_CHECKING:
    from pathlib import Path


def test_the_clock_moves_forward_and_keys_expire() -> None:
    with RunningSimulator() as vendor:
        number = buy(vendor)
        vendor.move_clock(39)
        assert code(vendor, "retrieveKey", number) == 100
        vendor.move_clock(2)
        assert code(vendor, "retrieveKey", number) == 228
        assert code(vendor, "renewKey", number) == 100
        assert code(vendor, "retrieveKey", number) == 100
        with pytest.raises(urllib.error.HTTPError):
            vendor.move_clock(-1)


def test_the_ledger_counts_calls_and_sales() -> None:
    with RunningSimulator() as vendor:
        assert vendor.ledger()["sales"] == []
        number = buy(vendor)
        code(vendor, "createKey", SERVER, "1", "NO_SUCH", [])
        ledger = vendor.ledger()
        assert ledger["calls"] == {"createKey": 2}
        (sale,) = ledger["sales"]
        assert (sale["number"], sale["type"], sale["client"], sale["terminated"]) == (
            number,
            "PLESK_10_AND_LATER",
            "1",
            False,
        )
        assert sale["time"].endswith("+00:00")


@pytest.mark.parametrize(
    ("door", "order"),
    [
        ("faults", {"method": "createKey", "fault": "no such fault"}),
        ("faults", {"method": "createKey", "fault": "late", "times": 0}),
        ("latency", {}),
        ("latency", {"milliseconds": -1}),
        ("keys", {"number": "PLSK.99999999", "problem": True}),
        ("clock", {"advance_days": "many"}),
        ("clock", {"days": 31}),
        ("nothing", {}),
    ],
)
def test_an_order_to_the_simulator_that_makes_no_sense_is_refused(
    vendor: RunningSimulator, door: str, order: dict[str, Any]
) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        vendor.control("POST", door, **order)
    assert json.load(caught.value)["error"]
    caught.value.close()


def test_faults_wait_in_order_and_are_used_up(vendor: RunningSimulator) -> None:
    vendor.heal()
    vendor.fault("validateLogin", "role", times=2)
    vendor.fault("*", "300_once")
    assert [code(vendor, "validateLogin") for _ in range(4)] == [201, 201, 300, 100]
    assert vendor.control("GET", "faults")["waiting"] == []


def test_what_was_sold_outlives_a_power_cut(tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    with RunningSimulator(state=state) as vendor:
        number = buy(vendor, "PLESK_10_AND_LATER", "10_DOMAINS")
        code(vendor, "terminateKey", number)
        vendor.move_clock(3)
        other = buy(vendor)
        before = vendor.ledger()
        vendor.kill()
    with state.open("a") as file:
        file.write('{"dialect": "plesk_ka", "key": {"torn')
    with RunningSimulator(state=state) as vendor:
        after = vendor.ledger()
        assert after["sales"] == before["sales"]
        assert after["calls"] == before["calls"]
        assert after["advanced_days"] == 3
        assert code(vendor, "terminateKey", number) == 110
        assert code(vendor, "retrieveKey", other) == 100


def test_the_same_certificate_serves_after_a_restart(tmp_path: Path) -> None:
    with RunningSimulator(cert_dir=tmp_path) as vendor:
        first = (tmp_path / "ca.pem").read_bytes()
        assert vendor.ca_file == str(tmp_path / "ca.pem")
    with RunningSimulator(cert_dir=tmp_path):
        assert (tmp_path / "ca.pem").read_bytes() == first
    assert (tmp_path / "server.pem").stat().st_mode & 0o077 == 0
