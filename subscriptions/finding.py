"""The one search of the whole panel: the page of what is named exactly, else what fits."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from django.urls import reverse

from ka_plugins import registry
from licenses.intake import fingerprint
from licenses.models import License, LicenseRequest
from licenses.selectors import SHORTEST_SEARCH, found_by
from subscriptions.models import Order, Subscription
from subscriptions.selectors import orders_matching

MOST = 8  # of each kind; the list's own search has the rest
_DIGITS = 18  # of a 64-bit id


@dataclass(frozen=True, slots=True)
class Hits:
    """What fits a text, of each kind the newest MOST."""

    licenses: list[License]
    requests: list[LicenseRequest]
    subscriptions: list[Subscription]
    orders: list[Order]

    def __bool__(self) -> bool:
        return bool(self.licenses or self.requests or self.subscriptions or self.orders)


def page_of(text: str) -> str:
    """The address of the one thing that a text names exactly, "" for none or several. At most six statements.

    A whole key (secret ones too, by their fingerprint), an order's number or the store's reference, a subscription's
    name, `#12` or `request 12` for a request.
    """
    number = text.casefold().removeprefix("request").strip().removeprefix("#")
    if number != text and number.isdecimal() and len(number) <= _DIGITS:
        return _only("license_request", LicenseRequest.objects.filter(pk=int(number)).values_list("pk", flat=True))
    owned = License.objects.filter(fingerprint__in=_fingerprints(text)).values_list("pk", flat=True)
    if license_ := _only("license", owned):
        return license_
    if order := _only("order", Order.objects.filter(number=text).values_list("number", flat=True)):
        return order
    if len(text) < SHORTEST_SEARCH:
        return ""
    fits = Subscription.objects.filter(pk__in=found_by(text).subscriptions)  # by the search's index; names have none
    return _only("order", fits.filter(order__reference=text).values_list("order__number", flat=True)[:2]) or _only(
        "subscription", fits.filter(name__iexact=text).values_list("pk", flat=True)[:2]
    )


def hits_of(text: str) -> Hits:
    """What fits a text of at least SHORTEST_SEARCH signs; nothing fits a shorter one. At most seven statements."""
    if len(text) < SHORTEST_SEARCH:
        return Hits([], [], [], [])
    found = found_by(text)
    whose = ("license_class", "subscription", "configuration")
    return Hits(
        list(License.objects.select_related(*whose).filter(found.licenses_of_it()).order_by("-id")[:MOST]),
        list(LicenseRequest.objects.select_related(*whose).filter(found.requests_of_it()).order_by("-id")[:MOST]),
        list(Subscription.objects.select_related("account").filter(pk__in=found.subscriptions[:MOST])),
        list(orders_matching(Order.objects.select_related("account", "plan"), text).order_by("-id")[:MOST]),
    )


def _fingerprints(text: str) -> set[str]:
    """By what a license is recognised that has this key, whichever plug-in's it is."""
    marks = set()
    for plugin in registry.all_plugins():
        with suppress(ValueError):
            marks.add(fingerprint(plugin, plugin.clean_key(text)))
    return marks


def _only(page: str, found: Iterable[int | str]) -> str:
    listed = list(found)
    return reverse(page, args=listed) if len(listed) == 1 else ""
