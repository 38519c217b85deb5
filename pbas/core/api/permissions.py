"""Who may call what: the API asks the same table as the pages."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from pbas.core.access import is_allowed, need_of
from pbas.core.rights import SELL, rights_of


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


def comes_as_store(request: Request) -> bool:
    """Whether the right to sell alone opens this address to him: a store's program, not one of the provider's."""
    match = request.resolver_match
    return match is not None and rights_of(request.user) & need_of(match.view_name, request.method or "GET") == {SELL}
