"""The end of a subscription: asked first, with what becomes of each of its licenses and requests."""

import hashlib
from collections.abc import Sequence

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import redirect, render  # noqa: TID251 (the door of pages)
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from licenses.forms import ReasonForm, show_problem
from licenses.models import License, LicenseRequest
from pbas.core.problems import Problem
from pbas.core.story import staff
from pbas.core.web import staff_only
from subscriptions.ending import end_subscription
from subscriptions.models import Subscription
from subscriptions.selectors import living_licenses, open_requests, subscription_for_page
from subscriptions.wording import becomes_of_license, becomes_of_request


@staff_only
@require_http_methods(["GET", "POST"])
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first: a page that says what ends and how; its button does it, unless something was added meanwhile."""
    subscription = subscription_for_page(pk)
    if subscription is None:
        raise Http404(_("There is no subscription %(pk)s.") % {"pk": pk})
    if subscription.state in {Subscription.State.ENDING, Subscription.State.ENDED}:
        messages.info(request, _("Somebody has ended this subscription already."))
        return redirect("subscription", pk)
    licenses, requests = living_licenses(subscription), open_requests(subscription)
    seen = _mark(licenses, requests)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and request.POST.get("seen") != seen:
        form.add_error(None, _("What belongs to it has changed meanwhile. Look again at what ends."))
    if form.is_valid() and _end(request, subscription, form):
        return redirect("subscription", pk)
    context = {
        "subscription": subscription,
        "licenses": [(one, becomes_of_license(one, requests)) for one in licenses if one.parent_id is None],
        "children": [one for one in licenses if one.parent_id is not None],
        "requests": [(one, becomes_of_request(one)) for one in requests],
        "form": form,
        "seen": seen,
    }
    return render(request, "subscriptions/end.html", context)


def _end(request: HttpRequest, subscription: Subscription, form: ReasonForm) -> bool:
    try:
        end_subscription(subscription=subscription, actor=staff(request.user), reason=form.cleaned_data["reason"])
    except Problem as problem:
        show_problem(form, problem)
        return False
    if subscription.state == Subscription.State.ENDED:
        messages.success(request, _("The subscription has ended."))
    else:
        messages.success(request, _("The subscription is being ended. Below is what it still waits for."))
    return True


def _mark(licenses: Sequence[License], requests: Sequence[LicenseRequest]) -> str:
    """What tells that nothing was added to what a person has read; that a request has gone on changes nothing."""
    ids = [sorted(one.pk for one in rows) for rows in (licenses, requests)]
    return hashlib.sha256(repr(ids).encode()).hexdigest()[:16]
