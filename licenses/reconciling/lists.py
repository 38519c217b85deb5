"""The list of findings below the tabs of the plug-ins: what kind, whether ignored, what it costs."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from django.db.models import Case, CharField, F, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from licenses.models import Finding, PluginConfiguration
from licenses.reconciling.selectors import Cost, cost_of, counts_of, open_ones
from licenses.selectors import configurations
from pbas.core.jinja import number, state
from pbas.core.lists.columns import Column, Kind
from pbas.core.lists.listing import PanelList

COLUMNS = (
    Column("key", gettext_lazy("Key"), ("shown",)),
    Column("kind", gettext_lazy("What is wrong"), ("kind",), Kind.WORD),
    Column("class", gettext_lazy("Class"), ("class_name",)),
    Column(
        "different",
        gettext_lazy("Vendor says"),
        ("differences", "vendor_status", "request_id"),
        writes=("differences_text", "vendor_status"),
    ),
    Column("license", gettext_lazy("License"), ("license_id",), Kind.WORD, is_shown=False),
    Column("subscription", gettext_lazy("Subscription"), ("license__subscription__name",)),
    Column(
        "cost",
        gettext_lazy("Cost a month"),
        ("monthly_cost", "cost_currency", "is_billed"),
        Kind.WORD,
        css="end",
        writes=("monthly_cost", "cost_currency"),
    ),
    Column("seen", gettext_lazy("First seen"), ("first_seen_at",), Kind.MOMENT, css="end"),
    Column("plugin", gettext_lazy("Plug-in"), ("configuration__name",)),
    Column("ignored", gettext_lazy("Ignored until"), ("ignored_until",), Kind.MOMENT, css="end", is_shown=False),
    Column("why", gettext_lazy("Why ignored"), ("ignored_why",), is_shown=False),
    Column("number", gettext_lazy("No."), ("id",), Kind.WORD, is_shown=False),
)


class FindingList(PanelList):
    """Findings, newest first. Five statements a page: columns, tabs, counts, cost, rows."""

    name, label, address, named_by = "findings", gettext_lazy("Reconciliation"), "findings", "shown"
    model = Finding
    columns = COLUMNS
    always = ("id", "kind")
    gone = {"plugin": gettext_lazy("The plug-in of this tab does not exist (any more): these are all tabs.")}

    def filters(self) -> Mapping[str, Sequence[str]]:
        """Tab, kind, and whether it is ignored."""
        tabs = [str(one.pk) for one in self.configurations]
        return {"plugin": tabs or ["none"], "kind": Finding.Kind.values, "ignored": ["1"], "billed": ["1"]}

    def rows(self) -> "QuerySet[Any]":
        """All findings, with what several columns are made of."""
        fee = Case(When(is_billed=True, then=F("license_class__monthly_fee")))
        unit = Case(
            When(is_billed=True, license_class__monthly_fee__isnull=False, then=F("license_class__currency")),
            default=Value(""),
            output_field=CharField(),
        )
        return Finding.objects.annotate(
            class_name=Coalesce("license_class__name", "class_code"),
            monthly_cost=fee,
            cost_currency=unit,
            differences_text=Cast("differences", TextField()),
        )

    def filtered(self) -> "QuerySet[Any]":
        """The rows of the tab that the filters leave."""
        rows = open_ones(self.rows(), ignored=self.is_ignored)
        if self.tab is not None:
            rows = rows.filter(configuration=self.tab.pk)
        if self.query["kind"]:
            rows = rows.filter(kind=self.query["kind"])
        return rows.filter(is_billed=True) if self.query["billed"] else rows

    @property
    def is_ignored(self) -> bool:
        """Whether those are shown that somebody ignores."""
        return bool(self.query["ignored"])

    @cached_property
    def configurations(self) -> list[PluginConfiguration]:
        """Those that have a tab: the ones with a vendor. One statement."""
        return [one for one in configurations() if one.is_online]

    @cached_property
    def tab(self) -> PluginConfiguration | None:
        """The configuration whose tab is open; None on All."""
        return next((one for one in self.configurations if str(one.pk) == self.query["plugin"]), None)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many of each kind in this tab. One statement."""
        return counts_of(self.tab, ignored=self.is_ignored)

    @property
    def cost(self) -> Cost:
        """What the findings of this filter cost a month. One statement."""
        return cost_of(self.filtered())

    @property
    def tabs(self) -> list[dict[str, Any]]:
        """All first, then one a configuration."""
        link = self.query.link
        tabs = [{"name": "all", "label": _("All"), "link": link(plugin=""), "is_current": self.tab is None}]
        tabs += [
            {"name": str(one.pk), "label": one.name, "link": link(plugin=one.pk), "is_current": one == self.tab}
            for one in self.configurations
        ]
        return [{**tab, "count": None, "warning": ""} for tab in tabs]

    @property
    def kind_links(self) -> list[dict[str, Any]]:
        """All first, then each kind with its number in this tab."""
        kinds: list[tuple[str, Any, int]] = [("", _("All"), sum(self.counts.values()))]
        kinds += [(value, label, self.counts[value]) for value, label in Finding.Kind.choices]
        return [
            {
                "name": value,
                "label": label,
                "link": self.query.link(kind=value),
                "count": n,
                "is_current": value == self.query["kind"],
            }
            for value, label, n in kinds
        ]

    @property
    def chips(self) -> list[tuple[str, str]]:
        """What the rows are filtered by, and the address without it."""
        chips = []
        if self.query["kind"]:
            chips.append((str(Finding.Kind(self.query["kind"]).label), self.query.link(kind="")))
        if self.is_ignored:
            chips.append((_("Ignored"), self.query.link(ignored="")))
        if self.query["billed"]:
            chips.append((_("Billed and not used"), self.query.link(billed="")))
        return chips

    @property
    def clear(self) -> str:
        """The address of the tab without any filter."""
        return self.query.link(kind="", ignored="", billed="")

    @property
    def result(self) -> str:
        """How many rows there are of those that the filter leaves."""
        shown = len(self.page.rows)
        total = self.counts[self.query["kind"]] if self.query["kind"] else sum(self.counts.values())
        if self.query["billed"]:
            return ngettext("%(n)s finding", "%(n)s findings", shown) % {"n": number(shown)}
        return _("%(n)s of %(all)s") % {"n": number(shown), "all": number(total)}

    @cached_property
    def marks(self) -> dict[str, Any]:
        """Each kind as icon and word, drawn once a page."""
        return {value: state(value, str(label)) for value, label in Finding.Kind.choices}
