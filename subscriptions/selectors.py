"""Reads for the pages of this leg. Each says how many statements it costs, where that is more than one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.core.signing import BadSignature, Signer
from django.db import connection
from django.db.models import Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from licenses.models import License, LicenseClass, LicenseRequest
from licenses.owed import what_is_wrong
from licenses.selectors import SEARCHED, SHORTEST_SEARCH, holding, narrowed
from pbas.core.models import Event
from pbas.core.stories import Story
from subscriptions import statements
from subscriptions.models import HostingPlan, Order, OrderLine, PlanLicense, Subscription

Kind, State = LicenseRequest.Kind, LicenseRequest.State

LOOKED_THROUGH = 10_000  # events that a search in their texts reads: an index of texts would make each event dearer
_OUT_OF_ORDER = timedelta(minutes=15)  # by which an event may stand before one that was told earlier

# Bisection over the primary key: events are appended, so that their ids go with their times, and no index of times is
# needed. The first id of a moment is where the next event there is (ids have gaps) is not before it.
_FIRST_EVENT = """
WITH RECURSIVE part(low, high) AS (
    SELECT COALESCE(MIN(id), 0), COALESCE(MAX(id), -1) + 1 FROM core_event
    UNION ALL
    SELECT
        CASE WHEN (SELECT at FROM core_event WHERE id >= (low + high) / 2 ORDER BY id LIMIT 1) < %s
            THEN (low + high) / 2 + 1 ELSE low END,
        CASE WHEN (SELECT at FROM core_event WHERE id >= (low + high) / 2 ORDER BY id LIMIT 1) < %s
            THEN high ELSE (low + high) / 2 END
    FROM part WHERE low < high
)
SELECT low FROM part WHERE low >= high
"""


# --- plans and their prices ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Price:
    """What is paid once and what each month, in the plan's currency."""

    setup: Decimal
    monthly: Decimal


def plans_in_store() -> QuerySet[HostingPlan]:
    """What the store sells, with licenses. Two statements."""
    return HostingPlan.objects.filter(is_active=True, in_store=True).prefetch_related(_offered())


def plans_for_list() -> QuerySet[HostingPlan]:
    """All plans, with services and licenses. Three statements."""
    return HostingPlan.objects.prefetch_related("services", _offered())


def license_price(offered: PlanLicense) -> Price:
    """What a license of a plan adds to its price; an included one adds nothing."""
    if offered.is_included:
        return Price(Decimal(0), Decimal(0))
    return Price(offered.setup_fee, offered.monthly_fee)


def total_price(plan: HostingPlan, chosen: Iterable[PlanLicense]) -> Price:
    """What a plan costs with the chosen licenses."""
    parts = [Price(plan.setup_fee, plan.monthly_fee), *(license_price(one) for one in chosen)]
    return Price(sum((one.setup for one in parts), Decimal(0)), sum((one.monthly for one in parts), Decimal(0)))


def sold_classes(kept: Iterable[int] = ()) -> QuerySet[LicenseClass]:
    """The classes that a plan may offer: what we sell, and those it has already."""
    sold = Q(sold=True, retired=False) | Q(pk__in=list(kept))
    return LicenseClass.objects.filter(sold).select_related("configuration").order_by("configuration__name", "name")


def offers_to_complete(plan: HostingPlan) -> list[PlanLicense]:
    """The offered licenses whose options cannot be had as they are: their orders would come to a person."""
    offers = plan.licenses.select_related("license_class")
    return [one for one in offers if what_is_wrong(one.license_class, one.options)]


def _signer() -> Signer:
    return Signer(salt="store.order")


def _offered() -> "Prefetch[str]":
    return Prefetch("licenses", PlanLicense.objects.select_related("license_class__configuration"))


# --- orders and subscriptions -------------------------------------------------------------------------------------


def orders_for_list() -> QuerySet[Order]:
    """Orders with what their line in the list shows."""
    return Order.objects.select_related("account", "plan", "subscription")


def orders_matching(rows: QuerySet[Order], text: str) -> QuerySet[Order]:
    """The newest orders whose number, reference, account or subscription has every word of a search.

    Three statements: paid orders are found by what their subscriptions are searched by, for which there is an index.
    At most SEARCHED paid ones and as many unpaid.
    """
    if not text.strip():
        return rows
    opened = subscriptions_matching(Subscription.objects.all(), text)
    unpaid = Order.objects.filter(state__in=[Order.State.PLACED, Order.State.CANCELLED])  # an index knows these
    for word in text.split():
        named = Q(subscription_name__icontains=word) | Q(account__name__icontains=word)
        unpaid = unpaid.filter(Q(number=word) | Q(reference=word) | named | Q(account__email__icontains=word))
    ids = [
        *opened.order_by("-id").values_list("order_id", flat=True)[:SEARCHED],
        *unpaid.order_by("-state", "-id").values_list("pk", flat=True)[:SEARCHED],  # the order of that index
    ]
    return rows.filter(pk__in=ids)


