"""Statements of one text for good: PostgreSQL takes them apart and plans them once a connection, not at each use.

For the statements that an engine runs for every license: of a short one, most of the server's time is spent before
its first row is looked at. A plan that was kept is made anew when the statistics of its tables change.
"""

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.backends.utils import CursorWrapper

# Many rows are one value: written once by the client and read once by the database, a row costs a third of what it does
# as a list of values, each of which both have to take for a piece of the statement's text.
_OPENED = {"postgresql": "jsonb_array_elements(CAST(%s AS jsonb)) AS j(value)", "sqlite": "json_each(%s) AS j"}

_names: "WeakKeyDictionary[Any, dict[str, str]]" = WeakKeyDictionary()  # by connection; they end with it


def answer(name: str, text: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run a statement with `%s` for its values (`%%` for a sign of per cent); its rows, [] where it has none to give.

    The name is how the server's log and its list of what runs call it. The text must not vary with the values: each one
    is kept as long as the connection. The server has to know the type of every value by where it stands, so give a CAST
    where it does not.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            text = _by_name(cursor, name, text, len(values))
        cursor.execute(text, list(values))
        return list(cursor.fetchall()) if cursor.description else []


def opened() -> str:
    """The SQL that opens one value, a JSON array, as rows with the column `value`."""
    return _OPENED[connection.vendor]


def _by_name(cursor: CursorWrapper, name: str, text: str, number: int) -> str:
    """The text that runs this one; prepared where this connection has not met it. A rollback leaves it prepared."""
    names = _names.setdefault(connection.connection, {})
    if text not in names:
        name = f"{name}_{len(names)}"  # one name may have several texts
        cursor.execute(f"PREPARE {name} AS {text % tuple(f'${one}' for one in range(1, number + 1))}")
        names[text] = f"EXECUTE {name}" + (f" ({', '.join(['%s'] * number)})" if number else "")
    return names[text]
