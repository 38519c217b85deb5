"""The API's logins, what their roles allow, and who is calling (KA Partner API 1.0, AuthInfo and roles)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ka_plugins.plesk_ka.simulator.refusals import RefusalError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ka_plugins.simulator.world import World

OWN_CLIENT: Final = "1"
# Both what the role is called and the first password of its login.
ALL, STANDARD, LIMITED = "demo", "standard", "limited"
LOOKS: Final = ("get", "search", "validateLogin")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: his API login, and the client for whom it acts."""

    login: str
    client: str = OWN_CLIENT


class Accounts:
    """Every login's present password."""

    def __init__(self, world: World) -> None:
        self._journal = world.journal
        self._passwords = {name: name for name in (ALL, STANDARD, LIMITED)}

    def caller(self, login: str, password: str, method: str) -> Caller:
        """The one who calls a method with this login. 200, 201."""
        if login not in self._passwords or self._passwords[login] != password:
            raise RefusalError(200)
        if not _may(login, method):
            raise RefusalError(201)
        return Caller(login)

    def new_password(self, login: str) -> str:
        """A password that takes the place of the present one at once."""
        password = secrets.token_hex(8)
        change = {"login": login, "password": password}
        self.replay(change)
        self._journal.write({"dialect": "plesk_ka", "account": change})
        return password

    def replay(self, change: Mapping[str, Any]) -> None:
        """Take over a new password from the journal."""
        self._passwords[change["login"]] = change["password"]


def _may(role: str, method: str) -> bool:
    if role == LIMITED:
        return method.startswith(LOOKS) or method == "addNoteToKey"
    return role == ALL or method != "downgradeKey"
