"""The contract as tests: what the panel relies on, checked against any plug-in and its simulator.

An author writes a class that inherits from `PluginContract` and supplies one fixture:

    class TestMyVendor(PluginContract):
        @pytest.fixture
        def workbench(self) -> Workbench: ...

Each test is one promise of `contract.py`. Promises of verbs that the plug-in does not declare hold by themselves.
"""

# ruff: noqa: S101 - these are tests, although they ship with the product

from __future__ import annotations

import asyncio
import dataclasses
import operator
import re
import time
from datetime import UTC, datetime

from ka_plugins.contract import (
    Delivers,
    Feature,
    Key,
    KeyStatus,
    MisconfiguredError,
    OutcomeUnknownError,
    Plugin,
    RefusedError,
    Settles,
    UnavailableError,
    Verb,
)
from ka_plugins.workbench import SLOW_SECONDS, Mishap, Simulator, Workbench

__all__ = ["Mishap", "PluginContract", "Simulator", "Workbench"]
TICK_SECONDS = 0.01
LONGEST_STANDSTILL = 0.4  # seconds; nearly the whole slow call, so that a busy machine does not fail the test


class PluginContract:
    """Inherit and supply the fixture `workbench`."""

    # -- what needs no vendor

    def test_a_key_in_its_written_form_stays_as_it_is(self, workbench: Workbench) -> None:
        """`clean_key` twice is `clean_key` once, and its hint is a key."""
        plugin = workbench.plugin
        if plugin.key_hint:
            clean = plugin.clean_key(f"  {plugin.key_hint.lower()}\n")
            assert plugin.clean_key(clean) == clean

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
        for secret in workbench.secrets:
            assert secret not in f"{workbench.settings!r} {workbench.settings}"

    # -- check

    def test_check_answers_with_one_line(self, workbench: Workbench) -> None:
        """One line for a person, without secrets."""
        if workbench.has(Verb.CHECK):
            line = workbench.run(lambda plugin: plugin.check())
            assert line
            assert "\n" not in line
            assert not any(f" {secret}" in line for secret in workbench.secrets)

    def test_a_wrong_password_is_the_configurations_fault(self, workbench: Workbench) -> None:
        """MisconfiguredError from every verb that asks the vendor first."""
        if workbench.has(Verb.CHECK):
            error = workbench.error(lambda plugin: plugin.check(), workbench.wrong_settings)
            assert isinstance(error, MisconfiguredError)
        if workbench.has(Verb.ISSUE_KEY):
            order = workbench.new_order()
            error = workbench.error(lambda plugin: plugin.issue_key(order), workbench.wrong_settings)
            assert isinstance(error, MisconfiguredError)

    # -- list_classes

    def test_classes_and_all_their_options_have_codes_and_names(self, workbench: Workbench) -> None:
        """Codes are unique where one of them is chosen."""
        if not workbench.has(Verb.LIST_CLASSES):
            return
        classes = workbench.run(lambda plugin: plugin.list_classes())
        assert classes
        _distinct([one.code for one in classes])
        for one in classes:
            assert one.name
            options: list[Feature] = [*one.features, *(option for group in one.groups for option in group.options)]
            _distinct([option.code for option in options])
            _distinct([extra.code for extra in one.additional])
            _distinct([group.name for group in one.groups])
            assert all(option.name for option in options)

    # -- issue_key

    def test_a_bought_key_is_well_formed_and_sold_once(self, workbench: Workbench) -> None:
        """The number is in its one written form, and the vendor counts one sale."""
        if not workbench.has(Verb.ISSUE_KEY):
            return
        before = workbench.simulator.sold()
        key = _issue(workbench)
        assert workbench.plugin.clean_key(key.number) == key.number
        assert workbench.simulator.sold() == before + 1
        assert bool(key.activation_code) <= (Delivers.ACTIVATION_CODE in workbench.plugin.delivers)
        assert not key.activation_code or key.activation_code not in repr(key)

    def test_times_are_utc(self, workbench: Workbench) -> None:
        """Every time that a verb answers with carries its zone."""
        if workbench.has(Verb.ISSUE_KEY):
            key = _issue(workbench)
            for moment in (key.created_at, key.expires_at, key.renew_at):
                assert moment is None or moment.tzinfo is UTC

    def test_a_refused_order_sells_nothing(self, workbench: Workbench) -> None:
        """RefusedError, with the vendor's words or code."""
        if not workbench.has(Verb.ISSUE_KEY):
            return
        before = workbench.simulator.sold()
        error = workbench.error(lambda plugin: plugin.issue_key(workbench.refused_order))
        assert isinstance(error, RefusedError)
        assert error.vendor_says or error.code
        assert workbench.simulator.sold() == before

    def test_a_lost_answer_to_a_sale_is_an_unknown_outcome(self, workbench: Workbench) -> None:
        """Cut, garbled or a server error: it may have been sold, and it is sold once."""
        if not workbench.has(Verb.ISSUE_KEY):
            return
        for mishap in (Mishap.LOST, Mishap.GARBLED, Mishap.TROUBLE):
            before, order = workbench.simulator.sold(), workbench.new_order()
            workbench.simulator.play(Verb.ISSUE_KEY, mishap)
            error = workbench.error(lambda plugin, order=order: plugin.issue_key(order))  # type: ignore[misc]
            assert isinstance(error, OutcomeUnknownError), f"{mishap} became {type(error).__name__}"
            assert workbench.simulator.sold() == before + 1, f"{mishap}: sold more than once"

    def test_an_unreachable_vendor_is_unavailable(self, workbench: Workbench) -> None:
        """Nothing was sent, so nothing was sold, and the panel tries again by itself."""
        if workbench.unreachable_settings is not None and workbench.has(Verb.ISSUE_KEY):
            order = workbench.new_order()
            error = workbench.error(lambda plugin: plugin.issue_key(order), workbench.unreachable_settings)
            assert isinstance(error, UnavailableError)

    # -- find_issued

    def test_a_sale_with_a_lost_answer_is_found(self, workbench: Workbench) -> None:
        """Where the plug-in can look up, what was sold is among the candidates, or proves to be there by reference."""
        if not workbench.has(Verb.FIND_ISSUED, Verb.ISSUE_KEY):
            return
        order = workbench.new_order()
        workbench.simulator.play(Verb.ISSUE_KEY, Mishap.LOST)
        workbench.error(lambda plugin: plugin.issue_key(order))
        found = workbench.run(lambda plugin: plugin.find_issued(order))
        assert found, "the sale was not found"
        assert all(workbench.plugin.clean_key(key.number) == key.number for key in found)
        assert all(key.status is not KeyStatus.TERMINATED for key in found)

    def test_nothing_older_than_the_intent_is_found(self, workbench: Workbench) -> None:
        """A key that was there before cannot come from this order."""
        by_traits = workbench.plugin.settles is Settles.BY_TRAITS
        if by_traits and workbench.has(Verb.FIND_ISSUED, Verb.ISSUE_KEY):
            _issue(workbench)
            later = dataclasses.replace(workbench.order, intent_at=datetime(2999, 1, 1, tzinfo=UTC))
            assert not workbench.run(lambda plugin: plugin.find_issued(later))

    # -- fetch_files

    def test_files_are_the_same_bytes_each_time(self, workbench: Workbench) -> None:
        """At least one file; names carry no path."""
        if not workbench.has(Verb.FETCH_FILES, Verb.ISSUE_KEY):
            return
        key = _issue(workbench)
        first = workbench.run(lambda plugin: plugin.fetch_files(key.number))
        assert first == workbench.run(lambda plugin: plugin.fetch_files(key.number))
        assert first
        for file in first:
            assert file.body
            assert re.fullmatch(r"[^/\\\x00-\x1f]{1,255}", file.name)
            assert file.name not in {".", ".."}

    def test_a_question_without_an_answer_is_unavailable(self, workbench: Workbench) -> None:
        """Reading verbs sell nothing: whatever is lost can be asked again."""
        if not workbench.has(Verb.FETCH_FILES, Verb.ISSUE_KEY):
            return
        key = _issue(workbench)
        for mishap in (Mishap.LOST, Mishap.GARBLED, Mishap.TROUBLE, Mishap.PAGE):
            workbench.simulator.play(Verb.FETCH_FILES, mishap)
            error = workbench.error(lambda plugin: plugin.fetch_files(key.number))
            assert isinstance(error, UnavailableError), f"{mishap} became {type(error).__name__}"

    # -- terminate, describe, renew, change

    def test_a_license_ends_and_may_be_ended_twice(self, workbench: Workbench) -> None:
        """The second time is done already; the vendor then calls the key terminated."""
        if not workbench.has(Verb.TERMINATE, Verb.ISSUE_KEY):
            return
        key = _issue(workbench)
        for _ in range(2):
            workbench.run(lambda plugin: plugin.terminate(key.number))
        if workbench.has(Verb.DESCRIBE):
            described = workbench.run(lambda plugin: plugin.describe(key.number))
            assert described.status is KeyStatus.TERMINATED

    def test_a_key_is_described_as_it_was_bought(self, workbench: Workbench) -> None:
        """Same identity, same class, alive."""
        if workbench.has(Verb.DESCRIBE, Verb.ISSUE_KEY):
            key = _issue(workbench)
            described = workbench.run(lambda plugin: plugin.describe(key.number))
            identity = workbench.plugin.key_identity
            assert identity(described.number) == identity(key.number)
            assert described.class_code == workbench.order.class_code
            assert set(workbench.order.features) <= set(described.features)
            assert described.status is KeyStatus.ACTIVE

    def test_a_renewed_key_keeps_its_identity(self, workbench: Workbench) -> None:
        """The number may change, the license does not; it ends no sooner than before."""
        if workbench.has(Verb.RENEW, Verb.ISSUE_KEY):
            key = _issue(workbench)
            renewed = workbench.run(lambda plugin: plugin.renew(key.number, "renewal-1"))
            identity = workbench.plugin.key_identity
            assert identity(renewed.number) == identity(key.number)
            assert key.expires_at is None or renewed.expires_at is None or renewed.expires_at >= key.expires_at

    def test_a_change_to_what_is_there_changes_nothing(self, workbench: Workbench) -> None:
        """Safe to repeat: no sale, the same features."""
        if workbench.has(Verb.CHANGE, Verb.ISSUE_KEY):
            key = _issue(workbench)
            before = workbench.simulator.sold()
            changed = [workbench.run(lambda plugin: plugin.change(key.number, workbench.order)) for _ in range(2)]
            assert workbench.simulator.sold() == before
            assert {frozenset(one.features) for one in changed} == {frozenset(workbench.order.features)}

    # -- the loop

    def test_a_slow_vendor_does_not_hold_up_the_loop(self, workbench: Workbench) -> None:
        """While one call waits, others go on: no blocking call hides in the plug-in."""
        if not workbench.has(Verb.CHECK):
            return
        workbench.simulator.play(Verb.CHECK, Mishap.SLOW)

        async def ticks(plugin: Plugin) -> list[float]:
            call, times = asyncio.ensure_future(plugin.check()), [time.monotonic()]
            while not call.done():
                await asyncio.sleep(TICK_SECONDS)
                times.append(time.monotonic())
            await call
            return times

        times = workbench.run(ticks)
        assert times[-1] - times[0] >= SLOW_SECONDS, "the simulator was not slow"
        assert max(map(operator.sub, times[1:], times)) < LONGEST_STANDSTILL, "the loop stood still"


def _issue(workbench: Workbench) -> Key:
    order = workbench.new_order()
    return workbench.run(lambda plugin: plugin.issue_key(order))


def _distinct(codes: list[str]) -> None:
    assert all(codes), "a code is empty"
    assert len(codes) == len(set(codes)), "a code comes twice"
