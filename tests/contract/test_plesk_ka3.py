"""The contract, kept by the Partner API 3.0's plug-in over HTTP and TLS, below both paths, against its simulator."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
import requests

from ka_plugins.contract import AdditionalOrder, LicenseOrder, Verb
from ka_plugins.plesk_ka3.plugin import PleskKa3Plugin
from ka_plugins.plesk_ka3.settings import LONG_PATH, SHORT_PATH, PleskKa3Settings
from ka_plugins.simulator.running import RunningSimulator
from ka_plugins.testing import PluginContract, Workbench
from ka_plugins.workbench import BundledSimulator

if TYPE_CHECKING:
    from collections.abc import Iterator

METHODS = {
    Verb.CHECK: "keys.list",
    Verb.ISSUE_KEY: "keys.create",
    Verb.FETCH_FILES: "keys.retrieve",
    Verb.RENEW: "keys.renew",
    Verb.CHANGE: "keys.modify",
}


@pytest.fixture(scope="module")
def ka3() -> Iterator[BundledSimulator]:
    with RunningSimulator() as running:
        yield BundledSimulator(running, METHODS)


@pytest.fixture(params=[(False, SHORT_PATH), (True, LONG_PATH)], ids=["http", "tls"])
def workbench(ka3: BundledSimulator, request: pytest.FixtureRequest) -> Workbench:
    tls, path = request.param
    ka3.running.heal()
    place = {**ka3.running.settings(tls=tls), "path": path}
    return Workbench(
        plugin=PleskKa3Plugin,
        settings=PleskKa3Settings(login="demo", password="demo", client="1", **place),
        wrong_settings=PleskKa3Settings(login="demo", password="wrong-Sesame", **place),
        unreachable_settings=PleskKa3Settings(login="demo", password="demo", **{**place, "port": 1}),
        order=LicenseOrder(
            reference="R-0",
            class_code="PLESK-12-WEB-PRO-1M",
            features=("FT-PLESK-5-LANGUAGE-PACKS-1M",),
            address="192.0.2.10",
        ),
        changed_order=LicenseOrder("R-3", "PLESK-12-WEB-PRO-1M"),
        refused_order=LicenseOrder("R-X", "PLESK-12-WEB-PRO-1M", features=("NO_SUCH_FEATURE",)),
        simulator=ka3,
        secrets=("wrong-Sesame", "ZGVtbzpkZW1v"),
        vendor_files=lambda number: [_file(ka3.running.http, number)],
        spoils=frozenset(METHODS),
    )


def _file(vendor: str, number: str) -> bytes:
    """The key's file by a client that knows nothing of the plug-in."""
    answer = requests.get(f"{vendor}/30/keys/{number.split('.')[1]}/retrieve", auth=("demo", "demo"), timeout=10)
    return answer.content


class TestPleskKa3(PluginContract):
    """Every promise, twice."""

    def test_a_change_ends_no_additional_key_but_names_it(self, workbench: Workbench) -> None:
        """With an additional key, which is a sale of its own here; with it a lost answer is found when it is whole."""
        order = dataclasses.replace(workbench.order, additional=(AdditionalOrder("360-MON-PRO-1M"),))
        super().test_a_change_ends_no_additional_key_but_names_it(dataclasses.replace(workbench, order=order))
