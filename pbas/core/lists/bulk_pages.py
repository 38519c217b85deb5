"""Actions over many rows: asked for first, then followed live, stopped, and their results taken home."""

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict  # noqa: TID251 (pages)
from django.shortcuts import redirect, render  # noqa: TID251 (the door of pages)
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from pbas.core.jinja import number
from pbas.core.lists import bulk
from pbas.core.lists.actions import Action
from pbas.core.lists.export import TYPES
from pbas.core.lists.listing import PanelList, list_called
from pbas.core.lists.models import BulkRow, BulkRun
from pbas.core.lists.pages import as_file, list_or_404
from pbas.core.notices import services as notices
from pbas.core.problems import Problem
from pbas.core.story import staff
from pbas.core.web import STOP_POLLING, staff_only

if TYPE_CHECKING:
    from django.db.models import QuerySet

SAMPLE = 8  # rows that the question names
SHOWN = 100  # results on a page
RUNS_SHOWN = 50
LONGEST_ID = 18  # digits


@staff_only
@require_POST
def ask(request: HttpRequest, name: str) -> HttpResponse:
    """Ask first: how many rows, which for example, what follows; the page's own button does it."""
    given = request.POST
    listed = list_or_404(request, name, QueryDict(given.get("query", "")))
    ids = None if "whole" in given else [int(one) for one in given.getlist("row") if _is_id(one)]
    newest = given.get("newest", "")
    try:
        action = bulk.action_of(listed, given.get("action", ""))
        rows = bulk.chosen_rows(listed, ids)
        if "sure" not in given:
            return _question(request, listed, action, rows, ids)
        until = int(newest) if _is_id(newest) else None
        reason, once = given.get("reason", "")[:500], _once(given.get("once", ""))
        run = bulk.start_run(listed, action, ids=ids, newest=until, reason=reason, actor=staff(request.user), once=once)
    except Problem as problem:
        if problem.field:
            return _question(request, listed, action, rows, ids, problem.message)
        messages.error(request, problem.message)
        return redirect(listed.here + listed.query.link())
    return redirect("bulk_run", run.pk)


class Shown(int):
    """A number that is counted by a text's plural, and written as the language does."""

    def __str__(self) -> str:
        return number(int(self))


def _question(
    request: HttpRequest,
    listed: PanelList,
    action: Action,
    rows: "QuerySet[Any]",
    ids: list[int] | None,
    problem: str = "",
) -> HttpResponse:
    """The page that asks. Raises Problem where there is nothing to ask for."""
    prospects, newest = bulk.foresee(action, rows)
    total = sum(one.rows for one in prospects)
    if not total:
        raise Problem("No row is left of those that were meant. Look at the list again.")
    if total > bulk.MOST_ROWS:
        raise Problem("These are more than %(most)s rows: filter the list.", most=number(bulk.MOST_ROWS))
    context = {
        "list": listed,
        "action": action,
        "prospects": prospects,
        "total": total,
        "question": action.question % {"n": Shown(total)},
        "going": sum(one.rows for one in prospects if one.why is None),
        "ids": ids or [],
        "is_whole": ids is None,
        "newest": newest,
        "sample": list(rows.values_list("pk", listed.named_by)[:SAMPLE]),
        "once": request.POST.get("once") or uuid4(),
        "reason": request.POST.get("reason", ""),
        "problem": problem,
    }
    return render(request, "lists/bulk_ask.html", context)


@staff_only
@require_GET
def list_runs(request: HttpRequest) -> HttpResponse:
    """The newest runs of all."""
    runs = [(run, *_words(run)) for run in BulkRun.objects.all()[:RUNS_SHOWN]]
    return render(request, "lists/runs.html", {"runs": runs})


@staff_only
@require_GET
def show_run(request: HttpRequest, pk: int) -> HttpResponse:
    """One run: how far it is, and what came of each row."""
    run = _run_or_404(pk)
    notices.read(owner=request.user, kind="run", subject=pk)
    return render(request, "lists/run.html", _context(request, run))


@staff_only
@never_cache
@require_GET
def follow_run(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that changes; with the last answer the asking ends."""
    run = _run_or_404(pk)
    notices.read(owner=request.user, kind="run", subject=pk)
    status = 200 if run.is_open else STOP_POLLING
    return render(request, "lists/_run.html", {**_context(request, run), "is_part": True}, status=status)


@staff_only
@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Do no further row; what is done stays done."""
    if bulk.stop_run(_run_or_404(pk)):
        messages.success(request, _("Stopped. What was done before stays done."))
    else:
        messages.info(request, _("It had come to its end already."))
    return redirect("bulk_run", pk)


@staff_only
@never_cache
@require_GET
def download(request: HttpRequest, pk: int) -> HttpResponse:  # noqa: ARG001 (Django's)
    """The results as CSV: one line a row."""
    return as_file(_results(_run_or_404(pk)), f"run-{pk}.csv", TYPES["csv"])


def _results(run: BulkRun) -> Iterator[bytes]:
    last, body = 0, io.StringIO()
    writer = csv.writer(body)
    writer.writerow(["id", "row", "outcome", "reason"])
    while True:
        rows = list(run.rows.filter(id__gt=last).order_by("id")[:2000])
        writer.writerows([row.target, _tame(row.label), row.outcome or "open", _tame(row.text)] for row in rows)
        yield body.getvalue().encode()
        body.seek(0)
        body.truncate()
        if not rows:
            return
        last = rows[-1].pk


def _tame(text: str) -> str:
    """No spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


def _context(request: HttpRequest, run: BulkRun) -> dict[str, object]:
    chosen = request.GET.get("outcome", "")
    known = [value for value in BulkRow.Outcome.values if value]
    rows = run.rows.filter(outcome=chosen) if chosen in known else run.rows.all()
    after = request.GET.get("after", "")
    found = list(rows.filter(id__gt=int(after) if _is_id(after) else 0).order_by("id")[: SHOWN + 1])
    label, action = _words(run)
    return {
        "run": run,
        "label": label,
        "action": action,
        "chosen": chosen if chosen in known else "",
        "rows": found[:SHOWN],
        "next": found[SHOWN - 1].pk if len(found) > SHOWN else None,
        "address": _address_of(run),
        "outcomes": [(value, BulkRow.Outcome(value).label, getattr(run, value)) for value in known],
    }


def _words(run: BulkRun) -> tuple[object, object]:
    """What list and action are called; their names where they are gone."""
    try:
        listed = list_called(run.list_name)
        return listed.label, bulk.action_of(listed, run.action).label
    except Problem:
        return run.list_name, run.action


def _address_of(run: BulkRun) -> str:
    """Where the rows of a list have their pages: a number stands at its end."""
    try:
        return reverse(list_called(run.list_name).address)
    except (Problem, NoReverseMatch):
        return ""


def _run_or_404(pk: int) -> BulkRun:
    run = BulkRun.objects.filter(pk=pk).first()
    if run is None:
        raise Http404(_("There is no run %(pk)s.") % {"pk": pk})
    return run


def _once(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def _is_id(text: str) -> bool:
    return text.isdecimal() and len(text) <= LONGEST_ID
