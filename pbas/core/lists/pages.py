"""The pages that all lists have: the list itself, its columns, its saved views, and its export."""

from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse  # noqa: TID251 (pages)
from django.shortcuts import redirect  # noqa: TID251 (the door of pages)
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from pbas.core.lists import export as exports
from pbas.core.lists.listing import PanelList, list_called
from pbas.core.lists.models import SavedView
from pbas.core.lists.query import PAGE_SIZES
from pbas.core.problems import Problem, UnknownProblem, in_english
from pbas.core.story import staff, tell
from pbas.core.web import render_page, staff_only

MOST_VIEWS = 100  # that one person keeps of one list


def show_list(request: HttpRequest, listed: PanelList, page: str, part: str) -> HttpResponse:
    """The page of a list; or, where the search was sent and names one row exactly, that row's page."""
    if listed.query.is_going and (hit := listed.exact_hit()):
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(headers={"HX-Redirect": hit})
        return redirect(hit)
    return render_page(request, page, part, {"list": listed})


def list_or_404(request: HttpRequest, name: str, query: QueryDict) -> PanelList:
    """The list of a name as this reader sees it with a query string."""
    try:
        return list_called(name)(query, request.user)
    except UnknownProblem as problem:
        raise Http404(problem.message) from problem


@staff_only
@require_http_methods(["GET", "POST"])
def choose_columns(request: HttpRequest, name: str) -> HttpResponse:
    """Which columns this reader sees, in which order, and how many rows a page. Moving one keeps nothing yet."""
    given = request.POST if request.method == "POST" else request.GET
    listed = list_or_404(request, name, QueryDict(given.get("query", "")))
    known = [column.name for column in listed.all_columns(listed.names)]
    ticked = {known[0], *given.getlist("shown")}
    order = [one for one in dict.fromkeys(given.getlist("order")) if one in known] or known
    size = given.get("size", "") if given.get("size") in PAGE_SIZES else str(listed.query.size)
    if request.method == "GET" or "move" in given:
        _move(order, given.get("move", ""))
        shown = [one for one in order if one in ticked] if "order" in given else listed.names
        context = {"list": listed, "shown": shown, "order": order, "size": int(size)}
        return render_page(request, "lists/columns.html", "lists/_columns.html", context)
    of_reader: dict[str, Any] = {"list_name": name, "owner_id": request.user.pk, "name": ""}
    if "forget" in given:
        SavedView.objects.filter(**of_reader).delete()
    else:
        kept = urlencode({"columns": ",".join(one for one in order if one in ticked), "size": size}, safe=",")
        SavedView.objects.update_or_create({"query": kept}, **of_reader)
    return redirect(listed.here + listed.query.link(columns="", size=""))


def _move(order: list[str], move: str) -> None:
    """One place up or down; the first column stays the first."""
    way, _colon, name = move.partition(":")
    if name in order[1:]:
        at = order.index(name)
        order.remove(name)
        order.insert(max(1, at - 1) if way == "up" else at + 1, name)


@staff_only
@require_POST
def save_view(request: HttpRequest, name: str) -> HttpResponse:
    """Keep a list under a name; who keeps another under the same name replaces it."""
    listed = list_or_404(request, name, QueryDict(request.POST.get("query", "")))
    called = " ".join(request.POST.get("name", "").split())[:60]
    mine = SavedView.objects.filter(list_name=name, owner_id=request.user.pk).exclude(name="")
    back = listed.here + "?" + listed.saved_query
    if not called:
        messages.error(request, _("Give the view a name; nothing was saved."))
    elif mine.count() >= MOST_VIEWS and not mine.filter(name=called).exists():
        messages.error(request, _("You have %(n)s views of this list. Delete one first.") % {"n": MOST_VIEWS})
    else:
        values = {"query": listed.saved_query, "is_shared": "is_shared" in request.POST}
        SavedView.objects.update_or_create(values, list_name=name, owner_id=request.user.pk, name=called)
        messages.success(request, _("The view “%(name)s” is saved.") % {"name": called})
    return redirect(back)


@staff_only
@require_POST
def delete_view(request: HttpRequest, name: str, pk: int) -> HttpResponse:
    """Forget a view of one's own."""
    listed = list_or_404(request, name, QueryDict())
    found = SavedView.objects.filter(pk=pk, list_name=name, owner_id=request.user.pk).exclude(name="").first()
    if found is None:
        raise Http404(_("That view is not yours, or was deleted already."))
    found.delete()
    messages.success(request, _("The view “%(name)s” is deleted; no row of the list is.") % {"name": found.name})
    return redirect(listed.here)


@staff_only
@never_cache
@require_GET
def export(request: HttpRequest, name: str, form: str) -> HttpResponse:
    """All rows that the filter leaves, with the columns shown, as a file; the activity page tells of it."""
    listed = list_or_404(request, name, request.GET)
    try:
        body = exports.csv_of(listed) if form == "csv" else exports.xlsx_of(listed)
    except Problem as problem:
        messages.error(request, problem.message)
        return redirect(listed.here + listed.query.link())
    with in_english():
        said = f"The list “{listed.label}” was exported."
    tell(staff(request.user), "exported", said, detail=f"{form} {listed.query.link()}")
    return as_file(body, f"{name}.{form}", exports.TYPES[form])


def as_file(body: Iterator[bytes], name: str, content_type: str) -> HttpResponse:
    """A download that is sent while it is made."""
    answer: Any = StreamingHttpResponse(body, content_type=content_type)  # Django has no word for both
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["X-Accel-Buffering"] = "no"
    return cast("HttpResponse", answer)
