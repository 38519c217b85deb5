"""The contract, kept by the Key Administrator's plug-in over HTTP and over TLS, against its simulator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ka_plugins.contract import AdditionalOrder, LicenseOrder, Verb
from ka_plugins.plesk_ka.plugin import PleskKaPlugin
from ka_plugins.plesk_ka.settings import PleskKaSettings
from ka_plugins.simulator.running import RunningSimulator
from ka_plugins.testing import Mishap, PluginContract, Workbench
from ka_plugins.workbench import SLOW_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

METHODS = {Verb.CHECK: "validateLogin", Verb.ISSUE_KEY: "createKey", Verb.FETCH_FILES: "retrieveKey"}
FAULTS = {
    Mishap.LOST: "drop_after",
    Mishap.GARBLED: "half_body",
    Mishap.TROUBLE: "500_after",
    Mishap.PAGE: "html_502",
    Mishap.SLOW: "late",
}


class PleskKaSimulator:
    """The suite's words in the simulator's."""

    def __init__(self, running: RunningSimulator) -> None:
        self._running = running

    def play(self, verb: Verb, mishap: Mishap) -> None:
        self._running.fault(METHODS[verb], FAULTS[mishap], seconds=SLOW_SECONDS)

    def sold(self) -> int:
        return self._running.sold()


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSimulator]:
    with RunningSimulator() as simulator:
        yield simulator


@pytest.fixture(params=[False, True], ids=["http", "tls"])
def workbench(running: RunningSimulator, request: pytest.FixtureRequest) -> Workbench:
    running.heal()
    place = running.settings(tls=request.param)
    return Workbench(
        plugin=PleskKaPlugin,
        settings=PleskKaSettings(login="demo", password="demo", client="1", **place),
        wrong_settings=PleskKaSettings(login="demo", password="wrong-Sesame", client="1", **place),
        unreachable_settings=PleskKaSettings(login="demo", password="demo", client="1", **{**place, "port": 1}),
        order=LicenseOrder(
            reference="R-1",
            class_code="PLESK_10_AND_LATER",
            features=("30_DOMAINS", "2_LANGUAGE_PACKS"),
            additional=(AdditionalOrder("PLESK_ANTIVIRUS_BY_KAV"),),
            address="192.0.2.10",
        ),
        refused_order=LicenseOrder("R-2", "PLESK_10_AND_LATER", features=("NO_SUCH_FEATURE",)),
        simulator=PleskKaSimulator(running),
        secrets=("wrong-Sesame",),
    )


class TestPleskKa(PluginContract):
    """Every promise, twice."""
