"""POSTs that may be sent again: with an `Idempotency-Key` the effect happens once and repeats get the first answer."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from rest_framework.exceptions import ParseError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from pbas.core.crypto import keyring
from pbas.core.models import IdempotencyRecord
from pbas.core.problems import ConflictProblem, Problem

HEADER = "Idempotency-Key"
REPEATED = "Idempotency-Replayed"  # says on an answer that nothing was done this time
KEPT = timedelta(hours=48)
LONGEST = 255

Action = Callable[..., Response]  # a method of a view set


class ReusedKeyProblem(Problem):
    """The key already stands for another call."""

    title = "The Idempotency-Key was used for another call"
    slug = "idempotency-key-reused"


class BusyKeyProblem(ConflictProblem):
    """The first call with this key has not ended yet."""

    title = "The first call with this Idempotency-Key is still running"
    slug = "idempotency-key-in-use"
    retry = True


def once_per_key(action: Action) -> Action:
    """Do a POST once per `Idempotency-Key` of its user; a repeat gets status and body of the first answer.

    Effect and answer are kept in one transaction. An error keeps nothing: the key may be sent again with better input.
    """

    @wraps(action)
    def answering(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        if HEADER not in request.headers:
            return action(view, request, *args, **kwargs)
        with transaction.atomic():
            return _answer_once(request, lambda: action(view, request, *args, **kwargs))

    answering.once_per_key = True  # type: ignore[attr-defined] # the schema documents the header by it
    return answering


def purge_answers() -> int:
    """Forget answers that are older than KEPT; how many they were."""
    return IdempotencyRecord.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]


def _answer_once(request: Request, act: Callable[[], Response]) -> Response:
    key, digest = _key_of(request), _digest(request)
    user_id = request.user.pk or 0
    _enter(user_id, key)
    kept = IdempotencyRecord.objects.filter(user_id=user_id, key=key).first()
    if kept is None:
        response = act()
        answer = json.loads(JSONRenderer().render(response.data))
        IdempotencyRecord.objects.create(
            user_id=user_id, key=key, request_digest=digest, status=response.status_code, answer=answer
        )
        return response
    if kept.request_digest != digest:
        message = "This Idempotency-Key was used for another call or another body. Take a new key for a new call."
        raise ReusedKeyProblem(message)
    return Response(kept.answer, status=kept.status, headers={REPEATED: "true"})


def _key_of(request: Request) -> str:
    key = request.headers[HEADER]
    if not 1 <= len(key) <= LONGEST or not (key.isascii() and key.isprintable()):
        raise ParseError(f"An {HEADER} has 1 to {LONGEST} printable ASCII characters.")
    return str(key)


def _digest(request: Request) -> str:
    """By what two calls are the same: address and content. Keyed, as a body may hold a password that is guessable."""
    data: Any = request.data
    if hasattr(data, "lists"):  # a form: its boundaries and the order of its fields do not matter
        data = {name: [_content(value) for value in values] for name, values in data.lists()}
    return keyring().fingerprint(json.dumps([request.method, request.path, data], sort_keys=True))


def _content(value: Any) -> Any:
    if isinstance(value, str):
        return value
    digest = hashlib.sha256(value.read()).hexdigest()
    value.seek(0)
    return [value.name, digest]


def _enter(user_id: int, key: str) -> None:
    """Let one call with this key in until its transaction ends; raises BusyKeyProblem for others.

    SQLite needs no lock: writers queue at the start of their transaction, so a second call finds the kept answer.
    """
    if connection.vendor != "postgresql":
        return
    number = int.from_bytes(hashlib.sha256(f"{user_id} {key}".encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        if not cursor.fetchone()[0]:
            raise BusyKeyProblem("The first call with this Idempotency-Key is still running. Ask again in a moment.")
