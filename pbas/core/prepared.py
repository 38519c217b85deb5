"""Statements of one text for good: PostgreSQL takes them apart and plans them once a connection, not at each use.

For the statements that an engine runs for every license and a list for every page: of a short one, most of the server's
time is spent before its first row is looked at, and the ORM needs longer to write it than the database to answer. A
plan that was kept is made anew when the statistics of its tables change, or a migration their columns.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, NotSupportedError, connection
from django.db.models import Model, QuerySet
from django.db.models.base import ModelState
from django.db.models.utils import create_namedtuple_class

M = TypeVar("M", bound=Model)

MOST = 200  # statements that a connection keeps; more run as they stand
MOST_READ = 2000  # shapes that a process keeps: whoever chooses columns makes new ones

# Many rows are one value: written once by the client and read once by the database, a row costs a third of what it does
# as a list of values, each of which both have to take for a piece of the statement's text.
_OPENED = {"postgresql": "jsonb_array_elements(CAST(%s AS jsonb)) AS j(value)", "sqlite": "json_each(%s) AS j"}

_names: "WeakKeyDictionary[Any, dict[str, str]]" = WeakKeyDictionary()  # by connection; they end with it
_numbers = count()


def answer(name: str, text: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run a statement with `%s` for its values (`%%` for a sign of per cent); its rows, [] where it has none to give.

    The name is how the server's log and its list of what runs call it. The text must not vary with the values: each one
    is kept as long as the connection. The server has to know the type of every value by where it stands, so give a CAST
    where it does not. One without a name is planned each time: that is for those whose values decide how.
    """
    with connection.cursor() as cursor:
        is_kept = name and connection.vendor == "postgresql"
        said = _by_name(cursor.cursor, name, text, len(values)) if is_kept else text
        try:
            cursor.execute(said, list(values))
        except NotSupportedError:  # a migration gave a column another type
            if not is_kept or _names[connection.connection].pop(text, "") != said or connection.in_atomic_block:
                raise  # what was begun is lost; the next time it is planned anew
            cursor.execute(_by_name(cursor.cursor, name, text, len(values)), list(values))
        return list(cursor.fetchall()) if cursor.description else []


def opened() -> str:
    """The SQL that opens one value, a JSON array, as rows with the column `value`."""
    return _OPENED[connection.vendor]


def _by_name(cursor: Any, name: str, text: str, number: int) -> str:
    """The text that runs this one; prepared where this connection has not met it. A rollback leaves it prepared."""
    names = _names.setdefault(connection.connection, {})
    if text not in names:
        if len(names) >= MOST:
            return text
        name = f"{name}_{next(_numbers)}"  # one may have several texts, and a text that is planned anew gets another
        with connection.wrap_database_errors:  # the client's own cursor: said once, it is no statement of a page
            cursor.execute(f"PREPARE {name} AS {text % tuple(f'${one}' for one in range(1, number + 1))}")
        names[text] = f"EXECUTE {name}" + (f" ({', '.join(['%s'] * number)})" if number else "")
    return names[text]


# --- what the ORM would read ----------------------------------------------------------------------------------------

_Converters = dict[int, tuple[list[Callable[..., Any]], Any]]  # of a column, by its place: SQLite's and sealed values


class _Read(NamedTuple):
    """A statement, what makes the database's values those of Python, and the type of its rows."""

    text: str
    converters: _Converters
    row: Any


_read: dict[Hashable, _Read | None] = {}  # None where the ORM has to read


def instances(
    model: type[M], name: str, rest: str, values: Sequence[Any] = (), *, fields: tuple[str, ...] = ()
) -> list[M]:
    """The rows of a model that `rest`, from WHERE or ORDER BY on, leaves; with these fields, else with all."""
    names, columns, converters = _of_model(model, fields, connection.vendor)
    found = answer(name, f"SELECT {columns} FROM {model._meta.db_table} {rest}", values)  # noqa: S608, SLF001 (our own words)
    return [_instance(model, names, row) for row in _converted(found, converters)]


def _instance(model: type[M], names: Sequence[str], row: Sequence[Any]) -> M:
    """As Django leaves one that it has read, at a fifth of its cost; nobody here hears its signals.

    A field that was not read is one that is not there: Django's own way to load it later.
    """
    made = model.__new__(model)
    made._state = ModelState()  # noqa: SLF001 (Django's public name)
    made._state.adding, made._state.db = False, DEFAULT_DB_ALIAS  # noqa: SLF001 (as above)
    vars(made).update(zip(names, row, strict=True))
    return made


def rows(name: str, shape: Hashable, values: Sequence[Any], make: Callable[[], "QuerySet[Any, Any]"]) -> list[Any]:
    """The rows of the queryset that `make` makes, as named tuples; it is made once a shape.

    Querysets of one shape have to differ in nothing but their values. Where these are not the parameters of the
    statement in their order, as where a database writes one in its own way, the ORM reads the rows.
    """
    place = (shape, connection.vendor)
    if place not in _read and len(_read) < MOST_READ:
        _read[place] = _as_said(make(), values)
    kept = _read.get(place)
    if kept is None:
        return list(make())
    return list(map(kept.row._make, _converted(answer(name, kept.text, values), kept.converters)))


def _as_said(made: "QuerySet[Any, Any]", values: Sequence[Any]) -> _Read | None:
    compiler = made.query.get_compiler(connection=connection)
    try:
        text, found = compiler.as_sql()
    except EmptyResultSet:  # the ORM knows that there is none
        return None
    if list(found) != list(values):
        return None
    columns = compiler.get_converters([column for column, *_rest in compiler.select])
    row = create_namedtuple_class(*made._fields)  # type: ignore[attr-defined]
    return _Read(text, columns, row)


@lru_cache
def _of_model(model: type[Model], fields: tuple[str, ...], _vendor: str) -> tuple[list[str], str, _Converters]:
    """Names and columns of the fields."""
    chosen = [one for one in model._meta.concrete_fields if not fields or one.attname in fields]  # noqa: SLF001 (Django's)
    compiler = model._base_manager.all().query.get_compiler(connection=connection)  # noqa: SLF001 (Django's)
    converters = compiler.get_converters([one.cached_col for one in chosen])
    return [one.attname for one in chosen], ", ".join(str(one.column) for one in chosen), converters


def _converted(found: list[tuple[Any, ...]], converters: _Converters) -> Iterable[Sequence[Any]]:
    for row in found:
        if not converters:
            yield row
            continue
        values = list(row)
        for place, (steps, column) in converters.items():
            for step in steps:
                values[place] = step(values[place], column, connection)
        yield values
