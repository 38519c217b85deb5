"""Mass upload: a draft with a preview, a confirmation that each request takes its parts by, and its undoing."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from ka_plugins.contract import KeyFile
from licenses import intake
from licenses.mass_upload.matching import Match, match_all, waiting_requests
from licenses.mass_upload.reading import take_apart
from licenses.models import LicenseRequest, UploadBatch, UploadPiece
from licenses.plugins import plugin_class
from licenses.uploads import upload
from pbas.core.crypto import new_uid
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.story import Actor

Verdict = UploadPiece.Verdict
NO_USE = (Verdict.DUPLICATE, Verdict.UNUSABLE)
DRAFT_KEPT = timedelta(days=1)  # after that an unconfirmed draft goes, with what was brought


def look_through(*, files: Sequence[KeyFile], actor: Actor) -> UploadBatch:
    """Keep what was brought as a draft, encrypted, with what each part is for. Changes no request and no license.

    Raises Problem at `files`: nothing brought, too much of it, or an archive that unpacks to too much.
    """
    matches = match_all(take_apart(files))
    with transaction.atomic():
        batch = UploadBatch.objects.create(actor=actor.name)
        UploadPiece.objects.bulk_create([_piece(batch, one) for one in matches], batch_size=100)
    return batch


def _piece(batch: UploadBatch, match: Match) -> UploadPiece:
    part, for_whom = match.part, match.request or next(iter(match.candidates), None)
    return UploadPiece(
        uid=new_uid(),
        batch=batch,
        name=part.name[-255:],
        shown=_shown(part.key, for_whom),
        key=part.key,
        activation_code=part.activation_code,
        body=part.body,
        size=len(part.body),
        sha256=hashlib.sha256(part.body).hexdigest() if part.body else "",
        verdict=match.verdict,
        why=match.why.text if match.why else "",
        words={name: str(word) for name, word in match.why.words.items()} if match.why else {},
        request=match.request,
        candidates=[one.pk for one in match.candidates],
    )


def _shown(key: str, request: LicenseRequest | None) -> str:
    """A key as people may see it; masked where it is not known whose it is."""
    if request is not None and not plugin_class(request.configuration.template).secret_keys:
        return key[:200]
    return intake.masked(key) if key else ""


def confirm(*, batch: UploadBatch, chosen: Mapping[int, int | None], actor: Actor) -> list[int]:
    """Settle which piece goes to which request (`chosen`: None leaves it out) and close the draft.

    Answers the ids of the requests that have pieces now. In the caller's transaction. Raises ConflictProblem where
    the draft was confirmed or is gone, Problem where nothing is left or a request takes no upload.
    """
    drafts = UploadBatch.objects.filter(pk=batch.pk, state=UploadBatch.State.DRAFT)
    if not drafts.update(state=UploadBatch.State.CONFIRMED, actor=actor.name):
        raise ConflictProblem("This upload was confirmed or taken back meanwhile.")
    pieces = {one.pk: one for one in batch.pieces.defer("body").exclude(verdict__in=NO_USE)}
    open_ids = {one.pk for one in waiting_requests()}
    for pk in pieces.keys() & chosen.keys():
        request = chosen[pk]
        if request is not None and request not in open_ids:
            raise Problem(
                "%(pieces)s: request %(request)s does not wait for an upload.",
                pieces=pieces[pk].name,
                request=request,
                field=f"piece-{pk}",
            )
        pieces[pk].request_id = request
    UploadPiece.objects.bulk_update(pieces.values(), ["request"], batch_size=200)
    ids = sorted({one.request_id for one in pieces.values() if one.request_id is not None})
    if not ids:
        raise Problem("No part is for any request. Say for which, or bring others.")
    return ids


def take(*, request: LicenseRequest, actor: Actor) -> LicenseRequest:
    """Have a request take all pieces that were confirmed for it, as one upload. Raises what `uploads.upload` does."""
    pieces = list(_confirmed(request).filter(taken=False).select_for_update(of=("self",)))
    if not pieces:
        raise ConflictProblem(
            "Nothing is left for request %(request)s: it was taken, or the upload was undone.", request=request.pk
        )
    keys = [one for one in pieces if one.key]
    if len(keys) > 1:
        raise Problem(
            "Request %(request)s would get %(n)s keys. Give it one.", request=request.pk, n=len(keys), field="key"
        )
    files = [KeyFile(one.name, bytes(one.body)) for one in pieces if one.body]
    key, code = (keys[0].key, keys[0].activation_code) if keys else ("", "")
    taken = upload(request=request, key=str(key), activation_code=str(code), files=files, actor=actor)
    for one in pieces:  # their secrets are the license's now
        one.taken, one.key, one.activation_code, one.body = True, "", "", b""
        one.save(update_fields=["taken", "key", "activation_code", "body"])
    return taken


def _confirmed(request: LicenseRequest) -> QuerySet[UploadPiece]:
    return UploadPiece.objects.filter(request=request, batch__state=UploadBatch.State.CONFIRMED)


def discard(*, batch: UploadBatch) -> None:
    """Take a draft away with all that was brought. Raises ConflictProblem where it was confirmed meanwhile."""
    if not UploadBatch.objects.filter(pk=batch.pk, state=UploadBatch.State.DRAFT).delete()[0]:
        raise ConflictProblem("This upload was confirmed meanwhile; undo it instead.")


def forget_drafts() -> None:
    """Take away drafts that nobody confirmed within DRAFT_KEPT."""
    old = UploadBatch.objects.filter(state=UploadBatch.State.DRAFT, created_at__lt=timezone.now() - DRAFT_KEPT)
    old.delete()
