"""The store: public pages on which a customer chooses a plan, orders it, pays (a test) and follows his order."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict  # noqa: TID251 (the door of pages)
from django.shortcuts import redirect, render  # noqa: TID251 (the door of pages)
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from pbas.core.problems import Problem
from pbas.core.story import Actor, store
from pbas.core.web import STOP_POLLING, render_page
from subscriptions.forms import CheckoutForm
from subscriptions.models import HostingPlan, Order, PlanLicense
from subscriptions.selectors import (
    Price,
    license_price,
    new_requests_of,
    order_for_token,
    order_token,
    plans_in_store,
    total_price,
)
from subscriptions.services import cancel_order, pay_order, place_order
from subscriptions.wording import Progress, progress_of

P = ParamSpec("P")

STORE = "store"  # its name in orders and accounts


@dataclass(frozen=True, slots=True)
class Offer:
    """A license on a plan's page: its price there, and whether it is ticked."""

    license: PlanLicense
    price: Price
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A plan as a customer has ticked it."""

    plan: HostingPlan
    offers: list[Offer]
    chosen: list[PlanLicense]
    total: Price


def public(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """For customers: no login, and what is not found is said in the store's own frame."""

    @login_not_required
    @wraps(view)
    def shown(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Http404 as missing:
            return render(request, "store/not_found.html", {"text": str(missing)}, status=404)

    return shown


@public
@require_GET
def show_plans(request: HttpRequest) -> HttpResponse:
    """All plans that are sold here."""
    return render(request, "store/plans.html", {"plans": plans_in_store()})


@public
@require_GET
def show_plan(request: HttpRequest, code: str) -> HttpResponse:
    """One plan with its licenses to tick, and what that makes together."""
    return render(request, "store/plan.html", {"choice": _choice(_plan_or_404(code), request.GET)})


@public
@never_cache
@require_http_methods(["GET", "POST"])
def check_out(request: HttpRequest, code: str) -> HttpResponse:
    """Who orders. The same submit, however often it comes, places one order."""
    plan = _plan_or_404(code)
    asked = request.POST if request.method == "POST" else request.GET
    choice = _choice(plan, asked)
    form = CheckoutForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            order = place_order(
                store=STORE,
                reference=_reference(choice, form),
                account=form.account(),
                plan=plan,
                chosen=choice.chosen,
                name=form.cleaned_data["host"],
                actor=_actor(),
            )
        except Problem as problem:
            form.show_problem(problem)
        else:
            return redirect("store_payment", order_token(order))
    return render(request, "store/checkout.html", {"choice": choice, "form": form})


@public
@never_cache
@require_http_methods(["GET", "POST"])
def pay(request: HttpRequest, token: str) -> HttpResponse:
    """The test payment: a button instead of card data. Paid twice is paid once."""
    order = _order_or_404(token)
    if request.method == "GET" and order.state == Order.State.PLACED and _takes_test_payments(order):
        return render(request, "store/payment.html", {"order": order, "token": token})
    if request.method == "POST":
        _pay(request, order)
    return redirect("store_order", token)


@public
@require_POST
def cancel(request: HttpRequest, token: str) -> HttpResponse:
    """The customer gives up an order that he has not paid."""
    order = _order_or_404(token)
    if order.store != STORE:
        messages.error(request, _("This order was placed elsewhere and is cancelled there."))
    elif order.state == Order.State.PAID:
        messages.error(request, _("This order is paid already. Please write to us to end it."))
    else:
        try:
            cancel_order(order=order, actor=_actor(), reason="Cancelled by the customer in the store.")
        except Problem as problem:
            messages.error(request, problem.message)
    return redirect("store_order", token)


@public
@never_cache
@require_GET
def show_order(request: HttpRequest, token: str) -> HttpResponse:
    """How far the order is. htmx asks for the part that changes until nothing does any more."""
    order = _order_or_404(token)
    progress = _progress(order)
    can_pay = order.state == Order.State.PLACED and _takes_test_payments(order)
    context = {"order": order, "progress": progress, "token": token, "can_pay": can_pay}
    stop = progress.is_final and request.headers.get("HX-Request")
    return render_page(
        request, "store/order.html", "store/_progress.html", context, status=STOP_POLLING if stop else 200
    )


def _pay(request: HttpRequest, order: Order) -> None:
    if not _takes_test_payments(order):
        messages.error(request, _("Online payment is not set up here. We will write to you about it."))
        return
    try:
        pay_order(order=order, actor=_actor())
    except Problem as problem:
        messages.error(request, problem.message)


def _takes_test_payments(order: Order) -> bool:
    """Whether a click may stand for money: not where real licenses are bought, nor for another store's order."""
    return (settings.EMBEDDED or settings.PBAS_DEMO) and order.store == STORE


def _actor() -> Actor:
    return store(STORE)


def _plan_or_404(code: str) -> HostingPlan:
    plan = plans_in_store().filter(Q(code=code)).first()
    if plan is None:
        raise Http404(_("The store has no such plan."))
    return plan


def _order_or_404(token: str) -> Order:
    order = order_for_token(token)
    if order is None:
        raise Http404(_("There is no such order. Please use the whole address that you were given."))
    return order


def _choice(plan: HostingPlan, asked: QueryDict) -> Choice:
    """The plan with what is ticked; on the first visit that is what is included."""
    ids = asked.getlist("license") if "chosen" in asked else None
    offers = [
        Offer(one, license_price(one), one.is_included if ids is None else str(one.pk) in ids)
        for one in plan.licenses.all()
    ]
    chosen = [offer.license for offer in offers if offer.is_chosen]
    return Choice(plan, offers, chosen, total_price(plan, chosen))


def _reference(choice: Choice, form: CheckoutForm) -> str:
    """The order's reference: the page's own token and what was ordered, so that a changed order is another one."""
    given = form.cleaned_data
    licenses = [str(one.pk) for one in choice.chosen]
    ordered = [choice.plan.code, given["name"], given["email"], given["host"], *licenses]
    digest = hashlib.sha256("\n".join(ordered).encode()).hexdigest()
    return f"{given['token']}-{digest[:16]}"


def _progress(order: Order) -> Progress:
    subscription = order.subscription if order.state == Order.State.PAID else None
    if subscription is None:
        return progress_of(order, [], [])
    return progress_of(order, list(subscription.services.all()), list(new_requests_of(subscription)))
