"""The long lists of this leg: what their query string may ask for, and the rows of one page."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from ipaddress import ip_address
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import QueryDict  # noqa: TID251 (the query string of a list)
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from licenses.selectors import SHORTEST_SEARCH
from pbas.core.jinja import state
from pbas.core.kinds import KINDS
from pbas.core.lists.listing import PanelList, Reader
from pbas.core.models import Event, Seal
from pbas.core.sealing import newest_seal
from subscriptions.list_columns import EVENT_COLUMNS, ORDER_COLUMNS, SUBSCRIPTION_COLUMNS
from subscriptions.models import Order, Subscription
from subscriptions.selectors import (
    LOOKED_THROUGH,
    Owed,
    events_saying,
    events_since,
    events_until,
    orders_matching,
    owed_licenses,
    subscriptions_matching,
)


@dataclass(frozen=True, slots=True)
class Link:
    """One value of the filter; how many rows have it is not counted."""

    name: str
    label: str
    link: str
    is_current: bool
    count: None = None


class _Links(PanelList):
    """A list whose first filter stands as a line of links."""

    filter_name: ClassVar = "state"
    choices: ClassVar[Iterable[tuple[str, Any]]]
    others: ClassVar[tuple[str, ...]] = ("q",)

    def filters(self) -> dict[str, Container[str]]:
        """The line of links, and the search."""
        return {self.filter_name: list(self.labels), **{key: [] for key in self.others}}

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """The values of the line of links in the reader's words."""
        return self.words("choices")

    @property
    def chosen(self) -> str:
        """The value of the line of links."""
        return self.query[self.filter_name]

    @property
    def links(self) -> list[Link]:
        """The values of the filter, "All" first."""
        pairs = [("", _("All")), *self.labels.items()]
        return [
            Link(value, label, self.query.link(**{self.filter_name: value}), is_current=value == self.chosen)
            for value, label in pairs
        ]

    @property
    def chips(self) -> list[tuple[str, str]]:
        """What the rows are filtered by, and the address without it."""
        chips = []
        if text := self.query["q"].strip() if "q" in self.others else "":
            chips.append((_("Contains “%(text)s”") % {"text": text}, self.query.link(q="")))
        if self.chosen:
            chips.append((self.labels[self.chosen], self.query.link(**{self.filter_name: ""})))
        return chips

    @property
    def clear(self) -> str:
        """The address without any filter."""
        return self.query.link(**dict.fromkeys((self.filter_name, *self.others), ""))

    @cached_property
    def marks(self) -> dict[str, Any]:
        """Each state as icon and word, drawn once a page."""
        return {value: state(value, label) for value, label in self.labels.items()}


class _ByState(_Links):
    """One whose links are the states of its rows, which may be searched besides."""

    @property
    def walked(self) -> dict[str, str] | None:
        """By state alone."""
        return None if self.query["q"] else self._by

    @property
    def _by(self) -> dict[str, str]:
        return {"state": self.chosen} if self.chosen else {}


class OrderList(_ByState):
    """Orders, newest first."""

    name, label, address, named_by = "orders", gettext_lazy("Orders"), "orders", "number"
    model = Order
    columns = ORDER_COLUMNS
    always = ("id", "number", "state")
    choices = Order.State.choices

    def filtered(self) -> QuerySet[Order]:
        """Three statements where something is searched for."""
        rows = orders_matching(Order.objects.all(), self.query["q"])
        return rows.filter(**self._by)

    def exact_hit(self) -> str:
        """The page of the order whose number was searched for."""
        text = self.query["q"]
        return reverse("order", args=[text]) if Order.objects.filter(number=text).exists() else ""


class SubscriptionList(_ByState):
    """Subscriptions, newest first."""

    name, label, address, named_by = "subscriptions", gettext_lazy("Subscriptions"), "subscriptions", "name"
    model = Subscription
    columns = SUBSCRIPTION_COLUMNS
    choices = Subscription.State.choices

    def filtered(self) -> QuerySet[Subscription]:
        """One statement where something is searched for."""
        rows = subscriptions_matching(Subscription.objects.all(), self.query["q"])
        return rows.filter(**self._by)

    def exact_hit(self) -> str:
        """The page of the one subscription that has the name searched for."""
        found = list(self.filtered().filter(name=self.query["q"]).values_list("pk", flat=True)[:2])
        return reverse("subscription", args=found) if len(found) == 1 else ""

    @cached_property
    def owed(self) -> dict[int, Owed]:
        """What the subscriptions of the page are owed. One statement, none where that is not shown."""
        return owed_licenses([one.id for one in self.page.rows]) if "licenses" in self.names else {}


