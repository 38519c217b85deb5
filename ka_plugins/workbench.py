"""What an author brings to the conformance suite: his plug-in, his simulator and something to order."""

# ruff: noqa: S101 - part of the tests, although it ships with the product

from __future__ import annotations

import asyncio
import dataclasses
import enum
import traceback
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ka_plugins.addresses import Reach
from ka_plugins.contract import Key, LicenseOrder, Plugin, PluginError, Verb
from ka_plugins.http import VendorClient

if TYPE_CHECKING:
    from ka_plugins.simulator.running import RunningSimulator

T = TypeVar("T")
Use = Callable[[Plugin], Awaitable[T]]
SLOW_SECONDS = 0.5
RETRY_SECONDS = 7  # what LIMITED asks to wait


class Mishap(enum.Enum):
    """What a simulator must be able to do to the next call of a verb."""

    LOST = "carried out, then the connection is cut"
    GARBLED = "carried out, then the answer cannot be read"
    TROUBLE = "carried out, then a server error is reported"
    PAGE = "not carried out; a proxy's HTML page instead"
    HUGE = "carried out, then an answer that is larger than the panel reads"
    LIMITED = "not carried out; 429 with a Retry-After of RETRY_SECONDS"
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
    Mishap.HUGE: "huge_body",
    Mishap.LIMITED: "429",
    Mishap.SLOW: "late",
}


class BundledSimulator:
    """`Simulator` by the bundled program, for vendors whose dialect it speaks; `methods` are their first calls."""

    def __init__(self, running: RunningSimulator, methods: Mapping[Verb, str]) -> None:
        self.running, self._methods = running, methods

    def play(self, verb: Verb, mishap: Mishap) -> None:
        """Order the fault that the mishap is here."""
        seconds = RETRY_SECONDS if mishap is Mishap.LIMITED else SLOW_SECONDS
        self.running.fault(self._methods[verb], FAULTS[mishap], seconds=seconds)

    def sold(self) -> int:
        """Licenses sold, additional keys not counted."""
        return self.running.sold()


@dataclass(frozen=True, slots=True)
class Workbench:
    """A plug-in, its simulator, and what is needed to try them: `secrets` must never show in an error or a log.

    Optional: settings whose host nobody listens at; `vendor_files`, which reads the files of a key past the plug-in;
    `changed_order`, into which a change can bring what `order` buys; `spoils`, the verbs whose next call the simulator
    can let fail.
    """

    plugin: type[Plugin]
    settings: Any
    wrong_settings: Any
    order: LicenseOrder
    refused_order: LicenseOrder
    simulator: Simulator
    secrets: tuple[str, ...]
    unreachable_settings: Any = None
    vendor_files: Callable[[str], Sequence[bytes]] | None = None
    changed_order: LicenseOrder | None = None
    spoils: frozenset[Verb] = frozenset({Verb.CHECK, Verb.ISSUE_KEY, Verb.FETCH_FILES})

    def has(self, *verbs: Verb) -> bool:
        """Whether the plug-in declares all of these verbs."""
        return self.plugin.verbs.issuperset(verbs)

    def new_order(self) -> LicenseOrder:
        """The order as another purchase: with a reference of its own and an intent of now."""
        return dataclasses.replace(self.order, reference=uuid.uuid4().hex, intent_at=datetime.now(UTC))

    def buy(self) -> Key:
        """Buy one license as `new_order` orders it."""
        order = self.new_order()
        return self.run(lambda plugin: plugin.issue_key(order))

    def run(self, use: Use[T], settings: Any = None) -> T:
        """Use a fresh plug-in in a loop of its own."""

        async def whole() -> T:
            async with VendorClient(reach=Reach.PRIVATE) as http:
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
