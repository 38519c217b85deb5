"""How people sign in: staff are made by the administrator, nobody signs up by himself."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth has no types
    """Sign-up is closed."""

    def is_open_for_signup(self, _request: Any) -> bool:
        """Refuse: accounts of the panel are made in the back office."""
        return False
