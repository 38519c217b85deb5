"""Every error as a problem answer (RFC 9457): `type`, `title`, `status`, `detail`, `instance`, `errors` by field.

`type` is `about:blank` where the status says it all, else `urn:pbas:problem:SLUG`, which never changes its meaning.
"""

import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.core.exceptions import DisallowedHost, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse, JsonResponse  # noqa: TID251 (this is the API's door)
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings

from pbas.core.language import API
from pbas.core.migrating import is_behind
from pbas.core.problems import Problem

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
SLUGS = {
    HTTPStatus.UNPROCESSABLE_ENTITY: "invalid-input",
    HTTPStatus.CONFLICT: "conflict",
    HTTPStatus.NOT_FOUND: "not-found",
}
SECONDS_TO_WAIT = "2"


class TooLargeError(exceptions.APIException):
    """The body is larger than this address takes; it was not read."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large."


class NoLengthError(exceptions.APIException):
    """The body came in chunks, without saying how long it is."""

    status_code = HTTPStatus.LENGTH_REQUIRED
    default_detail = "Send the body whole, with its Content-Length; chunks are not taken."


@dataclass
class _Answer:
    status: int
    detail: str
    slug: str = ""
    title: str = ""
    errors: list[dict[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)


_REFUSED: dict[type[Exception], _Answer] = {
    Http404: _Answer(HTTPStatus.NOT_FOUND, "There is nothing at this address.", "not-found"),
    PermissionDenied: _Answer(HTTPStatus.FORBIDDEN, "You may not do that."),
    RequestDataTooBig: _Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large."),
    DisallowedHost: _Answer(HTTPStatus.BAD_REQUEST, "The Host header names none of PBAS_ALLOWED_HOSTS."),
    SuspiciousOperation: _Answer(HTTPStatus.BAD_REQUEST, "The request could not be read."),
}


def problem_answer(exc: Exception, context: dict[str, Any]) -> Response:
    """Answer any exception as application/problem+json; never with its traceback, which goes to the log."""
    request = context["request"]
    answer = _foreseen(exc)
    if answer is None:
        got_request_exception.send(sender=None, request=request)
        logger.error("%s %s failed", request.method, request.path, exc_info=exc)
        answer = _from_bug(exc)
    return Response(_body(answer, request), status=answer.status, headers=answer.headers, content_type=MEDIA_TYPE)


def or_problem(page: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page that says no; below the API a problem in its place, for what fails before one of its views is reached."""

    @wraps(page)
    def answering(request: Any, **given: Any) -> HttpResponse:
        if not request.path.startswith(API):
            return page(request, **given)
        exc = given.get("exception") or sys.exc_info()[1]
        answer = _foreseen(exc) or _from_bug(exc)
        return JsonResponse(
            _body(answer, request), status=answer.status, headers=answer.headers, content_type=MEDIA_TYPE
        )

    return answering


def _body(answer: _Answer, request: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": f"urn:pbas:problem:{answer.slug}" if answer.slug else "about:blank",
        "title": answer.title or HTTPStatus(answer.status).phrase,
        "status": int(answer.status),
        "detail": _sayable(answer.detail),
        "instance": request.path,
    }
    if answer.errors:
        body["errors"] = answer.errors
    return body


def _foreseen(exc: Any) -> _Answer | None:
    return _from_problem(exc) if isinstance(exc, Problem) else _from_framework(exc)


def _from_problem(problem: Problem) -> _Answer:
    """What a service would not do."""
    slug = getattr(problem, "slug", "") or SLUGS[HTTPStatus(problem.status)]
    errors = [_error(tuple(problem.field.split(".")), problem.message)] if problem.field else []
    headers = {"Retry-After": SECONDS_TO_WAIT} if getattr(problem, "retry", False) else {}
    return _Answer(problem.status, problem.message, slug, str(problem.title), errors, headers)


def _from_framework(exc: Exception) -> _Answer | None:
    """What Django and the REST framework refuse by themselves."""
    if isinstance(exc, exceptions.ValidationError):
        errors = list(_flat(exc.detail))
        detail = errors[0]["detail"] if len(errors) == 1 else f"{len(errors)} fields are wrong; `errors` names each."
        return _Answer(HTTPStatus.UNPROCESSABLE_ENTITY, detail, "invalid-input", Problem.title, errors)
    if isinstance(exc, exceptions.APIException):
        headers = {"WWW-Authenticate": exc.auth_header} if hasattr(exc, "auth_header") else {}
        return _Answer(exc.status_code, str(exc.detail), headers=headers)
    return next((answer for kind, answer in _REFUSED.items() if isinstance(exc, kind)), None)


def _from_bug(exc: Any) -> _Answer:
    """What nobody foresaw: told to whoever watches the log, not to the caller."""
    if is_behind(exc):
        detail = "The database is behind this version of the panel: whoever runs it has to call `manage.py migrate`."
        return _Answer(HTTPStatus.INTERNAL_SERVER_ERROR, detail)
    if isinstance(exc, OperationalError | InterfaceError):
        detail = "The database does not answer right now. Nothing was changed; try again."
        return _Answer(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": SECONDS_TO_WAIT})
    detail = "Something went wrong in the panel. Nothing was changed; its log says more."
    return _Answer(HTTPStatus.INTERNAL_SERVER_ERROR, detail)


def _flat(detail: Any, path: tuple[str, ...] = ()) -> Iterator[dict[str, str]]:
    """The framework's nested messages, one by one, each with the path of its field."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _flat(inner, path if name == api_settings.NON_FIELD_ERRORS_KEY else (*path, str(name)))
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            yield from _flat(inner, path if isinstance(inner, str) else (*path, str(index)))
    else:
        yield _error(path, str(detail))


def _error(path: tuple[str, ...], detail: str) -> dict[str, str]:
    steps = (step.replace("~", "~0").replace("/", "~1") for step in path)
    return {"field": _sayable(".".join(path)), "pointer": _sayable("/".join(("#", *steps))), "detail": _sayable(detail)}


def _sayable(text: str) -> str:
    """A message may quote what was sent, even half a character, which cannot be sent back."""
    return text.encode(errors="replace").decode()
