"""Subscriptions: the list, one subscription, its services and its install target."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import redirect, render  # noqa: TID251 (the door of pages)
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from licenses.forms import ReasonForm
from licenses.target_forms import TargetForm
from licenses.targets import set_install_target
from licenses.wording import next_step
from pbas.core.lists.pages import show_list
from pbas.core.problems import Problem
from pbas.core.story import staff
from pbas.core.web import staff_only
from subscriptions.lists import SubscriptionList
from subscriptions.models import Service, Subscription
from subscriptions.selectors import licenses_of, requests_of, story_of, subscription_for_page
from subscriptions.services import service_failed, service_ready


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service on its subscription's page, and what may be done with it now."""

    service: Service
    form: ReasonForm
    lacks_target: bool

    @property
    def is_open(self) -> bool:
        """Whether it may be marked ready."""
        return self.service.state != Service.State.READY


@staff_only
@require_GET
def list_subscriptions(request: HttpRequest) -> HttpResponse:
    """Subscriptions, newest first."""
    listed = SubscriptionList(request.GET, request.user)
    return show_list(request, listed, "subscriptions/subscriptions.html", "subscriptions/_subscriptions.html")


@staff_only
@require_GET
def show_subscription(request: HttpRequest, pk: int) -> HttpResponse:
    """One subscription: services, licenses, requests, install target, story."""
    return _page(request, _subscription_or_404(pk))


@staff_only
@require_POST
def mark_ready(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Staff say that a service is up; when all are, the licenses start."""
    subscription = _subscription_or_404(pk)
    try:
        service = service_ready(subscription=subscription, name=name, target=None, actor=staff(request.user))
    except Problem as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, _("%(service)s is ready.") % {"service": service.label})
    return redirect("subscription", pk)


@staff_only
@require_POST
def mark_failed(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Staff say that a service failed, and why; the licenses go on waiting."""
    subscription = _subscription_or_404(pk)
    form = ReasonForm(request.POST, prefix=name)
    if not form.is_valid():
        return _page(request, subscription, failed={name: form})
    try:
        reason = form.cleaned_data["reason"]
        service = service_failed(subscription=subscription, name=name, reason=reason, actor=staff(request.user))
    except Problem as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, _("%(service)s is marked as failed.") % {"service": service.label})
    return redirect("subscription", pk)


@staff_only
@require_POST
def set_target(request: HttpRequest, pk: int) -> HttpResponse:
    """Give or mend the install target."""
    subscription = _subscription_or_404(pk)
    form = TargetForm(request.POST, kept=getattr(subscription, "install_target", None))
    if form.is_valid():
        try:
            set_install_target(subscription_id=pk, target=form.target(), actor=staff(request.user))
        except Problem as problem:
            form.show_problem(problem)
        else:
            messages.success(request, _("The install target is saved. Requests that stopped there can be retried."))
            return redirect("subscription", pk)
    return _page(request, subscription, target_form=form)


def _page(
    request: HttpRequest,
    subscription: Subscription,
    *,
    target_form: TargetForm | None = None,
    failed: dict[str, ReasonForm] | None = None,
) -> HttpResponse:
    target = getattr(subscription, "install_target", None)
    rows = [
        ServiceRow(
            service,
            (failed or {}).get(service.name) or ReasonForm(prefix=service.name),
            lacks_target=service.is_hosting and target is None,
        )
        for service in subscription.services.all()
    ]
    requests = list(requests_of(subscription))
    is_ending = subscription.state == Subscription.State.ENDING
    opened = [one for one in reversed(requests) if is_ending and not one.is_final]
    context = {
        "subscription": subscription,
        "is_over": is_ending or subscription.state == Subscription.State.ENDED,
        "holding": [(one, next_step(one, services=(), target=target)) for one in opened],
        "services": rows,
        "open_services": [row.service for row in rows if row.is_open],
        "target": target,
        "target_form": target_form or TargetForm(kept=target),
        "licenses": licenses_of(subscription),
        "requests": requests,
        "story": story_of(subscription, request.GET.get("story", "")),
    }
    return render(request, "subscriptions/subscription.html", context)


def _subscription_or_404(pk: int) -> Subscription:
    subscription = subscription_for_page(pk)
    if subscription is None:
        raise Http404(_("There is no subscription %(pk)s.") % {"pk": pk})
    return subscription
