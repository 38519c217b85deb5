"""Who may call what: the API asks the same table as the pages."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from pbas.core.access import is_allowed


class HasRight(BasePermission):
    """The rights of the token's user, or of who is signed in."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether he may do this at this address; what the address cannot do at all is told apart later, by 405."""
        method = request.method or "GET"
        match = request.resolver_match
        if match is None:
            return False
        if not hasattr(view, method.lower()):
            return is_allowed(request.user, match.view_name, "GET") or is_allowed(request.user, match.view_name, "POST")
        return is_allowed(request.user, match.view_name, method)
