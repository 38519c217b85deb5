"""Each license is bought once: what a purchase answers, and how a lost answer is settled."""

# ruff: noqa: S101 - these are tests, although they ship with the product

from __future__ import annotations

import asyncio
import dataclasses
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ka_plugins.contract import (
    Delivers,
    KeyStatus,
    OutcomeUnknownError,
    Plugin,
    RefusedError,
    Settles,
    UnavailableError,
    Verb,
)
from ka_plugins.workbench import RETRY_SECONDS, Mishap

if TYPE_CHECKING:
    from ka_plugins.contract import Key
    from ka_plugins.workbench import Workbench

AT_ONCE = 5


class Purchases:
    """Promises of `issue_key` and `find_issued`."""

    def test_a_bought_key_is_well_formed_and_sold_once(self, workbench: Workbench) -> None:
        """The number is in its one written form, and the vendor counts one sale."""
        if not workbench.has(Verb.ISSUE_KEY):
            return
        before = workbench.simulator.sold()
        key = workbench.buy()
        assert workbench.plugin.clean_key(key.number) == key.number, "the key is not in its written form"
        assert workbench.simulator.sold() == before + 1, "one purchase is not one sale"
        declared = Delivers.ACTIVATION_CODE in workbench.plugin.delivers
        assert bool(key.activation_code) <= declared, "it delivers an activation code and does not declare it"
        assert not key.activation_code or key.activation_code not in repr(key), "repr shows the activation code"

    def test_purchases_at_once_do_not_mix(self, workbench: Workbench) -> None:
        """One instance drives many orders at the same time, and each gets a key of its own."""
        if not workbench.has(Verb.ISSUE_KEY):
            return
        before, orders = workbench.simulator.sold(), [workbench.new_order() for _ in range(AT_ONCE)]

        async def buy(plugin: Plugin) -> list[Key]:
            return list(await asyncio.gather(*map(plugin.issue_key, orders)))

        numbers = {key.number for key in workbench.run(buy)}
        assert len(numbers) == AT_ONCE, "two orders got the same key"
        assert workbench.simulator.sold() == before + AT_ONCE, f"{AT_ONCE} orders are not as many sales"

    def test_a_refused_order_sells_nothing(self, workbench: Workbench) -> None:
        """RefusedError, with the vendor's words or code."""
        if not workbench.has(Verb.ISSUE_KEY):
            return
        before = workbench.simulator.sold()
        error = workbench.error(lambda plugin: plugin.issue_key(workbench.refused_order))
        assert isinstance(error, RefusedError), f"a refusal became {type(error).__name__}"
        assert error.vendor_says or error.code, "neither the vendor's words nor his code are kept"
        assert workbench.simulator.sold() == before, "it was sold all the same"

    def test_a_lost_answer_to_a_sale_is_an_unknown_outcome(self, workbench: Workbench) -> None:
        """Cut, garbled, endless or a server error: it may have been sold, and it is sold once."""
        if not workbench.has(Verb.ISSUE_KEY):
            return
        for mishap in (Mishap.LOST, Mishap.GARBLED, Mishap.TROUBLE, Mishap.HUGE):
            before, order = workbench.simulator.sold(), workbench.new_order()
            workbench.simulator.play(Verb.ISSUE_KEY, mishap)
            error = workbench.error(lambda plugin, order=order: plugin.issue_key(order))  # type: ignore[misc] # mypy infers no default of a lambda
            assert isinstance(error, OutcomeUnknownError), f"{mishap} became {type(error).__name__}"
            assert workbench.simulator.sold() == before + 1, f"{mishap}: sold more than once"

    def test_a_failed_purchase_is_not_sent_again(self, workbench: Workbench) -> None:
        """A proxy's error page proves nothing: no second call is made by the plug-in itself, the panel decides."""
        if not workbench.has(Verb.ISSUE_KEY):
            return
        before, order = workbench.simulator.sold(), workbench.new_order()
        workbench.simulator.play(Verb.ISSUE_KEY, Mishap.PAGE)
        error = workbench.error(lambda plugin: plugin.issue_key(order))
        assert isinstance(error, OutcomeUnknownError), f"it became {type(error).__name__}"
        assert workbench.simulator.sold() == before, "it was sent again"

    def test_an_unreachable_vendor_is_unavailable(self, workbench: Workbench) -> None:
        """Nothing was sent, so nothing was sold, and the panel tries again by itself."""
        if workbench.unreachable_settings is not None and workbench.has(Verb.ISSUE_KEY):
            order = workbench.new_order()
            error = workbench.error(lambda plugin: plugin.issue_key(order), workbench.unreachable_settings)
            assert isinstance(error, UnavailableError), f"no connection became {type(error).__name__}"

    def test_too_many_calls_are_waited_for_as_long_as_the_vendor_says(self, workbench: Workbench) -> None:
        """429 is the vendor's word that nothing was sold: UnavailableError with his own `retry_after`."""
        if not workbench.has(Verb.ISSUE_KEY):
            return
        before, order = workbench.simulator.sold(), workbench.new_order()
        workbench.simulator.play(Verb.ISSUE_KEY, Mishap.LIMITED)
        error = workbench.error(lambda plugin: plugin.issue_key(order))
        assert isinstance(error, UnavailableError), f"it became {type(error).__name__}"
        assert error.retry_after == RETRY_SECONDS, (
            f"retry_after is {error.retry_after}, the vendor said {RETRY_SECONDS}"
        )
        assert workbench.simulator.sold() == before, "it was sent again"

    # -- settling

    def test_the_same_order_sent_again_is_the_same_sale(self, workbench: Workbench) -> None:
        """Where the plug-in says that it is idempotent, the vendor sells one reference once."""
        if workbench.plugin.settles is Settles.IDEMPOTENT and workbench.has(Verb.ISSUE_KEY):
            before, order = workbench.simulator.sold(), workbench.new_order()
            numbers = {workbench.run(lambda plugin: plugin.issue_key(order)).number for _ in range(2)}
            assert len(numbers) == 1, "the second answer is another key"
            assert workbench.simulator.sold() == before + 1, "the vendor sold twice"

    def test_a_sale_with_a_lost_answer_is_found(self, workbench: Workbench) -> None:
        """Where the plug-in can look up, what was sold is among the candidates, or proves to be there by reference."""
        if not workbench.has(Verb.FIND_ISSUED, Verb.ISSUE_KEY):
            return
        order = workbench.new_order()
        workbench.simulator.play(Verb.ISSUE_KEY, Mishap.LOST)
        workbench.error(lambda plugin: plugin.issue_key(order))
        found = workbench.run(lambda plugin: plugin.find_issued(order))
        assert found, "the sale was not found"
        for key in found:
            assert workbench.plugin.clean_key(key.number) == key.number, "a key is not in its written form"
            assert key.status is not KeyStatus.TERMINATED, "what has just been sold is called terminated"

    def test_nothing_older_than_the_intent_is_found(self, workbench: Workbench) -> None:
        """A key that was there before cannot come from this order."""
        by_traits = workbench.plugin.settles is Settles.BY_TRAITS
        if by_traits and workbench.has(Verb.FIND_ISSUED, Verb.ISSUE_KEY):
            workbench.buy()
            later = dataclasses.replace(workbench.order, intent_at=datetime(2999, 1, 1, tzinfo=UTC))
            assert not workbench.run(lambda plugin: plugin.find_issued(later)), "a key from before the intent was found"

    def test_an_order_that_was_never_sent_is_not_found(self, workbench: Workbench) -> None:
        """Where the vendor keeps our reference, nothing of another reference is taken for ours."""
        by_reference = workbench.plugin.settles in {Settles.BY_REFERENCE, Settles.IDEMPOTENT}
        if by_reference and workbench.has(Verb.FIND_ISSUED, Verb.ISSUE_KEY):
            workbench.buy()
            other = dataclasses.replace(workbench.new_order(), reference=uuid.uuid4().hex)
            assert not workbench.run(lambda plugin: plugin.find_issued(other)), "a key of another order was found"

    def test_what_has_ended_is_not_found_as_alive(self, workbench: Workbench) -> None:
        """A terminated key must not be adopted: it is left out, or found as terminated."""
        if not workbench.has(Verb.FIND_ISSUED, Verb.ISSUE_KEY, Verb.TERMINATE):
            return
        order, identity = workbench.new_order(), workbench.plugin.key_identity
        key = workbench.run(lambda plugin: plugin.issue_key(order))
        workbench.run(lambda plugin: plugin.terminate(key.number))
        for found in workbench.run(lambda plugin: plugin.find_issued(order)):
            if identity(found.number) == identity(key.number):
                assert found.status is KeyStatus.TERMINATED, "a terminated key is offered as a living one"
