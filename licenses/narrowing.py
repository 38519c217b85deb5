"""What the rows of a list may be narrowed by, beside tab, state and search: fixed values, or any day."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from django.db.models import Q
from django.utils import timezone

_DAY = re.compile(r"[12]\d{3}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Narrowing:
    """One more thing that rows may be narrowed by, as a chip; `fits` is asked at each reading, as time passes."""

    label: Any
    fits: Callable[[], Q]


@dataclass(frozen=True, slots=True)
class Days:
    """Every day, written YYYY-MM-DD, is a value of this filter: rows whose moment lies in it."""

    label: Any  # with a %(day)s
    column: str

    def __contains__(self, value: object) -> bool:
        return _day(str(value)) is not None

    def __getitem__(self, value: str) -> Narrowing:
        day = date.fromisoformat(value)
        return Narrowing(self.label % {"day": value}, partial(within_day, self.column, day))


def within_day(column: str, day: date) -> Q:
    """The rows whose moment lies in a day of the reader's zone."""
    begins, ends = (timezone.make_aware(datetime.combine(day + timedelta(days=n), time.min)) for n in (0, 1))
    return Q((f"{column}__gte", begins), (f"{column}__lt", ends))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Tab:
    """A configuration's tab, or the one of all; `count` is what needs attention."""

    name: str
    label: str
    link: str
    count: int
    is_current: bool
    warning: str = ""


@dataclass(frozen=True, slots=True)
class StateLink:
    """A state as filter and counter."""

    name: str
    label: str
    link: str
    count: int | None
    is_current: bool
