"""What an author brings to the conformance suite: his plug-in, his simulator and something to order."""

# ruff: noqa: S101 - part of the tests, although it ships with the product

from __future__ import annotations

import asyncio
import dataclasses
import enum
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ka_plugins.contract import LicenseOrder, Plugin, PluginError, Verb
from ka_plugins.http import VendorClient

if TYPE_CHECKING:
    from ka_plugins.simulator.running import RunningSimulator

T = TypeVar("T")
Use = Callable[[Plugin], Awaitable[T]]
SLOW_SECONDS = 0.5


class Mishap(enum.Enum):
    """What a simulator must be able to do to the next call of a verb."""

    LOST = "carried out, then the connection is cut"
    GARBLED = "carried out, then the answer cannot be read"
    TROUBLE = "carried out, then a server error is reported"
    PAGE = "not carried out; a proxy's HTML page instead"
    SLOW = "carried out, answered after SLOW_SECONDS"


class Simulator(Protocol):
    """What the suite asks of a vendor's simulator."""

    def play(self, verb: Verb, mishap: Mishap) -> None:
        """Let the next call that this verb makes end so."""
        ...

    def sold(self) -> int:
        """How many licenses were sold so far."""
        ...


# The mishaps as faults of the bundled simulator.
FAULTS = {
    Mishap.LOST: "drop_after",
    Mishap.GARBLED: "half_body",
    Mishap.TROUBLE: "500_after",
    Mishap.PAGE: "html_502",
    Mishap.SLOW: "late",
}


class BundledSimulator:
    """`Simulator` by the bundled program, for vendors whose dialect it speaks; `methods` are their first calls."""

    def __init__(self, running: RunningSimulator, methods: Mapping[Verb, str]) -> None:
        self.running, self._methods = running, methods

    def play(self, verb: Verb, mishap: Mishap) -> None:
        """Order the fault that the mishap is here."""
        self.running.fault(self._methods[verb], FAULTS[mishap], seconds=SLOW_SECONDS)

    def sold(self) -> int:
        """Licenses sold, additional keys not counted."""
        return self.running.sold()


@dataclass(frozen=True, slots=True)
class Workbench:
    """A plug-in, its simulator, and what is needed to try them: `secrets` must never show in an error."""

    plugin: type[Plugin]
    settings: Any
    wrong_settings: Any
    order: LicenseOrder
    refused_order: LicenseOrder
    simulator: Simulator
    secrets: tuple[str, ...]
    unreachable_settings: Any = None

    def has(self, *verbs: Verb) -> bool:
        """Whether the plug-in declares all of these verbs."""
        return self.plugin.verbs.issuperset(verbs)

    def new_order(self) -> LicenseOrder:
        """The order with an intent of now."""
        return dataclasses.replace(self.order, intent_at=datetime.now(UTC))

    def run(self, use: Use[T], settings: Any = None) -> T:
        """Use a fresh plug-in in a loop of its own."""

        async def whole() -> T:
            async with VendorClient(allow_private=True) as http:
                return await use(self.plugin(settings or self.settings, http))

        return asyncio.run(whole())

    def error(self, use: Use[Any], settings: Any = None) -> PluginError:
        """The PluginError that this ends with; anything else fails the test."""
        try:
            self.run(use, settings)
        except PluginError as error:
            self.keeps_secrets(error)
            return error
        raise AssertionError("no error was raised")

    def keeps_secrets(self, error: BaseException) -> None:
        """No secret in an error, its trace or anything that it carries."""
        shown = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
        for secret in self.secrets:
            assert secret not in shown, "an error shows a secret"
