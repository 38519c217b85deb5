"""The contract, kept by cPanel's plug-in over HTTP and over TLS, against its simulator."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from ka_plugins.contract import LicenseOrder, Verb
from ka_plugins.cpanel_manage2.plugin import CpanelManage2Plugin
from ka_plugins.cpanel_manage2.settings import CpanelManage2Settings
from ka_plugins.simulator.running import RunningSimulator
from ka_plugins.testing import PluginContract, Workbench
from ka_plugins.workbench import BundledSimulator

if TYPE_CHECKING:
    from collections.abc import Iterator

METHODS = {
    Verb.CHECK: "XMLgroupInfo",
    Verb.ISSUE_KEY: "XMLlicenseAdd",
    Verb.CHANGE: "XMLpackageUpdate",
}
ADDRESSES = (f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}" for number in itertools.count(1))


@dataclass(frozen=True, slots=True)
class AddressEach(Workbench):
    """Each order has an address of its own, as one address carries one license of a product."""

    first: list[str] = field(default_factory=list)

    def new_order(self) -> LicenseOrder:
        address = self.first.pop() if self.first else next(ADDRESSES)
        return dataclasses.replace(Workbench.new_order(self), address=address)


@pytest.fixture(scope="module")
def manage2() -> Iterator[BundledSimulator]:
    with RunningSimulator() as running:
        yield BundledSimulator(running, METHODS)


@pytest.fixture(params=[False, True], ids=["http", "tls"])
def workbench(manage2: BundledSimulator, request: pytest.FixtureRequest) -> Workbench:
    manage2.running.heal()
    place, address = manage2.running.settings(tls=request.param), next(ADDRESSES)
    login: dict[str, Any] = {"login": "demo", "group": "G1"}
    return AddressEach(
        plugin=CpanelManage2Plugin,
        settings=CpanelManage2Settings(**login, password="demo", **place),
        wrong_settings=CpanelManage2Settings(**login, password="wrong-Sesame", **place),
        unreachable_settings=CpanelManage2Settings(**login, password="demo", **{**place, "port": 1}),
        order=LicenseOrder(reference="R-1", class_code="21159", address=address),
        changed_order=LicenseOrder(reference="R-3", class_code="21163"),
        refused_order=LicenseOrder(reference="R-2", class_code="999", address=next(ADDRESSES)),
        simulator=manage2,
        secrets=("wrong-Sesame", "ZGVtbzpkZW1v"),
        spoils=frozenset(METHODS),
        first=[address],
    )


class TestCpanelManage2(PluginContract):
    """Every promise, twice."""
