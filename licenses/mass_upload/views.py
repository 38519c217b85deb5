"""Mass upload: bring, look at what fits where, confirm, and take back."""

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict  # noqa: TID251 (the door of pages)
from django.shortcuts import redirect, render  # noqa: TID251 (the door of pages)
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from licenses.forms import ReasonForm, show_problem
from licenses.lists import RequestList
from licenses.mass_upload import services, undoing
from licenses.mass_upload.forms import MassUploadForm
from licenses.models import LicenseRequest, UploadBatch, UploadPiece
from pbas.core.lists import bulk
from pbas.core.lists.models import BulkRun
from pbas.core.problems import Problem
from pbas.core.story import staff
from pbas.core.web import staff_only

LATELY = 20  # batches that the page names
OFFERED = 25  # candidates among which a person chooses; of more he types the number
ORDER = list(UploadPiece.Verdict.values)


@staff_only
@never_cache
@require_http_methods(["GET", "POST"])
def bring(request: HttpRequest) -> HttpResponse:
    """Bring files and keys; the next page shows what fits where, and nothing is changed before it is confirmed."""
    form = MassUploadForm(request.POST, request.FILES) if request.method == "POST" else MassUploadForm()
    if request.method == "POST":
        form.refuse_larger(int(request.META.get("CONTENT_LENGTH") or 0))
        if form.is_valid():
            try:
                batch = services.look_through(files=form.brought(), actor=staff(request.user))
            except Problem as problem:
                show_problem(form, problem)
            else:
                return redirect("mass_upload", batch.pk)
    return render(request, "mass_upload/bring.html", {"form": form, "batches": UploadBatch.objects.all()[:LATELY]})


@staff_only
@never_cache
@require_GET
def show_batch(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft: what fits where, and what has to be decided. Later: what became of it."""
    return _page(request, _batch_or_404(pk))


@staff_only
@never_cache
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the pieces to their requests, in the background; sent twice it is done once."""
    batch = _batch_or_404(pk)
    if batch.state == UploadBatch.State.CONFIRMED and (run := BulkRun.objects.filter(uid=batch.uid).first()):
        return redirect("bulk_run", run.pk)
    try:
        with transaction.atomic():
            ids = services.confirm(batch=batch, chosen=_chosen(batch, request.POST), actor=staff(request.user))
            run = _run(request, "take_upload", ids, batch.uid)
    except Problem as problem:
        return _page(request, _batch_or_404(pk), problem=problem)
    return redirect("bulk_run", run.pk)


@staff_only
@require_http_methods(["GET", "POST"])
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back what is not installed yet, in the background; asks for the reason first."""
    batch = _batch_or_404(pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            with transaction.atomic():
                ids = undoing.undo(batch=batch)
                run = _run(request, "give_upload_back", ids, batch.undo_uid, form.cleaned_data["reason"])
        except Problem as problem:
            show_problem(form, problem)
        else:
            return redirect("bulk_run", run.pk)
    return render(request, "mass_upload/undo.html", {"batch": batch, "form": form})


@staff_only
@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a draft away."""
    try:
        services.discard(batch=_batch_or_404(pk))
    except Problem as problem:
        messages.error(request, problem.message)
        return redirect("mass_upload", pk)
    messages.success(request, _("What you brought is gone. Nothing was changed."))
    return redirect("mass_uploads")


def _run(request: HttpRequest, action: str, ids: list[int], once: Any, reason: str = "") -> BulkRun:
    listed = RequestList(QueryDict())
    doing = bulk.action_of(listed, action)
    return bulk.start_run(listed, doing, ids=ids, reason=reason, actor=staff(request.user), once=once)


def _chosen(batch: UploadBatch, given: QueryDict) -> dict[int, int | None]:
    """What the page's fields say of each piece: a number, or that it is left out."""
    chosen: dict[int, int | None] = {}
    for pk, name in batch.pieces.exclude(verdict__in=services.NO_USE).values_list("pk", "name"):
        text = given.get(f"piece-{pk}")
        if text is None:
            continue
        number = text.strip().removeprefix("#")
        if number and not (number.isdecimal() and len(number) <= 18):  # noqa: PLR2004 (digits of a 64-bit id)
            raise Problem(_("%(name)s: %(text)s is no number of a request.") % {"name": name, "text": text[:30]})
        chosen[pk] = int(number) if number else None
    return chosen


def _page(request: HttpRequest, batch: UploadBatch, problem: Problem | None = None) -> HttpResponse:
    pieces = list(batch.pieces.defer("body", "key", "activation_code"))
    pieces.sort(key=lambda one: (ORDER.index(one.verdict), one.pk))
    wanted = {pk for one in pieces for pk in [one.request_id, *one.candidates[:OFFERED]] if pk}
    rows = LicenseRequest.objects.select_related("license_class", "subscription").defer("options")
    context = {
        "batch": batch,
        "groups": [(UploadPiece.Verdict(verdict), list(rows)) for verdict, rows in groupby(pieces, _verdict_of)],
        "requests": rows.in_bulk(wanted),
        "total": len(pieces),
        "offered": OFFERED,
        "given": request.POST,
        "problem": problem.message if problem else "",
        "runs": BulkRun.objects.filter(uid__in=[batch.uid, batch.undo_uid]).order_by("id"),
    }
    return render(request, "mass_upload/batch.html", context)


def _verdict_of(piece: UploadPiece) -> str:
    return piece.verdict


def _batch_or_404(pk: int) -> UploadBatch:
    batch = UploadBatch.objects.filter(pk=pk).first()
    if batch is None:
        raise Http404(_("There is no such upload any more; a draft is kept for a day."))
    return batch
