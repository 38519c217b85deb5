"""The lists of licenses and requests below their tabs: what the query string asks for, counters, rows of one page."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import QueryDict  # noqa: TID251 (the query string of a list)
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from licenses.models import License, LicenseRequest, PluginConfiguration
from licenses.selectors import (
    SHORTEST_SEARCH,
    WAITING_FOR_STAFF,
    Counts,
    Found,
    configurations,
    counts,
    found_by,
)
from pbas.core.jinja import number, state
from pbas.core.keyset import ListQuery, Page

_LICENSE_COLUMNS = (
    *("id", "key", "state", "expires_order", "issued_at", "parent_id", "subscription_id"),
    *("license_class__name", "subscription__name", "subscription__account__name"),
)
_REQUEST_COLUMNS = (
    *("id", "kind", "state", "held", "created_at", "due_at", "problem_text", "subscription_id", "license_id"),
    *("license_class__name", "subscription__name", "subscription__account__name", "order_number", "license__key"),
)


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


class _TabbedList:
    """What the two lists share. Five statements a page at most: tabs, counters, a search, rows, and who is asking."""

    subject: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]
    sorts: ClassVar[tuple[str, ...]] = ("-id", "id")
    states: ClassVar[Iterable[tuple[str, Any]]]

    def __init__(self, given: QueryDict) -> None:
        tabs = ["", *(str(one.pk) for one in self.configurations)]
        states = [value for value, _label in self.states]
        self.query = ListQuery(given, filters={"plugin": tabs, "state": states, "q": ()}, sorts=self.sorts)
        self.state, self.text = self.query["state"], self.query["q"]
        self.is_too_short = 0 < len(self.text) < SHORTEST_SEARCH
        self.is_searched = len(self.text) >= SHORTEST_SEARCH

    def rows(self) -> "QuerySet[Any]":
        """All rows of the subject."""
        raise NotImplementedError

    def matching(self, found: Found) -> Q:
        """Which of the rows a search is about."""
        raise NotImplementedError

    @cached_property
    def found(self) -> Found | None:
        """What is searched for; None where nothing is, or too few signs. One statement."""
        return found_by(self.text) if self.is_searched else None

    @cached_property
    def configurations(self) -> list[PluginConfiguration]:
        """Those that have a tab. One statement."""
        return configurations()

    @cached_property
    def tab(self) -> PluginConfiguration | None:
        """The configuration whose tab is open; None on All, and where the address names none that exists."""
        wanted = self.query["plugin"]
        return next((one for one in self.configurations if str(one.pk) == wanted), None)

    @cached_property
    def counts(self) -> Counts:
        """The counters. One statement."""
        return counts()

    @property
    def tabs(self) -> list[Tab]:
        """All first, then one a configuration."""
        tabs = [
            Tab("all", _("All"), self.query.link(plugin=""), self.counts.waiting(self.configurations), self.tab is None)
        ]
        for one in self.configurations:
            link = self.query.link(plugin=one.pk)
            warning = "" if one.status in {"configured", "fetching"} else str(one.get_status_display())
            tabs.append(Tab(str(one.pk), one.name, link, self.counts.waiting([one]), one == self.tab, warning))
        return tabs

    @property
    def state_links(self) -> list[StateLink]:
        """All first, then each state with its exact total in this tab; beside a search nothing is counted."""
        return [self._state_link("", _("All")), *(self._state_link(value, str(label)) for value, label in self.states)]

    @cached_property
    def page(self) -> Page[Any]:
        """The rows asked for, as named tuples. One statement, two when searched."""
        rows = self.rows()
        if self.tab is not None:
            rows = rows.filter(configuration=self.tab.pk)
        if self.state:
            rows = rows.filter(state=self.state)
        if self.found is not None:
            rows = rows.filter(self.matching(self.found))
        return self.query.page(rows.values_list(*self.columns, named=True))

    @property
    def chips(self) -> list[tuple[str, str]]:
        """What the rows are filtered by, and the address without it; the tab is no filter."""
        chips = []
        if self.is_searched:
            chips.append((_("Contains “%(text)s”") % {"text": self.text}, self.query.link(q="")))
        if self.state:
            chips.append((str(dict(self.states)[self.state]), self.query.link(state="")))
        return chips

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What a new search keeps of the query string."""
        sort = "" if self.query.sort == self.query.default_sort else self.query.sort
        return [("plugin", self.query["plugin"]), ("state", self.state), ("sort", sort)]

    @property
    def clear(self) -> str:
        """The address of the tab without any filter."""
        return self.query.link(q="", state="")

    @property
    def result(self) -> str:
        """How many rows there are; beside a search only what is known without counting."""
        shown = len(self.page.rows)
        if not self.is_searched:
            total = self._total(self.state)
            return _("%(n)s of %(all)s") % {"n": number(shown), "all": number(total)}
        if self.page.is_all:
            return ngettext("%(n)s match", "%(n)s matches", shown) % {"n": number(shown)}
        return _("more than %(n)s matches") % {"n": number(shown)}

    @cached_property
    def marks(self) -> dict[str, Any]:
        """Each state as icon and word, drawn once a page."""
        return {value: state(value, str(label)) for value, label in self.states}

    def _state_link(self, value: str, label: str) -> StateLink:
        count = None if self.is_searched else self._total(value)
        return StateLink(value, label, self.query.link(state=value), count, value == self.state)

    def _total(self, value: str) -> int:
        tab = self.tab.pk if self.tab else None
        return self.counts.of(self.subject, states=[value] if value else (), tab=tab)


class LicenseList(_TabbedList):
    """Licenses, newest first."""

    subject = "license"
    columns = _LICENSE_COLUMNS
    sorts = ("-id", "id", "key", "-key", "expires_order", "-expires_order")
    states = License.State.choices

    @property
    def total_text(self) -> str:
        """How many there are at all."""
        total = self.counts.of("license")
        tabs = len(self.configurations)
        plugins = ngettext("%(n)s plug-in", "%(n)s plug-ins", tabs) % {"n": number(tabs)}
        said = ngettext("%(n)s license from %(plugins)s", "%(n)s licenses from %(plugins)s", total)
        return said % {"n": number(total), "plugins": plugins}

    def rows(self) -> "QuerySet[Any]":
        """All licenses."""
        return License.objects.all()

    def matching(self, found: Found) -> Q:
        """Those found, and all of a subscription that was."""
        return found.licenses_of_it()


class RequestList(_TabbedList):
    """Requests, newest first."""

    subject = "request"
    columns = _REQUEST_COLUMNS
    states = sorted(LicenseRequest.State.choices, key=lambda choice: choice[0] not in WAITING_FOR_STAFF)  # those first
    kinds: ClassVar[dict[str, Any]] = {
        value: label for value, label in LicenseRequest.Kind.choices if value != LicenseRequest.Kind.ISSUE
    }
    held_word = gettext_lazy("On hold")

    @property
    def total_text(self) -> str:
        """How many are still on their way."""
        opened = self.counts.of("request", states=LicenseRequest.OPEN)
        said = ngettext("%(n)s open request", "%(n)s open requests", opened) % {"n": number(opened)}
        waiting = self.counts.waiting(self.configurations)
        return (
            f"{said}, {ngettext('%(n)s needs you', '%(n)s need you', waiting) % {'n': number(waiting)}}"
            if waiting
            else said
        )

    def rows(self) -> "QuerySet[Any]":
        """All requests."""
        return LicenseRequest.objects.all()

    def matching(self, found: Found) -> Q:
        """Those of a license or a subscription that was found."""
        return found.requests_of_it()
