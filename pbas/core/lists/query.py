"""What a list's query string asks for. What it asks in vain is said on the page, and the list shows the rest."""

from collections.abc import Callable, Container, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import quote_plus
from zlib import crc32

from django.db.models import QuerySet
from django.http import QueryDict  # noqa: TID251 (the query string of a list)
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pbas.core.keyset import Page, Walk, keyset_page

PAGE_SIZE = 50
PAGE_SIZES = ("25", "50", "100", "200")
_PLACES = ("after", "before", "last")
_CHOICES = ("sort", "columns", "size")
GO = "go"  # what the search's button says: an exact hit is to be opened
_LONGEST = 200  # characters of a query value that are looked at
_LONGEST_PLACE = 300
_NO_VALUE = gettext_lazy("The filter has no value “%(value)s”.")  # said in vain only: hence lazy, as the two below
_NO_SORT = gettext_lazy("The list cannot be sorted by “%(value)s”.")
_NO_SIZE = gettext_lazy("A page has 25, 50, 100 or 200 rows, not “%(value)s”.")

R = TypeVar("R")


class ListQuery:
    """Filters, sort, columns, size and place. Links keep all but the place; `complaints` says what was left out."""

    def __init__(
        self,
        given: QueryDict,
        *,
        name: str,
        filters: Mapping[str, Container[str]],
        sorts: Callable[[Mapping[str, Any]], Sequence[str]],
        columns: Sequence[str] = (),
        gone: Mapping[str, Any] | None = None,
        kept: str = "",
    ) -> None:
        """`filters` names each filter and its allowed values (none: any text).

        `sorts` tells by the filters' values in which orders the list can be shown; the first is the default.

        `columns` are all that there are, `gone` the words for a filter's value that does not exist (any more), and
        `kept` the query string of what this reader chose: columns and size where the address says nothing.
        """
        self._name, self._given, self._gone = name, given, gone or {}
        self.complaints: list[str] = []
        known = {*filters, *_PLACES, *_CHOICES, GO}
        self._complain(*(_("There is no filter “%(name)s”.") % {"name": key[:40]} for key in given if key not in known))
        self._values = {key: self._filter(key, allowed) for key, allowed in filters.items()}
        self._sorts, self.sorts = sorts, sorts(self._values)
        self.sort = self._choice("sort", self.sorts, _NO_SORT) or self.sorts[0]
        chosen = QueryDict(kept)
        self._size = self._choice("size", PAGE_SIZES, _NO_SIZE)
        self.size = int(self._size or _allowed(chosen.get("size", ""), PAGE_SIZES) or PAGE_SIZE)
        self._columns = self._named_columns(given, columns, is_told=True)
        self.columns = self._columns or self._named_columns(chosen, columns, is_told=False)
        self.place = self._place()

    def __getitem__(self, name: str) -> str:
        """The value of a filter; "" where it is not set."""
        return self._values[name]

    @property
    def is_going(self) -> bool:
        """Whether the search was sent by its button, not while somebody types."""
        return GO in self._given

    def link(self, **changes: Any) -> str:
        """The query string with other values; without `place` names in it, it leads to the first page."""
        kept = {"sort": self.sort, "columns": ",".join(self._columns), "size": self._size}
        wanted = {**self._values, **kept, **changes}
        if wanted["sort"] not in self._sorts(wanted)[1:]:  # the default, or none that this list has
            wanted["sort"] = ""
        return "?" + "&".join(
            f"{name}={_quoted(str(value))}" for name, value in wanted.items() if value not in ("", None)
        )

    def sort_link(self, column: str) -> str:
        """Sort by a column, or turn its order round."""
        return self.link(sort=f"-{column}" if self.sort == column else column)

    def aria_sort(self, column: str) -> str:
        """How a column is sorted now, as aria-sort says it; "" where it is not."""
        return {column: "ascending", f"-{column}": "descending"}.get(self.sort, "")

    def hidden(self, *without: str) -> list[tuple[str, str]]:
        """What a form that leads back to the list takes along, but for some names."""
        return [(key, str(value)) for key, value in QueryDict(self.link()[1:]).items() if key not in without]

    def page(self, rows: QuerySet[Any, R] | Walk) -> Page[R]:
        """The page of `rows` that is asked for."""
        place = self.place
        found = keyset_page(
            *(rows, self.sort, self.size),
            after=place.get("after", ""),
            before=place.get("before", ""),
            last="last" in place,
        )
        return Page(found.rows, *(self._sealed(one) for one in (found.previous, found.next, found.last)))

    def _sealed(self, place: dict[str, str] | None) -> dict[str, str] | None:
        mark = place and next(((key, value) for key, value in place.items() if key != "last"), None)
        return {mark[0]: seal(self._name, self.sort, mark[1])} if mark else place

    def _complain(self, *texts: str) -> None:
        self.complaints += texts

    def _filter(self, name: str, allowed: Container[str]) -> str:
        return self._choice(name, allowed, self._gone.get(name, _NO_VALUE))

    def _choice(self, name: str, allowed: Container[str], complaint: Any) -> str:
        value = _clean(self._given.get(name, ""))
        if _allowed(value, allowed):
            return value
        if value:
            self._complain(str(complaint) % {"value": value[:40]})
        return ""

    def _named_columns(self, given: QueryDict, columns: Sequence[str], *, is_told: bool) -> list[str]:
        """Each column once; told are those that do not exist (any more)."""
        named = dict.fromkeys(part for part in _clean(given.get("columns", "")).split(",") if part)
        if is_told:
            gone = (part for part in named if part not in columns)
            self._complain(*(_("There is no column “%(name)s” (any more).") % {"name": part[:40]} for part in gone))
        return [part for part in named if part in columns]

    def _place(self) -> dict[str, str]:
        """The first of the places that are given, where its seal is whole and of this list in this order."""
        for name in _PLACES:
            value = _clean(self._given.get(name, ""), _LONGEST_PLACE)
            mark, _dot, _seal = value.rpartition(".")
            if (name, value) == ("last", "1") or (mark and seal(self._name, self.sort, mark) == value):
                return {name: mark or value}
            if value:
                self._complain(_("The address names no place in this list: it was cut, or is of another list."))
                return {}
        return {}


@lru_cache(maxsize=2000)
def _quoted(value: str) -> str:
    """As urlencode does; a page has forty links, and they differ in little."""
    return quote_plus(value, safe=",")


def seal(name: str, sort: str, mark: str) -> str:
    """A place in a list for its address. The seal tells a cut one and one of another list; it keeps no secret."""
    return f"{mark}.{crc32(f'{name} {sort} {mark}'.encode()):08x}"


def _clean(value: str, longest: int = _LONGEST) -> str:
    return value.strip()[:longest].replace("\0", "")


def _allowed(value: str, allowed: Container[str]) -> str:
    return value if not allowed or value in allowed else ""
