"""A list of the panel: its filters and columns, the rows of one page, and what else can be done with it."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.http import QueryDict  # noqa: TID251 (the query string of a list)
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import get_language

from pbas.core.keyset import Page, Walk
from pbas.core.lists.actions import Action
from pbas.core.lists.columns import Column
from pbas.core.lists.models import SavedView, views_for
from pbas.core.lists.query import ListQuery
from pbas.core.problems import UnknownProblem

if TYPE_CHECKING:
    from django.db.models import QuerySet

Reader = User | AnonymousUser | None


@dataclass(frozen=True, slots=True)
class ViewLink:
    """A saved view in the menu of its list."""

    pk: int
    name: str
    link: str
    is_shared: bool
    is_mine: bool
    is_current: bool


class PanelList:
    """What all lists share. Columns and views of this reader are kept in the cache; one statement for the rows."""

    name: ClassVar[str]  # in PANEL_LISTS
    label: ClassVar[Any]
    model: ClassVar[type[Any]]
    address: ClassVar[str]  # the name of its page's address
    columns: ClassVar[Sequence[Column]]  # the first one leads to the row's page and always stands first
    always: ClassVar[tuple[str, ...]] = ("id",)  # fields that the rows have whatever columns are shown
    sorts: ClassVar[tuple[str, ...]] = ("-id", "id")
    actions: ClassVar[Sequence[Action]] = ()
    named_by: ClassVar[str] = "id"  # the field by which one row is called
    gone: ClassVar[Mapping[str, Any]] = {}  # what is said of a filter's value that does not exist (any more)

    def __init__(self, given: QueryDict, reader: Reader = None) -> None:
        self._reader = reader
        self._reader_id = reader.pk if reader else None
        self.query = ListQuery(
            given,
            name=self.name,
            filters=self.filters(),
            sorts=self.sorts_for,
            columns=[column.name for column in self.columns],
            gone=self.gone,
            kept=next((one.query for one in self._saved if not one.name and one.owner_id == self._reader_id), ""),
        )

    def filters(self) -> Mapping[str, Container[str]]:
        """Each filter and its allowed values (none: any text)."""
        raise NotImplementedError

    @classmethod
    def sorts_for(cls, values: Mapping[str, Any]) -> Sequence[str]:  # noqa: ARG003 (the filters of other lists count)
        """The orders in which an index serves the list with these values of its filters; the first is the default."""
        return cls.sorts

    def filtered(self) -> "QuerySet[Any]":
        """All rows that the filters leave."""
        raise NotImplementedError

    @property
    def walked(self) -> Mapping[str, Any] | None:
        """Values of columns that all filtered rows have, and but for `either` no others; None where it is not so."""
        return None

    @property
    def either(self) -> Mapping[str, Any]:
        """Filters of which a row has to pass one, where something is searched for."""
        return {}

    def exact_hit(self) -> str:
        """The address of the one row that the search names exactly; "" where there is none."""
        return ""

    @cached_property
    def shown(self) -> list[Column]:
        """The columns of this reader in his order."""
        first, *others = self._said_columns
        if not self.query.columns:
            return [first, *(column for column in others if column.is_shown)]
        by_name = {column.name: column for column in others}
        return [first, *(by_name[name] for name in self.query.columns if name in by_name)]

    def words(self, choices: str) -> Mapping[str, str]:
        """The values of the class's attribute `choices` and what they are called; translated once a language."""
        kind: Any = type(self)
        return _words(kind, choices, get_language())

    @property
    def _said_columns(self) -> list[Column]:
        kind: Any = type(self)
        return _columns(kind, get_language())

    @property
    def names(self) -> list[str]:
        """Of the columns shown: what the template goes through for each row."""
        return [column.name for column in self.shown]

    def all_columns(self, shown: Sequence[str]) -> list[Column]:
        """Every column for the form that chooses: the first one, those shown in their order, then the others."""
        first, *others = self._said_columns
        by_name = {column.name: column for column in others}
        order = dict.fromkeys([*(name for name in shown if name in by_name), *by_name])
        return [first, *(by_name[name] for name in order)]

    @property
    def fields(self) -> list[str]:
        """What the rows of a page have."""
        sort = self.query.sort.removeprefix("-")
        of_columns = (field for column in self.shown for field in column.fields)
        return list(dict.fromkeys([*self.always, sort, *of_columns]))

    @cached_property
    def page(self) -> Page[Any]:
        """The rows asked for, as named tuples. One statement."""
        if (by := self.walked) is not None:
            return self.query.page(Walk(self.model, by, tuple(self.fields), self.either))
        return self.query.page(self.filtered().values_list(*self.fields, named=True))

    @property
    def complaints(self) -> Iterable[str]:
        """What the address asks for in vain."""
        return self.query.complaints

    @property
    def here(self) -> str:
        """The page of the list."""
        return reverse(self.address)

    @property
    def saved_query(self) -> str:
        """The list as it is now, columns and size too, for a view that is to show the same again."""
        return self.query.link(columns=",".join(self.names), size=self.query.size)[1:]

    @property
    def views(self) -> list[ViewLink]:
        """The saved views that this reader may open: his own and the shared ones."""
        now = self.saved_query
        return [
            ViewLink(
                *(one.pk, one.name, f"{self.here}?{one.query}", one.is_shared),
                is_mine=one.owner_id == self._reader_id,
                is_current=one.query == now,
            )
            for one in self._saved
            if one.name
        ]

    @cached_property
    def _saved(self) -> list[SavedView]:
        """What this reader keeps of the list, and the views that others share."""
        return [] if self._reader_id is None else views_for(self.name, self._reader)


@lru_cache
def _words(kind: Any, choices: str, _language: str | None) -> Mapping[str, str]:
    return {value: str(label) for value, label in getattr(kind, choices)}


@lru_cache
def _columns(kind: Any, _language: str | None) -> list[Column]:
    return [replace(column, label=str(column.label)) for column in kind.columns]


def list_called(name: str) -> type[PanelList]:
    """The list of a name. Raises UnknownProblem."""
    path = settings.PANEL_LISTS.get(name)
    if path is None:
        raise UnknownProblem("There is no list “%(name)s”.", name=name[:40])
    found: type[PanelList] = import_string(path)
    return found
