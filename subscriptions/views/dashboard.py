"""What looks at the whole: figures, plug-ins, what happened lately."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from ka_plugins import registry
from licenses.plugins import templates
from pbas.core.web import render_page, staff_only
from subscriptions.lists import EventList
from subscriptions.selectors import figures, tabs_with_figures


@staff_only
@require_GET
def show_dashboard(request: HttpRequest) -> HttpResponse:
    """The figures; each links to the list that it counts."""
    now = timezone.now()
    return render(request, "dashboard/dashboard.html", {"figures": figures(now), "now": now})


@staff_only
@require_GET
def list_plugins(request: HttpRequest) -> HttpResponse:
    """All plug-in configurations with their figures, and the plug-ins that failed to load."""
    context = {"tabs": tabs_with_figures(), "labels": dict(templates()), "failures": registry.failures()}
    return render(request, "plugins/plugins.html", context)


@staff_only
@require_GET
def list_events(request: HttpRequest) -> HttpResponse:
    """All events, newest first."""
    context = {"list": EventList(request.GET)}
    return render_page(request, "activity/activity.html", "activity/_events.html", context)