def order_for_page(number: str) -> Order | None:
    """One order with lines, account, plan and subscription. Two statements."""
    lines = Prefetch("lines", OrderLine.objects.select_related("license_class__configuration"))
    return orders_for_list().prefetch_related(lines).filter(number=number).first()


def order_token(order: Order) -> str:
    """What stands for an order in its customer's addresses: nobody can guess that of another order."""
    return _signer().sign(order.number)


def order_for_token(token: str) -> Order | None:
    """The order of such an address. Two statements."""
    try:
        return order_for_page(_signer().unsign(token))
    except BadSignature:
        return None


def subscriptions_for_list() -> QuerySet[Subscription]:
    """Subscriptions with what their line in the list shows."""
    return Subscription.objects.select_related("account", "plan", "order")


def subscriptions_matching(rows: QuerySet[Subscription], text: str) -> QuerySet[Subscription]:
    """The subscriptions whose name, account, e-mail or order has every word of a search. One statement beforehand.

    Where no word has SHORTEST_SEARCH signs, the name begins with the first.
    """
    words = text.split()
    if not words:
        return rows
    fits = Q(*(Q(search_text__icontains=word) for word in words))
    if max(len(word) for word in words) >= SHORTEST_SEARCH:
        return narrowed(rows, holding(Subscription.objects.all(), "search_text", words), fits)
    fits &= Q(name__istartswith=words[0])
    return narrowed(rows, Subscription.objects.filter(fits).order_by()[: SEARCHED + 1], fits)


@dataclass(frozen=True, slots=True)
class Owed:
    """How many licenses a subscription is owed by open and done requests, and how many of these stand where."""

    total: int = 0
    done: int = 0
    attention: int = 0


def owed_licenses(subscription_ids: Sequence[int]) -> dict[int, Owed]:
    """For the rows of a list: what each subscription is owed; those that are owed nothing are not in it."""
    return {pk: Owed(*numbers) for pk, *numbers in statements.owed(subscription_ids)}


def subscription_for_page(pk: int) -> Subscription | None:
    """One subscription with order, account, plan, services and install target. Two statements."""
    rows = subscriptions_for_list().select_related("install_target").prefetch_related("services")
    return rows.filter(pk=pk).first()


def licenses_of(subscription: Subscription) -> QuerySet[License]:
    """The licenses of a subscription, additional keys after their parent."""
    return subscription.licenses.select_related("license_class", "configuration", "parent").order_by("id")


def requests_of(subscription: Subscription) -> QuerySet[LicenseRequest]:
    """All requests of a subscription, newest first."""
    subjects = ("license_class", "configuration", "license__license_class")
    return subscription.license_requests.select_related(*subjects).order_by("-id")


def living_licenses(subscription: Subscription) -> list[License]:
    """Those of its licenses that have not ended, additional keys too. One statement."""
    return list(licenses_of(subscription).exclude(state=License.State.TERMINATED))


def open_requests(subscription: Subscription) -> list[LicenseRequest]:
    """Those of its requests that are not over, oldest first. One statement."""
    return list(requests_of(subscription).filter(finished_at__isnull=True).order_by("id"))


def new_requests_of(subscription: Subscription) -> QuerySet[LicenseRequest]:
    """The requests for new licenses, in the order of the purchase: what a customer follows."""
    return subscription.license_requests.filter(kind=Kind.ISSUE).select_related("license_class").order_by("id")


# --- the story ----------------------------------------------------------------------------------------------------


def story_of(subject: Order | Subscription, given: str = "") -> Story:
    """The events of an order or a subscription."""
    name = "order" if isinstance(subject, Order) else "subscription"
    return Story(Event.objects.filter(**{name: subject}), given)


def events_for_list() -> QuerySet[Event]:
    """All events, with what they tell of."""
    return Event.objects.select_related("order", "subscription", "configuration", "license")


def events_since(rows: QuerySet[Event], moment: datetime) -> QuerySet[Event]:
    """Those told at a moment or later. One statement beforehand."""
    return rows.filter(id__gte=_first_event(moment - _OUT_OF_ORDER), at__gte=moment)


def events_until(rows: QuerySet[Event], moment: datetime) -> QuerySet[Event]:
    """Those told before a moment. One statement beforehand."""
    return rows.filter(id__lt=_first_event(moment + _OUT_OF_ORDER), at__lt=moment)


def events_saying(rows: QuerySet[Event], text: str) -> QuerySet[Event]:
    """Of the newest LOOKED_THROUGH those whose text or detail has every word."""
    oldest = rows.order_by("-id").values("id")[LOOKED_THROUGH - 1 : LOOKED_THROUGH]
    words = (Q(text__icontains=word) | Q(detail__icontains=word) for word in text.split())
    return rows.filter(*words, id__gte=Coalesce(Subquery(oldest), 0))


def _first_event(moment: datetime) -> int:
    """Below which id no event of a moment or later stands."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_EVENT, [connection.ops.adapt_datetimefield_value(moment)] * 2)
        return int(cursor.fetchone()[0])
