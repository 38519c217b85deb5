"""The lists of licenses and requests below their tabs: what the query string asks for, counters, rows of one page."""

from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from licenses.bulk import LICENSE_ACTIONS, REQUEST_ACTIONS
from licenses.counters import Counts, counts
from licenses.list_columns import LICENSE_COLUMNS, REQUEST_COLUMNS
from licenses.models import License, LicenseRequest, PluginConfiguration
from licenses.narrowing import Days, Narrowing, StateLink, Tab
from licenses.selectors import (
    SHORTEST_SEARCH,
    WAITING_FOR_STAFF,
    configurations,
    expiring_soon,
    failed_lately,
    found_by,
)
from pbas.core.jinja import number, state
from pbas.core.lists.listing import PanelList

LONGEST_ID = 19  # digits that a 64-bit id never has


class _TabbedList(PanelList):
    """What the two lists share. Six statements a page at most: views, tabs, counters, a search, rows, and who asks."""

    subject: ClassVar[str]
    to_license: ClassVar[str]  # how a row leads to its license; "" where it is one
    states: ClassVar[Iterable[tuple[str, Any]]]
    narrowings: ClassVar[Mapping[str, Mapping[str, Narrowing] | Days]] = {}  # by filter and value
    gone = {"plugin": gettext_lazy("The plug-in of this tab does not exist (any more): these are all tabs.")}

    def filters(self) -> Mapping[str, Container[str]]:
        """Tab, state, search, and what else narrows this list."""
        tabs = [str(one.id) for one in self.configurations]
        return {"plugin": tabs or ["none"], "state": list(self.labels), "q": [], **self.narrowings}

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """The states in the reader's words."""
        return self.words("states")

    @property
    def state(self) -> str:
        """The state that is filtered by."""
        return self.query["state"]

    @property
    def text(self) -> str:
        """What is searched for."""
        return self.query["q"]

    @property
    def is_too_short(self) -> bool:
        """Whether no index knows so few signs."""
        return 0 < len(self.text) < SHORTEST_SEARCH

    @property
    def is_searched(self) -> bool:
        """Whether a search is made."""
        return len(self.text) >= SHORTEST_SEARCH

    @property
    def is_counted(self) -> bool:
        """Whether the counters know how many rows the filters leave."""
        return not self.is_searched and not self.narrowed

    @property
    def walked(self) -> dict[str, Any] | None:
        """By tab and state alone, and those found."""
        return None if self.narrowed else self._by

    @cached_property
    def either(self) -> dict[str, Any]:
        """What is searched for. One statement."""
        return found_by(self.text).fits(self.to_license) if self.is_searched else {}

    @cached_property
    def narrowed(self) -> dict[str, Narrowing]:
        """What else the rows are narrowed by."""
        return {name: values[self.query[name]] for name, values in self.narrowings.items() if self.query[name]}

    @cached_property
    def configurations(self) -> list[PluginConfiguration]:
        """Those that have a tab. One statement."""
        return configurations()

    @cached_property
    def tab(self) -> PluginConfiguration | None:
        """The configuration whose tab is open; None on All, and where the address names none that exists."""
        wanted = self.query["plugin"]
        return next((one for one in self.configurations if str(one.id) == wanted), None)

    @cached_property
    def counts(self) -> Counts:
        """The counters. One statement."""
        return counts()

    @cached_property
    def waiting(self) -> list[int]:
        """How many requests of each tab need a person."""
        return [self.counts.waiting(one) for one in self.configurations]

    @property
    def tabs(self) -> list[Tab]:
        """All first, then one a configuration."""
        tabs = [Tab("all", _("All"), self.query.link(plugin=""), sum(self.waiting), self.tab is None)]
        for one, waiting in zip(self.configurations, self.waiting, strict=True):
            link = self.query.link(plugin=one.id)
            warning = "" if one.status in {"configured", "fetching"} else str(one.get_status_display())
            tabs.append(Tab(str(one.id), one.name, link, waiting, one is self.tab, warning))
        return tabs

    @property
    def state_links(self) -> list[StateLink]:
        """All first, then each state with its exact total in this tab; beside a search nothing is counted."""
        return [
            self._state_link("", _("All")),
            *(self._state_link(value, label) for value, label in self.labels.items()),
        ]

    def filtered(self) -> "QuerySet[Any]":
        """The rows of the tab that the filters leave. One statement where something is searched for."""
        rows: QuerySet[Any] = self.model.objects.filter(**self._by)
        for narrowing in self.narrowed.values():
            rows = rows.filter(narrowing.fits())
        return rows.filter(Q(**self.either, _connector=Q.OR))

    @property
    def _by(self) -> dict[str, Any]:
        wanted = {"configuration_id": self.tab and self.tab.id, "state": self.state}
        return {name: value for name, value in wanted.items() if value}

    @cached_property
    def plugins(self) -> dict[int, str]:
        """The names of the configurations."""
        return {one.id: one.name for one in self.configurations}

    @property
    def chips(self) -> list[tuple[str, str]]:
        """What the rows are filtered by, and the address without it; the tab is no filter."""
        chips = []
        if self.is_searched:
            chips.append((_("Contains “%(text)s”") % {"text": self.text}, self.query.link(q="")))
        if self.state:
            chips.append((self.labels[self.state], self.query.link(state="")))
        return [*chips, *((str(one.label), self.query.link(**{name: ""})) for name, one in self.narrowed.items())]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What a new search keeps of the query string."""
        return self.query.hidden("q")

    @property
    def clear(self) -> str:
        """The address of the tab without any filter."""
        return self.query.link(q="", state="", **dict.fromkeys(self.narrowings, ""))

    @cached_property
    def result(self) -> str:
        """How many rows there are; beside a search only what is known without counting."""
        shown = len(self.page.rows)
        if self.is_counted:
            total = self._total(self.state)
            return _("%(n)s of %(all)s") % {"n": number(shown), "all": number(total)}
        if self.page.is_all:
            return ngettext("%(n)s match", "%(n)s matches", shown) % {"n": number(shown)}
        return _("more than %(n)s matches") % {"n": number(shown)}

    @cached_property
    def marks(self) -> dict[str, Any]:
        """Each state as icon and word, drawn once a page."""
        return {value: state(value, label) for value, label in self.labels.items()}

    def _state_link(self, value: str, label: str) -> StateLink:
        count = self._total(value) if self.is_counted else None
        link = self.query.link(state=value, **dict.fromkeys(self.narrowings, ""))  # one or the other
        return StateLink(value, label, link, count, value == self.state)

    def _total(self, value: str) -> int:
        tab = self.tab.pk if self.tab else None
        return self.counts.of(self.subject, states=[value] if value else (), tab=tab)


_BY_AGE, _BY_EXPIRY = ("-id", "id"), ("expires_order", "-expires_order")


class LicenseList(_TabbedList):
    """Licenses, newest first."""

    name, label, address, named_by = "licenses", gettext_lazy("Licenses"), "licenses", "key"
    subject, to_license = "license", ""
    model = License
    columns = LICENSE_COLUMNS
    actions = LICENSE_ACTIONS
    always = ("id", "state")
    sorts = (*_BY_AGE, "key", "-key", *_BY_EXPIRY)
    states = License.State.choices
    narrowings: ClassVar = {
        "sync": {"out": Narrowing(gettext_lazy("Not In Sync"), lambda: Q(in_sync=False))},
        "target": {"off": Narrowing(gettext_lazy("Not as it was installed"), lambda: Q(found__isnull=False))},
        "ends": {"soon": Narrowing(gettext_lazy("Expires within 30 days"), expiring_soon)},
        "issued": Days(gettext_lazy("Issued on %(day)s"), "issued_at"),
    }

    @classmethod
    def sorts_for(cls, values: Mapping[str, Any]) -> Sequence[str]:
        """What ends soon goes by its end; what else is narrowed has an index by age, and a state one by expiry too."""
        if values["ends"]:
            return _BY_EXPIRY
        if any(map(values.get, cls.narrowings)):
            return _BY_AGE
        return (*_BY_AGE, *_BY_EXPIRY) if values["state"] else cls.sorts

    @property
    def total_text(self) -> str:
        """How many there are at all."""
        total = self.counts.of("license")
        tabs = len(self.configurations)
        plugins = ngettext("%(n)s plug-in", "%(n)s plug-ins", tabs) % {"n": number(tabs)}
        said = ngettext("%(n)s license from %(plugins)s", "%(n)s licenses from %(plugins)s", total)
        return said % {"n": number(total), "plugins": plugins}

    def exact_hit(self) -> str:
        """The page of the one license that has the key searched for; "" where none or several have."""
        found = list(License.objects.filter(key=self.text).values_list("pk", flat=True)[:2])
        return reverse("license", args=found) if len(found) == 1 else ""


class RequestList(_TabbedList):
    """Requests, newest first."""

    name, label, address = "license_requests", gettext_lazy("License Requests"), "license_requests"
    subject, to_license = "request", "license__"
    model = LicenseRequest
    columns = REQUEST_COLUMNS
    actions = REQUEST_ACTIONS
    always = ("id", "state")
    states = sorted(LicenseRequest.State.choices, key=lambda choice: choice[0] not in WAITING_FOR_STAFF)  # those first
    kinds: ClassVar[dict[str, Any]] = {
        value: label for value, label in LicenseRequest.Kind.choices if value != LicenseRequest.Kind.ISSUE
    }
    narrowings: ClassVar = {
        "open": {"yes": Narrowing(gettext_lazy("On their way"), lambda: Q(state__in=LicenseRequest.OPEN))},
        "failed": {"day": Narrowing(gettext_lazy("Failed within 24 hours"), failed_lately)},
    }
    all_kinds: ClassVar[dict[str, Any]] = dict(LicenseRequest.Kind.choices)
    held_word = gettext_lazy("On hold")

    @property
    def total_text(self) -> str:
        """How many are still on their way."""
        opened = self.counts.of("request", states=LicenseRequest.OPEN)
        said = ngettext("%(n)s open request", "%(n)s open requests", opened) % {"n": number(opened)}
        waiting = sum(self.waiting)
        need = ngettext("%(n)s needs you", "%(n)s need you", waiting) % {"n": number(waiting)}
        return f"{said}, {need}" if waiting else said

    def exact_hit(self) -> str:
        """The page of the request whose number was searched for; "" where none has it."""
        if not self.text.isdecimal() or len(self.text) >= LONGEST_ID:
            return ""
        pk = int(self.text)
        return reverse("license_request", args=[pk]) if LicenseRequest.objects.filter(pk=pk).exists() else ""
