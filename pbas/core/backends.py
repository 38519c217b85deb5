"""Who signs in, by name or by e-mail, and who he is on each page after that."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User

from pbas.core import prepared


class ByName(ModelBackend):
    """Django's own, but for a statement that is kept: each page asks who its reader is."""

    def get_user(self, user_id: Any) -> User | None:
        """The person of a session; None where he is gone or switched off. One statement."""
        found = prepared.instances(User, "reader", "WHERE id = %s", [user_id])
        return found[0] if found and self.user_can_authenticate(found[0]) else None


class ByMail(ByName, AuthenticationBackend):  # type: ignore[misc] # allauth has no types
    """That of allauth's pages."""
