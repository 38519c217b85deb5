"""How people sign in: accounts are made for them, nobody signs up by himself; where each of them begins."""

import time
from base64 import b64decode, b64encode
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import default_token_generator
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse

from pbas.core.crypto import keyring

_CONTEXT = "second factor"


def is_fresh(request: Any) -> bool:
    """Whether this person signed in, or confirmed that it is he, within ACCOUNT_REAUTHENTICATION_TIMEOUT."""
    newest = max((record["at"] for record in get_authentication_records(request, request.user)), default=0.0)
    return bool(time.time() - newest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth has no types
    """Sign-up is closed."""

    def is_open_for_signup(self, _request: Any) -> bool:
        """Refuse: accounts of the panel are made on its staff pages, and on a customer's order page."""
        return False

    def get_login_redirect_url(self, request: Any) -> str:
        """The staff begins at the dashboard, a customer at his own page."""
        return reverse(settings.HOME if request.user.is_staff else settings.CUSTOMER_HOME)

    def get_password_change_redirect_url(self, request: Any) -> str:
        """As after the login."""
        return self.get_login_redirect_url(request)

    def is_reauthentication_required(self, *, app: str) -> bool:  # noqa: ARG002 (allauth's)
        """A fresh login is enough; it need not be confirmed at once."""
        return not is_fresh(self.request)


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc] # allauth has no types
    """What a second factor is made of is encrypted like all secrets."""

    def encrypt(self, text: str) -> str:
        """Seal a secret of an authenticator."""
        return b64encode(keyring().seal(text.encode(), _CONTEXT)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open it again; raises CannotDecryptError."""
        return keyring().open(b64decode(encrypted_text), _CONTEXT).decode()


def password_link(user: User) -> str:
    """The path at which this person chooses a password: good once, for PASSWORD_RESET_TIMEOUT."""
    key = default_token_generator.make_token(user)
    return reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})
