"""What can be done with many rows of a list at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pbas.core.story import Actor


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided, why, and what makes doing it twice harmless."""

    actor: Actor
    reason: str
    once: UUID
    query: str = ""  # the filter whose rows were meant; "" where they were ticked


@dataclass(frozen=True, slots=True)
class Action:
    """One action: `do` does it with one row, or raises Problem that says why not."""

    name: str
    label: Any
    question: Any  # with a %(n)s for the number of rows; ngettext_lazy by "n" where it is said differently of one
    consequence: Any
    do: Callable[[Any, Decision], Any]
    picture: str = "check"
    needs_reason: bool = False
    is_ending: bool = False  # what was done cannot be taken back
    is_offered: bool = True  # False: another page begins it
