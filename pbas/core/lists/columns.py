"""A column of a list: what people see, what the database is asked for, and what an export writes."""

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Kind(Enum):
    """What an export makes of a value."""

    TEXT = "text"  # may hold what people or vendors wrote: formulas are neutralised
    WORD = "word"  # a number, or one of our own words
    MOMENT = "moment"
    YES = "yes"  # or nothing


@dataclass(frozen=True, slots=True)
class Column:
    """One column. Its cell is drawn by the list's template, by its name."""

    name: str
    label: Any
    fields: tuple[str, ...]  # of the row, that its cell shows
    kind: Kind = Kind.TEXT
    sort: str = ""  # by which the list can be sorted here: an index serves it
    css: str = ""  # of its head
    writes: tuple[str, ...] = ()  # the fields that an export writes; the first one where nothing is said
    is_shown: bool = True  # to whoever chose nothing

    @property
    def written(self) -> dict[str, str]:
        """What an export writes: heads and fields. A column that is counted for its page only writes nothing."""
        first, *others = self.writes or self.fields[:1] or ("",)
        return {**({self.name: first} if first else {}), **{field.replace("__", "_"): field for field in others}}
