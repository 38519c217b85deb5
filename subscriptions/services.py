"""The store's side: an order is placed and paid, which opens a subscription; its services get ready. All writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from ka_plugins.installing import Target
from licenses.options import Options, checked
from licenses.owner import why_over
from licenses.services import request_licenses, services_ready
from licenses.statements import add_events
from licenses.targets import set_install_target
from pbas.core.problems import ConflictProblem, Problem, UnknownProblem
from pbas.core.story import SYSTEM, Actor, tell
from subscriptions import statements
from subscriptions.models import Account, HostingPlan, Order, OrderLine, PlanLicense, Service, Subscription

FIRST_NUMBER = 100_000


@dataclass(frozen=True, slots=True)
class AccountDetails:
    """Who buys; `reference` is how the store calls him and may be empty."""

    name: str
    email: str
    reference: str = ""


def save_options(*, offered: PlanLicense, options: Options, actor: Actor) -> None:
    """Say with which options a plan sells a license; placed orders keep theirs. Raises Problem at `options`."""
    offered.options = checked(offered.license_class, options)
    with transaction.atomic():
        offered.save(update_fields=["options"])
        tell(actor, "plan_saved", f"The options of {offered.license_class} in hosting plan {offered.plan} were saved.")


# --- from the checkout to the subscription ------------------------------------------------------------------------


def place_order(
    *,
    store: str,
    reference: str,
    account: AccountDetails,
    plan: HostingPlan,
    chosen: Sequence[PlanLicense] | None = None,
    name: str = "",
    actor: Actor,
) -> Order:
    """Place an order for a plan with its included licenses, or with those that were chosen.

    A store's reference makes one order: placed again, the first one is answered. Raises Problem at `reference`,
    `plan`, `licenses`, `account.name` or `account.email`.
    """
    _check_order(reference, account, plan, chosen)
    try:
        with transaction.atomic():
            return _new_order(store, reference, account, plan, chosen, name, actor)
    except IntegrityError:
        order = Order.objects.filter(store=store, reference=reference).first()
        if order is None:
            raise
        if order.plan_id != plan.pk:
            raise ConflictProblem(
                "Reference %(reference)s already is order %(number)s for another plan.",
                reference=reference,
                number=order.number,
                field="reference",
            ) from None
        return order


def pay_order(*, order: Order, actor: Actor) -> Subscription:
    """The store was paid: open the subscription and owe it its licenses, or do neither. Twice is a no-op."""
    with transaction.atomic():
        paid = Order.objects.filter(pk=order.pk, state=Order.State.PLACED).update(state=Order.State.PAID, paid_at=Now())
        order.refresh_from_db()
        if order.state == Order.State.CANCELLED:
            raise ConflictProblem("Order %(order)s is cancelled; it cannot be paid any more.", order=order.number)
        if not paid:
            return order.subscription
        subscription = _open_subscription(order)
        tell(actor, "order_paid", f"Order {order.number} was paid.", order=order, subscription=subscription)
        waits = subscription.services.exists()
        for line in order.lines.select_related("license_class__configuration"):
            request_licenses(
                license_class=line.license_class,
                uids=[uuid4()],
                subscription_id=subscription.pk,
                options=line.options,
                order_number=order.number,
                start=not waits,
                actor=actor,
            )
        activate_served([subscription.pk])  # which it is at once where the plan has neither services nor licenses
    return subscription


def cancel_order(*, order: Order, actor: Actor, reason: str = "") -> Order:
    """Give up an order that was not paid. Twice is a no-op; a paid one raises ConflictProblem."""
    with transaction.atomic():
        won = Order.objects.filter(pk=order.pk, state=Order.State.PLACED).update(
            state=Order.State.CANCELLED, cancelled_at=Now()
        )
        order.refresh_from_db()
        if order.state == Order.State.PAID:
            raise ConflictProblem("Order %(order)s is paid; end its subscription instead.", order=order.number)
        if won:
            tell(actor, "order_cancelled", f"Order {order.number} was cancelled.", detail=reason, order=order)
    return order


# --- services of a subscription -----------------------------------------------------------------------------------


def service_ready(*, subscription: Subscription, name: str, target: Target | None = None, actor: Actor) -> Service:
    """A service is up; the hosting service brings the install target. When all are ready, the licenses start.

    Safe to repeat. Raises UnknownProblem at `name`, Problem at `target`.
    """
    with transaction.atomic():
        service = _locked_service(subscription, name)
        if service.is_hosting and target is None and not hasattr(subscription, "install_target"):
            raise Problem(
                "%(service)s has to say where licenses go: give its install target.",
                service=service.label,
                field="target",
            )
        if target is not None:
            set_install_target(subscription_id=subscription.pk, target=target, actor=actor)
        if service.state != Service.State.READY:
            _set_service(service, Service.State.READY, "")
            tell(actor, "service_ready", f"{service.label} is ready.", subscription=subscription)
        if not subscription.services.exclude(state=Service.State.READY).exists():
            services_ready(subscription_id=subscription.pk, actor=actor)
            activate_served([subscription.pk])
    return service


def service_failed(*, subscription: Subscription, name: str, reason: str, actor: Actor) -> Service:
    """A service could not be set up: the licenses go on waiting, and it shows. Ready again later is fine."""
    if not reason.strip():
        raise Problem("Say what failed; people read it on the subscription's page.", field="reason")
    with transaction.atomic():
        service = _locked_service(subscription, name)
        _set_service(service, Service.State.FAILED, reason.strip())
        tell(actor, "service_failed", f"{service.label} failed.", detail=reason.strip(), subscription=subscription)
    return service


def activate_served(subscription_ids: Sequence[int]) -> None:
    """Make subscriptions active that have all they are owed: services ready, no request open."""
    tell_active(statements.activate_served(list(statements.locked(subscription_ids))))


def tell_active(ids: Sequence[int]) -> None:
    """Tell of subscriptions that were just made active."""
    add_events(
        (*(SYSTEM.kind, "", "subscription_active", "The subscription is active.", "", None, None), pk, None, None, None)
        for pk in ids
    )


# --- parts of the above -------------------------------------------------------------------------------------------


def _check_order(
    reference: str, account: AccountDetails, plan: HostingPlan, chosen: Sequence[PlanLicense] | None
) -> None:
    if not reference.strip():
        raise Problem("An order needs the store's reference; it keeps a repeat from buying twice.", field="reference")
    if not account.name.strip():
        raise Problem("The account needs a name.", field="account.name")
    if "@" not in account.email:
        raise Problem("The account needs an e-mail address.", field="account.email")
    if not plan.is_active:
        raise Problem("%(plan)s is not sold any more.", plan=plan.name, field="plan")
    for one in chosen or ():
        if one.plan_id != plan.pk:
            raise Problem(
                "%(license_class)s does not belong to %(plan)s.",
                license_class=one.license_class.name,
                plan=plan.name,
                field="licenses",
            )


def _new_order(
    store: str,
    reference: str,
    account: AccountDetails,
    plan: HostingPlan,
    chosen: Sequence[PlanLicense] | None,
    name: str,
    actor: Actor,
) -> Order:
    offered = plan.licenses.select_related("license_class")
    licenses = list(offered.filter(is_included=True) if chosen is None else chosen)
    order = Order.objects.create(
        number=uuid4().hex[:20],  # until the row has its id
        store=store,
        reference=reference,
        account=_account(store, account),
        plan=plan,
        subscription_name=name.strip() or account.name,
        setup_total=plan.setup_fee + sum((_setup(one) for one in licenses), Decimal(0)),
        monthly_total=plan.monthly_fee + sum((_monthly(one) for one in licenses), Decimal(0)),
    )
    order.number = str(FIRST_NUMBER + order.pk)
    order.save(update_fields=["number"])
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            license_class=one.license_class,
            options=one.options,
            setup_fee=_setup(one),
            monthly_fee=_monthly(one),
        )
        for one in licenses
    )
    tell(actor, "order_placed", f"Order {order.number} was placed: {plan.name}.", order=order)
    return order


def _setup(one: PlanLicense) -> Decimal:
    return Decimal(0) if one.is_included else one.setup_fee


def _monthly(one: PlanLicense) -> Decimal:
    return Decimal(0) if one.is_included else one.monthly_fee


def _account(store: str, details: AccountDetails) -> Account:
    """The store's account: found by its reference, else a new one; a known one keeps up with name and e-mail."""
    values = {"name": details.name.strip(), "email": details.email.strip()}
    if not details.reference:
        return Account.objects.create(store=store, **values)
    account, _ = Account.objects.update_or_create(store=store, reference=details.reference, defaults=values)
    return account


