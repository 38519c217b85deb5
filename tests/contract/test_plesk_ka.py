"""The contract, kept by the Key Administrator's plug-in over HTTP and over TLS, against its simulator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ka_plugins.contract import AdditionalOrder, LicenseOrder
from ka_plugins.plesk_ka.plugin import PleskKaPlugin
from ka_plugins.plesk_ka.settings import PleskKaSettings
from ka_plugins.testing import PluginContract, Workbench
from tests.contract.conftest import METHODS, ka_files

if TYPE_CHECKING:
    from ka_plugins.workbench import BundledSimulator


@pytest.fixture(params=[False, True], ids=["http", "tls"])
def workbench(ka: BundledSimulator, request: pytest.FixtureRequest) -> Workbench:
    ka.running.heal()
    place = ka.running.settings(tls=request.param)
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
        changed_order=LicenseOrder(
            reference="R-3",
            class_code="PLESK_10_AND_LATER",
            features=("100_DOMAINS", "2_LANGUAGE_PACKS"),
            additional=(AdditionalOrder("PLESK_ANTIVIRUS_BY_KAV"),),
        ),
        refused_order=LicenseOrder("R-2", "PLESK_10_AND_LATER", features=("NO_SUCH_FEATURE",)),
        simulator=ka,
        secrets=("wrong-Sesame",),
        vendor_files=ka_files(ka),
        spoils=frozenset(METHODS),
    )


class TestPleskKa(PluginContract):
    """Every promise, twice."""
