"""How a plug-in behaves in the panel's loop and logs."""

# ruff: noqa: S101 - these are tests, although they ship with the product

from __future__ import annotations

import asyncio
import functools
import logging
import operator
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic

from ka_plugins.contract import Verb
from ka_plugins.workbench import SLOW_SECONDS, Mishap, T

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ka_plugins.contract import Plugin
    from ka_plugins.workbench import Use, Workbench

TICK_SECONDS = 0.01
LONGEST_STANDSTILL = 0.4  # seconds; nearly the whole slow call, so that a busy machine does not fail the test


class Conduct:
    """Promises of every verb."""

    def test_a_slow_vendor_does_not_hold_up_the_loop(self, workbench: Workbench) -> None:
        """While one call waits, others go on: no blocking call hides in the plug-in."""
        if workbench.has(Verb.CHECK):
            workbench.simulator.play(Verb.CHECK, Mishap.SLOW)
            workbench.run(lambda plugin: _watched(plugin, lambda one: one.check())).must_be_smooth()

    def test_a_late_sale_is_waited_for_and_holds_nobody_up(self, workbench: Workbench) -> None:
        """An answer within the time-out counts, however late: one sale, one key."""
        if not workbench.has(Verb.ISSUE_KEY):
            return
        before, order = workbench.simulator.sold(), workbench.new_order()
        workbench.simulator.play(Verb.ISSUE_KEY, Mishap.SLOW)
        watched = workbench.run(lambda plugin: _watched(plugin, lambda one: one.issue_key(order)))
        watched.must_be_smooth()
        assert watched.answer.number, "there is no key"
        assert workbench.simulator.sold() == before + 1, "one purchase is not one sale"

    def test_a_cancelled_call_ends_as_cancelled(self, workbench: Workbench) -> None:
        """The panel ends what takes too long: the plug-in neither goes on nor makes an answer of it."""
        order = workbench.new_order()
        calls: dict[Verb, Use[object]] = {
            Verb.CHECK: lambda plugin: plugin.check(),
            Verb.ISSUE_KEY: lambda plugin: plugin.issue_key(order),
        }
        for verb, use in calls.items():
            if workbench.has(verb):
                before = workbench.simulator.sold()
                workbench.simulator.play(verb, Mishap.SLOW)
                assert workbench.run(functools.partial(_cancelled, use=use)), f"{verb} was not cancelled"
                time.sleep(SLOW_SECONDS)  # what the plug-in went on with would show by then
                assert workbench.simulator.sold() <= before + 1, "it went on and bought again"

    def test_no_log_shows_a_secret(self, workbench: Workbench) -> None:
        """Neither passwords nor secret keys nor activation codes, whatever the level."""
        with _overheard() as lines:
            secrets = [*workbench.secrets]
            if workbench.has(Verb.CHECK):
                workbench.error(lambda plugin: plugin.check(), workbench.wrong_settings)
            if workbench.has(Verb.ISSUE_KEY):
                key, order = workbench.buy(), workbench.new_order()
                secrets += [key.activation_code] if key.activation_code else []
                secrets += [key.number] if workbench.plugin.secret_keys else []
                workbench.error(lambda plugin: plugin.issue_key(order), workbench.wrong_settings)
                workbench.simulator.play(Verb.ISSUE_KEY, Mishap.TROUBLE)
                workbench.error(lambda plugin: plugin.issue_key(order))
        assert not [line for line in lines for secret in secrets if secret in line], "a secret was logged"


@dataclass(frozen=True, slots=True)
class _Watched(Generic[T]):
    answer: T
    seconds: float
    standstill: float  # the longest time in which nothing else ran

    def must_be_smooth(self) -> None:
        assert self.seconds >= SLOW_SECONDS, "the simulator was not slow"
        assert self.standstill < LONGEST_STANDSTILL, "the loop stood still"


async def _watched(plugin: Plugin, use: Use[T]) -> _Watched[T]:
    call, times = asyncio.ensure_future(use(plugin)), [time.monotonic()]
    while not call.done():
        await asyncio.sleep(TICK_SECONDS)
        times.append(time.monotonic())
    return _Watched(await call, times[-1] - times[0], max(map(operator.sub, times[1:], times)))


async def _cancelled(plugin: Plugin, *, use: Use[object]) -> bool:
    call = asyncio.ensure_future(use(plugin))
    await asyncio.sleep(SLOW_SECONDS / 4)
    call.cancel()
    await asyncio.wait({call})
    return call.cancelled()


class _Ear(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line as a log file would have it, with its trace and whatever it carries."""
        self._lines.append(f"{logging.Formatter().format(record)} {vars(record)}")


@contextmanager
def _overheard() -> Iterator[list[str]]:
    """All that is logged meanwhile."""
    lines: list[str] = []
    root, ear = logging.getLogger(), _Ear(lines)
    level = root.level
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.setLevel(level)
        root.removeHandler(ear)
