"""Who may call what: the API asks the same table as the pages."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from pbas.core.access import is_allowed


class HasRight(BasePermission):
    """The rights of the token's user, or of who is signed in."""

    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002 (the framework's)
        """Whether he may do this at this address."""
        match = request.resolver_match
        return match is not None and is_allowed(request.user, match.view_name, request.method or "GET")
