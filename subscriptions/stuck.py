"""What of this leg may be left lying: orders whose subscription is missing, services that never report."""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef

from licenses.failing.stuck import SHOWN, Stuck, add_check
from licenses.models import License, LicenseRequest
from licenses.retry import PATIENCE
from licenses.statements import in_seconds
from subscriptions.models import Order, Service, Subscription

LATELY = 1000  # of the newest paid orders


@add_check
def orders_without_subscription() -> Iterator[Stuck]:
    """What was paid lately has its subscription: both are one transaction."""
    lately = Order.objects.filter(state=Order.State.PAID).order_by("-id").values("pk")[:LATELY]
    for order in Order.objects.filter(pk__in=lately, subscription=None)[:SHOWN]:
        yield Stuck("order", order.pk, f"Order {order.number} is paid but has no subscription.")


@add_check
def services_past_deadline() -> Iterator[Stuck]:
    """A service reports within the time in which a request tries, or somebody is told that it does not."""
    waiting = Service.objects.filter(state=Service.State.PENDING, subscription__state=Subscription.State.PENDING)
    late = waiting.filter(changed_at__lt=in_seconds(-PATIENCE.total_seconds()))
    for service in late.order_by("pk")[:SHOWN]:
        text = f"{service.label} was to be ready within {PATIENCE.days} days; nobody has reported it since then."
        yield Stuck("subscription", service.subscription_id, text)


@add_check
def requests_past_their_services() -> Iterator[Stuck]:
    """No request waits for services that are all ready."""
    waits = Service.objects.filter(subscription=OuterRef("subscription")).exclude(state=Service.State.READY)
    rows = LicenseRequest.objects.filter(~Exists(waits), state=LicenseRequest.State.SERVICES, held=False)
    rows = rows.filter(subscription__isnull=False)
    for request in rows.order_by("pk")[:SHOWN]:
        text = f"Request {request.pk} waits for services, but all of them are ready."
        yield Stuck("request", request.pk, text)


@add_check
def endings_left_lying() -> Iterator[Stuck]:
    """A subscription that is being ended waits for a request that is open; one that has ended has none left."""
    opened = LicenseRequest.objects.filter(subscription=OuterRef("pk"), finished_at__isnull=True)
    living = License.objects.filter(subscription=OuterRef("pk")).exclude(state=License.State.TERMINATED)
    for one in Subscription.objects.filter(~Exists(opened), state=Subscription.State.ENDING).order_by("pk")[:SHOWN]:
        yield Stuck("subscription", one.pk, f"Subscription {one.pk} is being ended, but waits for nothing.")
    ended = Subscription.objects.filter(Exists(opened) | Exists(living), state=Subscription.State.ENDED)
    for one in ended.order_by("pk")[:SHOWN]:
        yield Stuck("subscription", one.pk, f"Subscription {one.pk} has ended, but something of it goes on.")
