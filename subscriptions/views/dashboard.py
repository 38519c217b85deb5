"""What looks at the whole: the figures, and what happened lately."""

from django.http import HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import render  # noqa: TID251 (the door of pages)
from django.utils import timezone
from django.views.decorators.http import require_GET

from licenses.models import LicenseRequest
from licenses.ready_keys.selectors import classes_with_marks
from licenses.selectors import counts
from pbas.core.lists.pages import show_list
from pbas.core.web import staff_only
from subscriptions.lists import EventList
from subscriptions.selectors import (
    events_for_list,
    expiring_licenses,
    oldest_open_request,
    plugins_for_list,
    requests_for_staff,
)

LATELY = 6  # events that the dashboard shows


@staff_only
@require_GET
def show_dashboard(request: HttpRequest) -> HttpResponse:
    """The figures; each links to the list that it counts."""
    context = {
        "counts": counts(),
        "plugins": list(plugins_for_list()),
        "waiting": list(requests_for_staff()),
        "oldest": oldest_open_request(),
        "expiring": expiring_licenses(timezone.now()),
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
