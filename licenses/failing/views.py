"""Failures by cause: the groups, one group with what may be decided for it, the alerts, and the metrics."""

import hmac
import ipaddress
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import redirect, render  # noqa: TID251 (the door of pages)
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from licenses.failing import metrics
from licenses.failing.groups import MOST_SHOWN, Group, Sample, groups, samples_of, troubled_plugins
from licenses.failing.lists import FailureList
from licenses.failing.stuck import stuck_rows
from licenses.models import Alert, LicenseRequest
from licenses.wording import fault_of
from pbas.core.web import staff_only

ALERTS_SHOWN = 50
LONGEST_ID = 18  # digits


@staff_only
@require_GET
def list_failures(request: HttpRequest) -> HttpResponse:
    """All groups; or, where the address names one, its requests and what may be decided for them."""
    listed = FailureList(request.GET, request.user)
    found = groups(**listed.only)
    context: dict[str, Any] = {
        "list": listed,
        "groups": found[:MOST_SHOWN],
        "total": sum(one.total for one in found),
        "group_count": len(found),
        "samples": samples_of(found[:MOST_SHOWN]),
    }
    if listed.is_group:
        return render(request, "failures/group.html", {**context, **_one_of(found, context["samples"])})
    context |= {"troubled": troubled_plugins(), "stuck": stuck_rows()}
    return render(request, "failures/failures.html", context)


def _one_of(found: list[Group], samples: dict[int, Sample]) -> dict[str, Any]:
    """The one group that the address names, if it is still there, and whose fault it is."""
    group = found[0] if found else None
    sample = samples.get(group.newest) if group else None
    return {"group": group, "fault": fault_of(LicenseRequest(problem_fault=sample.fault)) if sample else ""}


@staff_only
@require_GET
def show_failure(_request: HttpRequest, pk: int) -> HttpResponse:
    """A row of the list has its page among the requests."""
    return redirect("license_request", pk)


@staff_only
@require_GET
def list_alerts(request: HttpRequest) -> HttpResponse:
    """Alerts, open or closed, newest first."""
    is_closed = request.GET.get("state") == "closed"
    alerts = Alert.objects.filter(closed_at__isnull=not is_closed)
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) <= LONGEST_ID:
        alerts = alerts.filter(pk__lt=int(before))
    found = list(alerts.select_related("configuration").prefetch_related("deliveries")[: ALERTS_SHOWN + 1])
    context = {
        "alerts": found[:ALERTS_SHOWN],
        "is_closed": is_closed,
        "next": found[ALERTS_SHOWN - 1].pk if len(found) > ALERTS_SHOWN else None,
        "is_told": bool(settings.ALERT_MAIL or settings.ALERT_WEBHOOKS),
    }
    return render(request, "failures/alerts.html", context)


@login_not_required
@never_cache
@require_GET
def show_metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus, for who has the token; without a token set, for this machine alone."""
    if not _may_measure(request):
        text = "Send the token of PBAS_METRICS_TOKEN as `Authorization: Bearer ...`, or ask from this machine.\n"
        return HttpResponse(text, status=403, content_type="text/plain; charset=utf-8")
    return HttpResponse(metrics.exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _may_measure(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:  # a proxy is here, its caller is not
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
