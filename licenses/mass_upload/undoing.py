"""Taking an upload back, as long as nothing of it is installed."""

from django.db import transaction

from licenses import intake
from licenses.hand import goes_by_itself, move_by_hand, moved_on
from licenses.models import License, LicenseFile, LicenseRequest, UploadBatch, UploadPiece
from licenses.moves import event_of
from pbas.core.problems import ConflictProblem, inside
from pbas.core.story import Actor

State = LicenseRequest.State
STILL_FREE = (State.SERVICES, State.KEY, State.FILES, State.INSTALL, State.ATTENTION)


def undo(*, batch: UploadBatch) -> list[int]:
    """Close a confirmed upload for its undoing; the ids of the requests that have to give something back.

    In the caller's transaction. Raises ConflictProblem where it is not confirmed, or undone already.
    """
    confirmed = UploadBatch.objects.filter(pk=batch.pk, state=UploadBatch.State.CONFIRMED)
    if not confirmed.update(state=UploadBatch.State.UNDONE):
        raise ConflictProblem("This upload is not confirmed, or it was undone already.")
    return sorted(batch.pieces.filter(taken=True).values_list("request", flat=True).distinct())


def give_back(*, request: LicenseRequest, reason: str, actor: Actor) -> LicenseRequest:
    """Take from a request what an undone upload brought it. All or nothing.

    The files go. A key's license stays as terminated, so that its story can be read; the key is free to be brought
    again. Raises ConflictProblem where the license is installed or the request has moved on.
    """
    with transaction.atomic():
        request = LicenseRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)
        pieces = list(_undone(request))
        _check(request, pieces)
        digests = [one.sha256 for one in pieces if one.sha256]
        LicenseFile.objects.filter(request=request, source="upload", sha256__in=digests).delete()
        if any(one.shown for one in pieces):
            _withdraw(request)
        UploadPiece.objects.filter(pk__in=[one.pk for one in pieces]).update(taken=False)
        names = ", ".join(one.name for one in pieces)
        event = event_of(request, actor, "upload_undone", f"The upload was undone: {names}.", reason)
        to = State.SERVICES if request.state == State.SERVICES else intake.first_state(request, request.license)
        wait = 0 if goes_by_itself(request) and to != State.SERVICES else None
        return move_by_hand(request, to, event=event, wait=wait)


def _undone(request: LicenseRequest) -> list[UploadPiece]:
    rows = UploadPiece.objects.filter(request=request, taken=True, batch__state=UploadBatch.State.UNDONE)
    return list(rows.defer("body", "key", "activation_code"))


def _check(request: LicenseRequest, pieces: list[UploadPiece]) -> None:
    if not pieces:
        raise ConflictProblem("Request %(request)s has nothing of that upload any more.", request=request.pk)
    if request.leased or request.state not in STILL_FREE:
        raise moved_on(request)
    license_ = request.license
    if license_ is not None and license_.state != License.State.ISSUED:
        raise ConflictProblem(
            "License %(license)s is %(state)s already.", license=license_.pk, state=inside(license_.get_state_display())
        )
    if request.kind != LicenseRequest.Kind.ISSUE and any(one.shown for one in pieces):
        raise ConflictProblem(
            "Request %(request)s gave a license that is in use its new key. Bring the right one.", request=request.pk
        )


def _withdraw(request: LicenseRequest) -> None:
    """The license that the upload made is none any more; files of others stay with the request."""
    made = request.license
    if made is None:
        return
    LicenseFile.objects.filter(license=made).update(license=None)
    LicenseRequest.objects.filter(pk=request.pk).update(license=None)
    made.fingerprint, made.state, made.subscription = f"withdrawn-{made.uid}", License.State.TERMINATED, None
    made.save(update_fields=["fingerprint", "state", "subscription"])
    request.license = None
