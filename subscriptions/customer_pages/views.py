"""A customer's own pages: his subscriptions and licenses, keys and files by right; nothing of anybody else."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import redirect, render  # noqa: TID251 (the door of pages)
from django.urls import reverse
from django.utils.http import content_disposition_header, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from licenses.uploads import read_file, reveal_activation_code, reveal_key
from pbas.core.accounts import password_link
from pbas.core.keyset import keyset_page
from pbas.core.problems import Problem
from pbas.core.web import render_page
from subscriptions.customer_pages import selectors, services
from subscriptions.customer_pages.wording import owned, subscription_word
from subscriptions.models import Order
from subscriptions.selectors import new_requests_of, order_for_token
from subscriptions.wording import progress_of

PAGE_SIZE = 25


@never_cache
@require_GET
def list_subscriptions(request: HttpRequest) -> HttpResponse:
    """His subscriptions, newest first."""
    rows = selectors.subscriptions_of(request.user)
    place = {name: request.GET.get(name, "") for name in ("after", "before")}
    page = keyset_page(rows, "-id", PAGE_SIZE, **place, last="last" in request.GET)
    shown = [(row, *subscription_word(row)) for row in page.rows]
    return render(request, "my/subscriptions.html", {"shown": shown, "page": page})


@never_cache
@require_GET
def show_subscription(request: HttpRequest, pk: int) -> HttpResponse:
    """One subscription: how far it is, and its licenses."""
    found = selectors.subscription_of(request.user, pk)
    if found is None:
        raise _unknown()
    progress = progress_of(found.order, list(found.services.all()), list(new_requests_of(found)))
    licenses = [owned(one) for one in found.licenses.all()]
    context = {"subscription": found, "word": subscription_word(found), "progress": progress, "licenses": licenses}
    return render(request, "my/subscription.html", context)


@never_cache
@require_POST
def reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a key or an activation code of his in clear; recorded."""
    found = selectors.delivered_license(request.user, pk)
    if found is None:
        raise _unknown()
    what = "activation_code" if request.POST.get("what") == "activation_code" else "key"
    show = reveal_activation_code if what == "activation_code" else reveal_key
    try:
        shown = show(license=found, actor=services.customer(request.user))
    except Problem:
        return _unreadable(request, found.subscription_id)
    context = {"license": found, "what": what, "shown": shown}
    return render_page(request, "my/revealed.html", "my/_revealed.html", context)


@never_cache
@require_GET
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """The exact bytes of a license file of his; recorded."""
    found = selectors.delivered_file(request.user, pk)
    if found is None or found.license is None:
        raise _unknown()
    try:
        body = read_file(license_file=found, actor=services.customer(request.user))
    except Problem:
        return _unreadable(request, found.license.subscription_id)
    answer = HttpResponse(body, content_type="application/octet-stream")
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=found.name) or "attachment"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@login_not_required
@never_cache
@require_POST
def join(request: HttpRequest, token: str) -> HttpResponse:
    """From the order's page to his login: he chooses a password, or signs in, or takes the order to his login."""
    order = order_for_token(token)
    if order is None:
        raise Http404(_("There is no such order. Please use the whole address that you were given."))
    try:
        return _join(request, order)
    except Problem as problem:
        messages.warning(request, problem.message)
    if request.user.is_authenticated:
        return redirect("store_order", token)
    return redirect(f"{reverse('account_login')}?{urlencode({'next': reverse('store_order', args=[token])})}")


def _join(request: HttpRequest, order: Order) -> HttpResponse:
    if request.user.is_authenticated:
        services.take_account(order=order, user=request.user)
        return redirect("my")
    return redirect(password_link(services.open_login(order=order)))


def _unknown() -> Http404:
    return Http404(_("There is nothing here, or it is not yours."))


def _unreadable(request: HttpRequest, subscription_id: int | None) -> HttpResponse:
    messages.error(request, _("It cannot be read right now. Please write to us; we will send it to you."))
    return redirect("my_subscription", subscription_id) if subscription_id else redirect("my")
