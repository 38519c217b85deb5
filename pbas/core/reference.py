"""Each answer has a reference, which also stands in every line that the log has of it: people quote it."""

import logging
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

HEADER = "X-Request-ID"
_current: ContextVar[str] = ContextVar("reference", default="-")


class ReferenceMiddleware:
    """Gives each request its reference, before anything can fail."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self._get_response = get_response

    def __call__(self, request: Any) -> Any:
        """Answer, with the reference in the header X-Request-ID."""
        request.reference = secrets.token_hex(4)
        before = _current.set(request.reference)
        try:
            answer = self._get_response(request)
        finally:
            _current.reset(before)
        answer[HEADER] = request.reference
        return answer


class ReferenceFilter(logging.Filter):
    """Writes the reference of what is being answered into each line of the log; "-" outside of requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the line, with its reference."""
        record.reference = _current.get()
        return True


def reference_of(request: Any) -> str:
    """The reference of a request."""
    return str(getattr(request, "reference", "-"))
