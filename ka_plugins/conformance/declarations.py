"""What a plug-in says of itself, and what it answers without spending."""

# ruff: noqa: S101 - these are tests, although they ship with the product

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from ka_plugins.contract import CONTRACT_VERSION, MisconfiguredError, Plugin, Settles, Verb

if TYPE_CHECKING:
    from ka_plugins.contract import Feature
    from ka_plugins.workbench import Workbench


class Declarations:
    """Promises that hold before anything is bought."""

    def test_it_has_what_it_declares(self, workbench: Workbench) -> None:
        """The panel loads it: name, label, version, frozen settings, and a method for each verb."""
        plugin = workbench.plugin
        assert plugin.name, "the name is empty"
        assert plugin.label, "the label is empty"
        assert plugin.contract_version == CONTRACT_VERSION, f"the panel has version {CONTRACT_VERSION} of the contract"
        assert dataclasses.is_dataclass(plugin.Settings), "the settings are not a dataclass"
        assert vars(plugin.Settings)["__dataclass_params__"].frozen, "the settings can be changed"
        assert plugin.timeout > 0, "no call can be made within its timeout"
        for verb in plugin.verbs:
            assert getattr(plugin, verb) is not getattr(Plugin, verb), f"there is no {verb}"

    def test_it_can_settle_a_lost_answer_as_it_declares(self, workbench: Workbench) -> None:
        """Who looks up by reference or by traits has the verb for it."""
        if workbench.plugin.settles in {Settles.BY_REFERENCE, Settles.BY_TRAITS}:
            assert workbench.has(Verb.FIND_ISSUED), "it cannot look up what was sold: there is no find_issued"

    def test_a_key_in_its_written_form_stays_as_it_is(self, workbench: Workbench) -> None:
        """`clean_key` twice is `clean_key` once, and its hint is a key."""
        plugin = workbench.plugin
        if plugin.key_hint:
            clean = plugin.clean_key(f"  {plugin.key_hint.lower()}\n")
            assert plugin.clean_key(clean) == clean, f"{clean} was changed when it was cleaned again"

    def test_an_impossible_key_is_refused_with_a_reason(self, workbench: Workbench) -> None:
        """ValueError with a text for a person."""
        for text in ("", "   ", "\x00", "x" * 1000):
            reason = None
            try:
                workbench.plugin.clean_key(text)
            except ValueError as error:
                reason = str(error)
            assert reason is not None, f"{text[:10]!r} was taken for a key"
            assert reason, "the reason is missing"

    def test_settings_hide_their_secrets(self, workbench: Workbench) -> None:
        """Neither `repr` nor `str` of the settings shows a secret."""
        for settings in (workbench.settings, workbench.wrong_settings):
            for secret in workbench.secrets:
                assert secret not in f"{settings!r} {settings}", "the settings show a secret"

    def test_check_answers_with_one_line(self, workbench: Workbench) -> None:
        """One line for a person, without secrets."""
        if workbench.has(Verb.CHECK):
            line = workbench.run(lambda plugin: plugin.check())
            assert line, "it says nothing"
            assert "\n" not in line, "it says more than one line"
            assert not any(f" {secret}" in line for secret in workbench.secrets), "it shows a secret"

    def test_a_wrong_password_is_the_configurations_fault(self, workbench: Workbench) -> None:
        """MisconfiguredError from every verb that asks the vendor first."""
        if workbench.has(Verb.CHECK):
            error = workbench.error(lambda plugin: plugin.check(), workbench.wrong_settings)
            assert isinstance(error, MisconfiguredError), f"a wrong password became {type(error).__name__}"
        if workbench.has(Verb.LIST_CLASSES):
            error = workbench.error(lambda plugin: plugin.list_classes(), workbench.wrong_settings)
            assert isinstance(error, MisconfiguredError), f"a wrong password became {type(error).__name__}"
        if workbench.has(Verb.ISSUE_KEY):
            order = workbench.new_order()
            error = workbench.error(lambda plugin: plugin.issue_key(order), workbench.wrong_settings)
            assert isinstance(error, MisconfiguredError), f"a wrong password became {type(error).__name__}"

    def test_classes_and_all_their_options_have_codes_and_names(self, workbench: Workbench) -> None:
        """Codes are unique where one of them is chosen."""
        if not workbench.has(Verb.LIST_CLASSES):
            return
        classes = workbench.run(lambda plugin: plugin.list_classes())
        assert classes, "there are none"
        _distinct([one.code for one in classes])
        for one in classes:
            assert one.name, f"class {one.code} has no name"
            options: list[Feature] = [*one.features, *(option for group in one.groups for option in group.options)]
            _distinct([option.code for option in options])
            _distinct([extra.code for extra in one.additional])
            _distinct([group.name for group in one.groups])
            assert all(option.name for option in options), f"an option of class {one.code} has no name"


def _distinct(codes: list[str]) -> None:
    assert all(codes), "a code is empty"
    assert len(codes) == len(set(codes)), "a code comes twice"
