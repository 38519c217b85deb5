"""The long lists of this leg: what their query string may ask for, and the rows of one page."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pbas.core.jinja import state
from pbas.core.lists.listing import PanelList
from pbas.core.models import Event, Seal
from pbas.core.sealing import newest_seal
from subscriptions.list_columns import EVENT_COLUMNS, ORDER_COLUMNS, SUBSCRIPTION_COLUMNS
from subscriptions.models import Order, Subscription
from subscriptions.selectors import Owed, events_of, orders_matching, owed_licenses, subscriptions_matching


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

    def filters(self) -> dict[str, list[str]]:
        """The line of links, and the search."""
        return {self.filter_name: [value for value, _label in self.choices], **{key: [] for key in self.others}}

    @property
    def chosen(self) -> str:
        """The value of the line of links."""
        return self.query[self.filter_name]

    @property
    def links(self) -> list[Link]:
        """The values of the filter, "All" first."""
        pairs = [("", _("All")), *((value, str(label)) for value, label in self.choices)]
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
            chips.append((str(dict(self.choices)[self.chosen]), self.query.link(**{self.filter_name: ""})))
        return chips

    @property
    def clear(self) -> str:
        """The address without any filter."""
        return self.query.link(**dict.fromkeys((self.filter_name, *self.others), ""))

    @cached_property
    def marks(self) -> dict[str, Any]:
        """Each state as icon and word, drawn once a page."""
        return {value: state(value, str(label)) for value, label in self.choices}


class OrderList(_Links):
    """Orders, newest first."""

    name, label, address, named_by = "orders", gettext_lazy("Orders"), "orders", "number"
    model = Order
    columns = ORDER_COLUMNS
    always = ("id", "number", "state")
    choices = Order.State.choices

    def filtered(self) -> QuerySet[Order]:
        """Three statements where something is searched for."""
        rows = orders_matching(Order.objects.all(), self.query["q"])
        return rows.filter(state=self.chosen) if self.chosen else rows

    def exact_hit(self) -> str:
        """The page of the order whose number was searched for."""
        text = self.query["q"]
        return reverse("order", args=[text]) if Order.objects.filter(number=text).exists() else ""


class SubscriptionList(_Links):
    """Subscriptions, newest first."""

    name, label, address, named_by = "subscriptions", gettext_lazy("Subscriptions"), "subscriptions", "name"
    model = Subscription
    columns = SUBSCRIPTION_COLUMNS
    choices = Subscription.State.choices

    def filtered(self) -> QuerySet[Subscription]:
        """One statement where something is searched for."""
        rows = subscriptions_matching(Subscription.objects.all(), self.query["q"])
        return rows.filter(state=self.chosen) if self.chosen else rows

    def exact_hit(self) -> str:
        """The page of the one subscription that has the name searched for."""
        found = list(self.filtered().filter(name=self.query["q"]).values_list("pk", flat=True)[:2])
        return reverse("subscription", args=found) if len(found) == 1 else ""

    @cached_property
    def owed(self) -> dict[int, Owed]:
        """What the subscriptions of the page are owed. One statement, none where that is not shown."""
        return owed_licenses([one.id for one in self.page.rows]) if "licenses" in self.names else {}


class EventList(_Links):
    """All events, newest first."""

    name, label, address, named_by = "activity", gettext_lazy("Activity"), "activity", "id"
    model = Event
    columns = EVENT_COLUMNS
    filter_name = "actor"
    choices = Event.Actor.choices
    others = ()

    def filtered(self) -> QuerySet[Event]:
        """Those of one kind of actor, if that is asked for."""
        return events_of(self.chosen)

    @cached_property
    def seal(self) -> Seal | None:
        """The newest seal of the story. One statement."""
        return newest_seal()

    @cached_property
    def actors(self) -> dict[str, Any]:
        """How each kind of actor is called."""
        return dict(self.choices)
