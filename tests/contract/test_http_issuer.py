"""The contract, kept by the HTTP issuer's plug-in over HTTP and over TLS, against the reference implementation."""

from __future__ import annotations

import dataclasses
import uuid
from typing import TYPE_CHECKING

import pytest

from ka_plugins.contract import AdditionalOrder, LicenseOrder, Verb
from ka_plugins.http_issuer.plugin import HttpIssuerPlugin
from ka_plugins.http_issuer.settings import HttpIssuerSettings
from ka_plugins.simulator.running import RunningSimulator
from ka_plugins.testing import PluginContract, Workbench
from ka_plugins.workbench import BundledSimulator

if TYPE_CHECKING:
    from collections.abc import Iterator

METHODS = {Verb.CHECK: "getAccount", Verb.ISSUE_KEY: "putOrder", Verb.FETCH_FILES: "getFiles"}


class FreshOrders(Workbench):
    """Each order under a reference of its own: here one reference is one license, however often it is sent."""

    def new_order(self) -> LicenseOrder:
        order = super().new_order()
        return dataclasses.replace(order, reference=uuid.uuid4().hex)


@pytest.fixture(scope="module")
def issuer() -> Iterator[BundledSimulator]:
    with RunningSimulator() as running:
        yield BundledSimulator(running, METHODS)


@pytest.fixture(params=[False, True], ids=["http", "tls"])
def workbench(issuer: BundledSimulator, request: pytest.FixtureRequest) -> Workbench:
    issuer.running.heal()
    place = issuer.running.settings(tls=request.param)
    return FreshOrders(
        plugin=HttpIssuerPlugin,
        settings=HttpIssuerSettings(client="demo", secret="demo", **place),
        wrong_settings=HttpIssuerSettings(client="demo", secret="wrong-Sesame", **place),
        unreachable_settings=HttpIssuerSettings(client="demo", secret="demo", **{**place, "port": 1}),
        order=LicenseOrder(
            "one of many",
            "PANEL",
            features=("SITES_30", "BACKUP"),
            additional=(AdditionalOrder("MAIL_SCANNER", ("MAIL_100",)),),
        ),
        refused_order=LicenseOrder("refused", "PANEL", features=("NO_SUCH_FEATURE",)),
        simulator=issuer,
        secrets=("wrong-Sesame",),
    )


class TestHttpIssuer(PluginContract):
    """Every promise, twice."""