class _Addresses:
    """Every address that a caller may have."""

    def __contains__(self, value: object) -> bool:
        try:
            return bool(ip_address(str(value)))
        except ValueError:
            return False


class _Days:
    """Every day of these centuries, as 2026-01-31."""

    def __contains__(self, value: object) -> bool:
        try:
            day = date.fromisoformat(str(value))
        except ValueError:
            return False
        return day.isoformat() == value and 2000 <= day.year < 3000  # noqa: PLR2004 (centuries)


class _Searches:
    """Every text that is long enough to be searched for."""

    def __contains__(self, value: object) -> bool:
        return len(str(value)) >= SHORTEST_SEARCH


class EventList(_Links):
    """All events, newest first."""

    name, label, address, named_by = "activity", gettext_lazy("Activity"), "activity", "id"
    model = Event
    columns = EVENT_COLUMNS
    always = ("id", "kind")
    filter_name = "actor"
    choices = Event.Actor.choices
    kinds: ClassVar = KINDS.items()
    others = ("q", "person", "kind", "address", "from", "to")
    looked_through = LOOKED_THROUGH
    gone: ClassVar = {
        "q": gettext_lazy("Search the texts for three signs or more; “%(value)s” is too short."),
        "kind": gettext_lazy("There is no kind of event “%(value)s”."),
        "from": gettext_lazy("“%(value)s” is no day: write it as 2026-01-31."),
        "to": gettext_lazy("“%(value)s” is no day: write it as 2026-01-31."),
    }

    def __init__(self, given: QueryDict, reader: Reader = None) -> None:
        super().__init__(given, reader)
        self._zone = timezone.get_current_timezone()  # an export is written when its request has ended

    def filtered(self) -> QuerySet[Event]:
        """What the filters leave. One statement beforehand for each bounding day."""
        rows = self._of_kind()
        if first := self.query["from"]:
            rows = events_since(rows, self._midnight(first))
        if last := self.query["to"]:
            rows = events_until(rows, self._midnight(last, days=1))
        return events_saying(rows, text) if (text := self.query["q"]) else rows

    def _midnight(self, day: str, days: int = 0) -> datetime:
        """When a day, or one that many days later, begins where the reader is."""
        return datetime.combine(date.fromisoformat(day) + timedelta(days), time(), self._zone)

    def _of_kind(self) -> QuerySet[Event]:
        """Those of one kind of actor, one person, one kind or one address, if that is asked for."""
        given = {"actor_kind": self.chosen, "actor": self.query["person"], "kind": self.query["kind"]}
        wanted = {name: value for name, value in given.items() if value}
        if address := self.query["address"]:  # only people have one: their names are indexed
            return Event.objects.filter(address=address, **wanted).exclude(actor="")
        return Event.objects.filter(**wanted)

    def filters(self) -> dict[str, Container[str]]:
        """Who, by kind and by name; what, by kind and words; from where; and when."""
        others: dict[str, Container[str]] = {
            "kind": KINDS,
            "address": _Addresses(),
            "q": _Searches(),
            "from": _Days(),
            "to": _Days(),
        }
        return {**super().filters(), **others}

    @property
    def chips(self) -> list[tuple[str, str]]:
        """Name, kind, address and days, too."""
        labels = {
            "person": _("By %(value)s"),
            "kind": _("Kind %(value)s"),
            "address": _("From %(value)s"),
            "from": _("Since %(value)s"),
            "to": _("Until %(value)s"),
        }
        found = {name: self.query[name] for name in labels}
        found["kind"] = self.kind_words.get(found["kind"], "")
        others = [
            (labels[name] % {"value": value}, self.query.link(**{name: ""})) for name, value in found.items() if value
        ]
        return [*super().chips, *others]

    @cached_property
    def seal(self) -> Seal | None:
        """The newest seal of the story. One statement."""
        return newest_seal()

    @property
    def kind_words(self) -> Mapping[str, str]:
        """How each kind of event is called."""
        return self.words("kinds")

    @cached_property
    def actors(self) -> dict[str, Any]:
        """How each kind of actor is called."""
        return dict(self.choices)