def _open_subscription(order: Order) -> Subscription:
    account = order.account
    subscription = Subscription.objects.create(
        order=order,
        account=account,
        plan=order.plan,
        name=order.subscription_name,
        search_text=f"{order.subscription_name} {account.name} {account.email} {order.number} {order.reference}",
    )
    Service.objects.bulk_create(
        Service(subscription=subscription, name=one.name, label=one.label, is_hosting=one.is_hosting)
        for one in order.plan.services.all()
    )
    return subscription


def _locked_service(subscription: Subscription, name: str) -> Service:
    """The service, locked with its subscription, so that two "ready" at once count each other."""
    if problem := why_over(Subscription.objects.select_for_update(no_key=True).get(pk=subscription.pk)):
        raise problem
    try:
        return subscription.services.get(name=name)
    except Service.DoesNotExist:
        known = ", ".join(subscription.services.values_list("name", flat=True)) or "none"
        raise UnknownProblem(
            "Subscription %(pk)s has no service %(name)s. Its services: %(known)s.",
            pk=subscription.pk,
            name=repr(name),
            known=known,
            field="name",
        ) from None


def _set_service(service: Service, state: str, reason: str) -> None:
    service.state, service.reason, service.changed_at = state, reason, timezone.now()
    service.save(update_fields=["state", "reason", "changed_at"])
