"""The search of the whole panel, and the keys that work everywhere."""

from django.http import HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import redirect, render  # noqa: TID251 (the door of pages)
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from licenses.selectors import SHORTEST_SEARCH
from pbas.core.web import staff_only
from subscriptions.finding import hits_of, page_of

LONGEST = 200
SHORTCUTS = (
    ("/", _("Search: the list's own search, else the whole panel's")),
    ("?", _("This sheet")),
    ("g d", _("Go to the dashboard")),
    ("g l", _("Go to licenses")),
    ("g r", _("Go to license requests")),
    ("g s", _("Go to subscriptions")),
    ("g o", _("Go to orders")),
    ("g p", _("Go to plug-ins")),
    ("g a", _("Go to activity")),
    ("b", _("To what can be done with the ticked rows")),
    ("Esc", _("Close what is open")),
)


@staff_only
@never_cache
@require_http_methods(["GET", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """The page of what is named exactly, else a page of what fits. Sent by POST: a whole key must be in no address."""
    text = " ".join(request.POST.get("find", "").split())[:LONGEST]
    if text and (page := page_of(text)):
        return redirect(page)
    hits = hits_of(text)
    context = {"text": text, "hits": hits, "is_too_short": 0 < len(text) < SHORTEST_SEARCH}
    return render(request, "search.html", context)


@staff_only
@require_GET
def show_shortcuts(request: HttpRequest) -> HttpResponse:
    """The keys that work everywhere; they can be turned off."""
    return render(request, "shortcuts.html", {"shortcuts": SHORTCUTS})
