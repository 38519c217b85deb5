"""The long lists of this leg: what their query string may ask for, and the rows of one page."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.http import QueryDict  # noqa: TID251 (the query string of a list)
from django.utils.translation import gettext as _

from pbas.core.keyset import ListQuery, Page
from pbas.core.models import Event
from subscriptions.models import Order, Subscription
from subscriptions.selectors import (
    Owed,
    events_for_list,
    orders_for_list,
    orders_matching,
    owed_licenses,
    subscriptions_for_list,
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


class _Links:
    """A list whose first filter stands as a line of links."""

    filter_name: ClassVar = "state"
    choices: ClassVar[Iterable[tuple[str, Any]]]
    others: ClassVar[tuple[str, ...]] = ("q",)

    def __init__(self, given: QueryDict) -> None:
        values = [value for value, _label in self.choices]
        self.query = ListQuery(given, filters={self.filter_name: values, **dict.fromkeys(self.others, ())})
        self.chosen = self.query[self.filter_name]

    @property
    def links(self) -> list[Link]:
        """The values of the filter, "All" first."""
        pairs = [("", _("All")), *((value, str(label)) for value, label in self.choices)]
        return [
            Link(value, label, self.query.link(**{self.filter_name: value}), is_current=value == self.chosen)
            for value, label in pairs
        ]

    @property
    def is_filtered(self) -> bool:
        """Whether anything is left out."""
        return any(self.query[name] for name in (self.filter_name, *self.others))


class OrderList(_Links):
    """Orders, newest first."""

    choices = Order.State.choices

    @cached_property
    def page(self) -> Page[Order]:
        """One statement."""
        rows = orders_matching(orders_for_list(), self.query["q"])
        return self.query.page(rows.filter(state=self.chosen) if self.chosen else rows)


class SubscriptionList(_Links):
    """Subscriptions, newest first."""

    choices = Subscription.State.choices

    @cached_property
    def page(self) -> Page[Subscription]:
        """One statement."""
        rows = subscriptions_matching(subscriptions_for_list(), self.query["q"])
        return self.query.page(rows.filter(state=self.chosen) if self.chosen else rows)

    @cached_property
    def owed(self) -> dict[int, Owed]:
        """What the subscriptions of the page are owed. One statement."""
        return owed_licenses([one.pk for one in self.page.rows])


class EventList(_Links):
    """All events, newest first."""

    filter_name = "actor"
    choices = Event.Actor.choices
    others = ()

    @cached_property
    def page(self) -> Page[Event]:
        """One statement."""
        return self.query.page(events_for_list(self.chosen))
