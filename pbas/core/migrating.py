"""Migrations beside a panel that works: none waits long for a table, since all that comes after it waits with it."""

import re
from typing import Any

from django.db import connections

LONGEST_WAIT = 2000  # milliseconds for a lock; then the migration is taken back whole, and is safe to start again
_LACKING = {"42P01", "42703"}  # PostgreSQL's words for a table and a column that are not there
_LACKS = re.compile(r"no such (table|column): |has no column named ")  # SQLite's


def wait_shortly(using: str, **_: Any) -> None:
    """Before migrations. SQLite has one writer at a time anyway, and its own limit."""
    if connections[using].vendor == "postgresql":
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [str(LONGEST_WAIT)])


def wait_as_usual(using: str, **_: Any) -> None:
    """After them."""
    if connections[using].vendor == "postgresql":
        with connections[using].cursor() as cursor:
            cursor.execute("RESET lock_timeout")


def is_behind(error: BaseException | None) -> bool:
    """Whether it came of a table or a column that is not there: `manage.py migrate` was not called for this version."""
    return getattr(getattr(error, "__cause__", None), "pgcode", "") in _LACKING or _LACKS.search(str(error)) is not None
