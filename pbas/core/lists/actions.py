"""What can be done with many rows of a list at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pbas.core.problems import Problem
from pbas.core.story import Actor


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided, why, and what makes doing it twice harmless."""

    actor: Actor
    reason: str
    once: UUID
    query: str = ""  # the filter whose rows were meant; "" where they were ticked


@dataclass(frozen=True, slots=True)
class Rule:
    """Which rows an action is done with, told before it is begun, by the rule that its service goes by.

    Rows with the same `stands` (fields) and `facts` (expressions) stand alike: `why_not` is asked once for all of
    them, with one of their rows, read with `related`, and its facts.
    """

    why_not: Callable[..., Problem | None] = lambda _row: None
    stands: Sequence[Any] = ("state",)
    related: Sequence[str] = ()
    facts: Sequence[Any] = ()
    called: Callable[[Any], str] = lambda row: str(row.get_state_display())  # how a row stands, for people


@dataclass(frozen=True, slots=True)
class Prospect:
    """What will come of rows that stand alike: `why` they are left as they are, None where it is done with them."""

    stands: str
    rows: int
    why: Problem | None


@dataclass(frozen=True, slots=True)
class Action:
    """One action: `do` does it with one row, or raises Problem that says why not."""

    name: str
    label: Any
    question: Any  # with a %(n)s for the number of rows; ngettext_lazy by "n" where it is said differently of one
    consequence: Any
    do: Callable[[Any, Decision], Any]
    picture: str = "check"
    rule: Rule = Rule()
    needs_reason: bool = False
    is_ending: bool = False  # what was done cannot be taken back
    is_offered: bool = True  # False: another page begins it
