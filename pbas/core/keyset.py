"""Pages of long lists by the value of the last row seen, never by OFFSET; and the query string that says which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import GeneratedField, Model, Q, QuerySet
from django.http import QueryDict  # noqa: TID251 (the query string of a list)

PAGE_SIZE = 50
_PAGING = ("after", "before", "last")
_LONGEST = 200  # characters of a query value that are looked at

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


class ListQuery:
    """What a list's query string asks for. Rubbish in it counts as not said; links keep all but the place."""

    def __init__(
        self, given: QueryDict, *, filters: Mapping[str, Sequence[str]], sorts: Sequence[str] = ("-id",)
    ) -> None:
        """`filters` names each filter and its allowed values (none: any text); the first of `sorts` is the default."""
        self._values = {name: _clean(given.get(name, ""), allowed) for name, allowed in filters.items()}
        self.default_sort = sorts[0]
        self.sort = _clean(given.get("sort", ""), sorts) or sorts[0]
        self.place = {name: _clean(given.get(name, ""), ()) for name in _PAGING if given.get(name)}

    def __getitem__(self, name: str) -> str:
        """The value of a filter; "" where it is not set."""
        return self._values[name]

    def link(self, **changes: Any) -> str:
        """The query string with other values; without `place` names in it, it leads to the first page."""
        wanted = {**self._values, "sort": "" if self.sort == self.default_sort else self.sort, **changes}
        return "?" + urlencode({name: value for name, value in wanted.items() if value not in ("", None)})

    def sort_link(self, column: str) -> str:
        """Sort by a column, or turn its order round."""
        turned = f"-{column}" if self.sort == column else column
        return self.link(sort="" if turned == self.default_sort else turned)

    def aria_sort(self, column: str) -> str:
        """How a column is sorted now, as aria-sort says it; "" where it is not."""
        return {column: "ascending", f"-{column}": "descending"}.get(self.sort, "")

    def page(self, rows: QuerySet[Any, R], size: int = PAGE_SIZE) -> Page[R]:
        """The page of `rows` that is asked for."""
        place = self.place
        return keyset_page(
            rows, self.sort, size, after=place.get("after", ""), before=place.get("before", ""), last="last" in place
        )


def _clean(value: str, allowed: Sequence[str]) -> str:
    value = value.strip()[:_LONGEST].replace("\0", "")
    return value if not allowed or value in allowed else ""


def keyset_page(
    rows: QuerySet[Any, R], sort: str, size: int, *, after: str = "", before: str = "", last: bool = False
) -> Page[R]:
    """One page in one statement, sorted by a column that is never NULL and then by id.

    `after` and `before` are marks as the page before gave them; rubbish counts as none. "Last" is the first page of
    the order turned round, "previous" the same bounded by the first row of this page.
    """
    column, downwards = sort.removeprefix("-"), sort.startswith("-")
    backwards = last or bool(before)
    mark = _parse(rows.model, column, before or after)
    up = downwards == backwards
    found = list(_bounded(rows, column, mark, up=up).order_by(*_order(column, up=up))[: size + 1])
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
