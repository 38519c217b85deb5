"""Pages of long lists by the value of the last row seen, never by OFFSET; and stretches of them, for all rows."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import GeneratedField, Model, Q, QuerySet

from pbas.core import prepared

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Rows of one page, and what the links to the pages around it have in their query string ({} is the first page)."""

    rows: list[R]
    previous: dict[str, str] | None
    next: dict[str, str] | None
    last: dict[str, str] | None

    @property
    def is_all(self) -> bool:
        """Whether the list ends on this page, which is then its only one."""
        return self.previous is None and self.next is None


@dataclass(frozen=True, slots=True)
class Walk:
    """All rows of which some columns have these values, as an index has them in their order; with these fields.

    Whatever the values, their statement is made once, and one plan does for them; but for those of `either`, filters
    of which a row has to pass one, as a search has them: how many it found decides how their rows are read.
    """

    model: type[Model]
    by: Mapping[str, Any]
    fields: tuple[str, ...]
    either: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shape(self) -> Hashable:
        """What walks have in common whose statement is the same."""
        return self.model, tuple(self.by), self.fields, tuple(self.either)

    @property
    def name(self) -> str:
        """Of the statement that is planned once; "" where it is not."""
        return "" if self.either else self.model._meta.db_table  # noqa: SLF001 (Django's public name)

    def rows(self) -> QuerySet[Any, Any]:
        """As named tuples."""
        rows = self.model._default_manager.filter(**self.by).filter(Q(**self.either, _connector=Q.OR))  # noqa: SLF001 (as above)
        return rows.values_list(*self.fields, named=True)


def keyset_page(
    rows: QuerySet[Any, R] | Walk, sort: str, size: int, *, after: str = "", before: str = "", last: bool = False
) -> Page[R]:
    """One page in one statement, sorted by a column that is never NULL and then by id.

    `after` and `before` are marks as the page before gave them; rubbish counts as none. "Last" is the first page of
    the order turned round, "previous" the same bounded by the first row of this page.
    """
    column, downwards = sort.removeprefix("-"), sort.startswith("-")
    backwards = last or bool(before)
    mark = _parse(rows.model, column, before or after)
    up = downwards == backwards
    found = _found(rows, column, mark, size + 1, up=up)
    more = len(found) > size
    if backwards and not last and not more:
        return keyset_page(rows, sort, size)  # near the start: the first page, and a full one
    found = found[:size]
    if backwards:
        found.reverse()
    has_previous, has_next = (more, not last and bool(found)) if backwards else (mark is not None, more)
    return Page(
        rows=found,
        previous={"before": _mark(found[0], column)} if has_previous and found else {} if has_previous else None,
        next={"after": _mark(found[-1], column)} if has_next else None,
        last={"last": "1"} if has_next else None,
    )


def stretches(rows: QuerySet[Any, R], sort: str, sizes: Iterable[int | None]) -> Iterator[QuerySet[Any, R]]:
    """All rows in their order, in stretches of these sizes; None is all that is left.

    One short statement finds the end of each, so that no transaction has to stay open meanwhile.
    """
    column, up = sort.removeprefix("-"), not sort.startswith("-")
    mark: tuple[Any, int] | None = None
    for size in sizes:
        rest = _bounded(rows, column, mark, up=up).order_by(*_order(column, up=up))
        ends = list(rest.values_list(column, "pk")[size - 1 : size]) if size else []
        if not ends:
            yield rest
            return
        mark = ends[0]
        yield rest.filter(_not_beyond(column, mark, up=up))


def _found(rows: QuerySet[Any, R] | Walk, column: str, mark: tuple[Any, int] | None, most: int, *, up: bool) -> list[R]:
    def asked() -> QuerySet[Any, R]:
        given = rows.rows() if isinstance(rows, Walk) else rows
        return _bounded(given, column, mark, up=up).order_by(*_order(column, up=up))[:most]

    if not isinstance(rows, Walk):
        return list(asked())
    shape = (rows.shape, column, up, mark is None, most)
    value, pk = mark or (None, 0)
    place = [] if mark is None else [pk] if column == "id" else [value, value, pk]
    return prepared.rows(rows.name, shape, [*rows.by.values(), *rows.either.values(), *place], asked)


def _not_beyond(column: str, mark: tuple[Any, int], *, up: bool) -> Q:
    value, pk = mark
    step = "lt" if up else "gt"
    if column == "id":
        return Q((f"id__{step}e", pk))
    return Q((f"{column}__{step}e", value)) & (Q((f"{column}__{step}", value)) | Q((f"id__{step}e", pk)))


def _order(column: str, *, up: bool) -> list[str]:
    sign = "" if up else "-"
    return [sign + column] if column == "id" else [sign + column, sign + "id"]


def _bounded(rows: QuerySet[Any, R], column: str, mark: tuple[Any, int] | None, *, up: bool) -> QuerySet[Any, R]:
    if mark is None:
        return rows
    value, pk = mark
    step = "gt" if up else "lt"
    if column == "id":
        return rows.filter(**{f"id__{step}": pk})
    beyond = Q((f"{column}__{step}", value)) | Q((f"id__{step}", pk))
    return rows.filter(Q((f"{column}__{step}e", value)) & beyond)


def _mark(row: Any, column: str) -> str:
    value = getattr(row, column)
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return str(row.id) if column == "id" else f"{text}~{row.id}"


def _parse(model: type[Model], column: str, mark: str) -> tuple[Any, int] | None:
    """Value and id of a mark; None where it is none."""
    text, _, pk = mark.rpartition("~")
    if not pk.isdecimal() or len(pk) > 18:  # noqa: PLR2004 (digits of a 64-bit id)
        return None
    if column == "id":
        return None, int(pk)
    try:
        field = model._meta.get_field(column)  # noqa: SLF001 (Django's public name)
        value = (field.output_field if isinstance(field, GeneratedField) else field).to_python(text)  # type: ignore[union-attr]
    except (FieldDoesNotExist, ValidationError, ValueError):
        return None
    return None if value is None else (value, int(pk))
