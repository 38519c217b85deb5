"""What looks at the whole: the figures, and what happened lately."""

from django.http import HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import render  # noqa: TID251 (the door of pages)
from django.views.decorators.http import require_GET

from licenses.counters import counts
from licenses.failing.groups import troubled_plugins
from licenses.models import LicenseRequest
from licenses.ready_keys.selectors import classes_with_marks
from pbas.core.lists.pages import show_list
from pbas.core.web import staff_only
from subscriptions import figures
from subscriptions.lists import EventList
from subscriptions.selectors import events_for_list

LATELY = 6  # events that the dashboard shows


@staff_only
@require_GET
def show_dashboard(request: HttpRequest) -> HttpResponse:
    """The figures; each links to the list that it counts."""
    counted, plugins = counts(), list(figures.plugins_for_list())
    opened = [(one.pk, counted.of("request", states=LicenseRequest.OPEN, tab=one.pk), "") for one in plugins]
    orphans, orphans_cost = figures.orphans()
    context = {
        "counts": counted,
        "plugins": plugins,
        "opened": {bar.label: bar for bar in figures.bars(opened)},
        "waiting": list(figures.requests_for_staff()),
        "oldest": figures.oldest_open_request(),
        "expiring": figures.expiring_licenses(),
        "failed": figures.requests_failed_lately(),
        "troubled": len(troubled_plugins()),
        "delivery": figures.delivery_times(),
        "issued": figures.issued_each_day(),
        "orphans": orphans,
        "orphans_cost": orphans_cost,
        "lately": events_for_list()[:LATELY],
        "open_states": LicenseRequest.OPEN,
        "low": [one.is_low for one in classes_with_marks()],  # type: ignore[attr-defined] # annotated
    }
    return render(request, "dashboard/dashboard.html", context)


@staff_only
@require_GET
def list_events(request: HttpRequest) -> HttpResponse:
    """All events, newest first."""
    listed = EventList(request.GET, request.user)
    return show_list(request, listed, "activity/activity.html", "activity/_events.html")
