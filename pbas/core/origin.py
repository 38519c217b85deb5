"""From where what is being answered was asked: the address that stands in the events of it."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied

_current: ContextVar[Any] = ContextVar("origin", default=None)


class OriginMiddleware:
    """Keeps the request at hand while it is answered."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self._get_response = get_response

    def __call__(self, request: Any) -> Any:
        """Answer; `caller_address` knows the caller meanwhile."""
        before = _current.set(request)
        try:
            return self._get_response(request)
        finally:
            _current.reset(before)


def caller_address() -> str | None:
    """The address of who asked, behind proxies as PBAS_TRUSTED_PROXIES says; None outside of requests."""
    request = _current.get()
    if request is None:
        return None
    try:
        return str(get_adapter(request).get_client_ip(request))
    except PermissionDenied:  # there is none, as over a socket of this machine
        return None
