"""Orders: the list, one order, and what staff may do with it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import redirect, render  # noqa: TID251 (the door of pages)
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from licenses.forms import ReasonForm
from pbas.core.lists.pages import show_list
from pbas.core.problems import Problem
from pbas.core.story import staff
from pbas.core.web import staff_only
from subscriptions.lists import OrderList
from subscriptions.models import Order
from subscriptions.selectors import order_for_page, order_token, story_of
from subscriptions.services import cancel_order, pay_order


@staff_only
@require_GET
def list_orders(request: HttpRequest) -> HttpResponse:
    """Orders, newest first."""
    listed = OrderList(request.GET, request.user)
    return show_list(request, listed, "subscriptions/orders.html", "subscriptions/_orders.html")


@staff_only
@require_GET
def show_order(request: HttpRequest, number: str) -> HttpResponse:
    """One order: lines, fees, state, story."""
    return _page(request, _order_or_404(number), ReasonForm())


@staff_only
@require_POST
def pay(request: HttpRequest, number: str) -> HttpResponse:
    """Staff say that the order was paid, for example by bank transfer."""
    order = _order_or_404(number)
    try:
        subscription = pay_order(order=order, actor=staff(request.user))
    except Problem as problem:
        messages.error(request, problem.message)
        return redirect("order", number)
    messages.success(request, _("Order %(number)s is paid; this subscription was opened.") % {"number": order.number})
    return redirect("subscription", subscription.pk)


@staff_only
@require_POST
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Staff give up an unpaid order and say why."""
    order = _order_or_404(number)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, order, form)
    try:
        cancel_order(order=order, actor=staff(request.user), reason=form.cleaned_data["reason"])
    except Problem as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, _("Order %(number)s is cancelled.") % {"number": order.number})
    return redirect("order", number)


def _page(request: HttpRequest, order: Order, form: ReasonForm) -> HttpResponse:
    lines = list(order.lines.all())
    context = {
        "order": order,
        "plan_setup": order.setup_total - sum(line.setup_fee for line in lines),
        "plan_monthly": order.monthly_total - sum(line.monthly_fee for line in lines),
        "subscription": order.subscription if order.state == Order.State.PAID else None,
        "story": story_of(order, request.GET.get("story", "")),
        "form": form,
        "token": order_token(order),
    }
    return render(request, "subscriptions/order.html", context)


def _order_or_404(number: str) -> Order:
    order = order_for_page(number)
    if order is None:
        raise Http404(_("There is no order %(number)s.") % {"number": number})
    return order
