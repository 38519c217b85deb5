"""The contract, kept by the plug-in that has no vendor."""

from __future__ import annotations

import pytest

from ka_plugins.contract import Delivers, LicenseOrder, NoSettings, Verb
from ka_plugins.manual.plugin import ManualPlugin
from ka_plugins.testing import Mishap, PluginContract, Workbench


class NoVendor:
    def play(self, verb: Verb, mishap: Mishap) -> None:
        raise AssertionError(f"{verb} needs a vendor for {mishap}")

    def sold(self) -> int:
        raise AssertionError("nothing is ever sold here")


class TestManual(PluginContract):
    @pytest.fixture
    def workbench(self) -> Workbench:
        order = LicenseOrder("R-1", "ANY")
        return Workbench(
            plugin=ManualPlugin,
            settings=NoSettings(),
            wrong_settings=NoSettings(),
            order=order,
            refused_order=order,
            simulator=NoVendor(),
            secrets=(),
        )


def test_it_is_for_offline_configurations_only() -> None:
    assert ManualPlugin.verbs == frozenset()
    assert ManualPlugin.delivers == Delivers.KEY | Delivers.FILES


@pytest.mark.parametrize("key", ["ABC-123", "pléiade 7", "x" * 200, " trimmed "])
def test_any_printable_key_is_taken_and_kept_as_a_secret(key: str) -> None:
    assert ManualPlugin.clean_key(key) == key.strip()
    assert ManualPlugin.secret_keys


def test_keys_that_differ_by_case_only_are_one_license() -> None:
    assert ManualPlugin.key_identity("abc-1") == ManualPlugin.key_identity("ABC-1")
