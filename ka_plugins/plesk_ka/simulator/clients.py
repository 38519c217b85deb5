"""The clients of the API's account (KA Partner API 1.0: ClientInfo, ClientSearchInfo, createClient, searchClients)."""

from __future__ import annotations

import re
import secrets
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ka_plugins.plesk_ka.simulator import parameters as read
from ka_plugins.plesk_ka.simulator.accounts import OWN_CLIENT
from ka_plugins.plesk_ka.simulator.refusals import RefusalError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ka_plugins.simulator.world import World

FOREIGN_CLIENT: Final = "2"
FIRST_MADE: Final = 1000  # far from small numbers, which stay free for clients that there are not
ANYTHING: Final = re.compile(r"(?s).+")
EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
TWO_LETTERS: Final = re.compile(r"[A-Za-z]{2}")
US_ZIP: Final = re.compile(r"[0-9]{5}(-[0-9]{4})?")
NO_SEARCH: Final = 451


class ClientField(NamedTuple):
    """A member of ClientInfo: its code when it is bad, the characters that it may have, and whether it must be there.

    The order is the documentation's, in which the codes run from 431 to 444.
    """

    code: int
    longest: int
    required: bool = True
    shape: re.Pattern[str] = ANYTHING


FIELDS: Final = {
    "login": ClientField(431, 32, required=False),
    "password": ClientField(432, 32, required=False),
    "firstName": ClientField(433, 64),
    "lastName": ClientField(434, 64),
    "company": ClientField(435, 64),
    "address": ClientField(436, 256),
    "email": ClientField(437, 256, shape=EMAIL),
    "phone": ClientField(438, 128),
    "fax": ClientField(439, 128, required=False),
    "city": ClientField(440, 64),
    "zip": ClientField(441, 16),
    "state": ClientField(442, 32),
    "country": ClientField(443, 2, shape=TWO_LETTERS),
    "language": ClientField(444, 2, required=False, shape=TWO_LETTERS),
    "email_language": ClientField(444, 2, required=False, shape=TWO_LETTERS),
}
# What can be searched for: the member of ClientInfo that it is compared with, and its code when it is too long.
SEARCHED: Final = {
    "firstName": ("firstName", 447),
    "lastName": ("lastName", 448),
    "companyName": ("company", 449),
    "email": ("email", 450),
}


@dataclass(slots=True)
class Client:
    """One client; `reseller` is the number of the one who made him. His password is told once and not kept."""

    number: str
    login: str
    reseller: str = ""
    told: dict[str, str] = field(default_factory=dict)


class Clients:
    """All clients, by number."""

    def __init__(self, world: World) -> None:
        self._journal = world.journal
        self._clients = {
            OWN_CLIENT: Client(OWN_CLIENT, "demo", told={"email": "demo@reseller.example"}),
            FOREIGN_CLIENT: Client(FOREIGN_CLIENT, "stranger", told={"email": "stranger@elsewhere.example"}),
        }

    def __getitem__(self, number: str) -> Client:
        return self._clients[number]

    def reaches(self, client: str, owner: str) -> bool:
        """Whether a client may touch what belongs to the other: his own things, and those of clients he made."""
        return client == owner or self._clients[owner].reseller == client

    def named(self, name: str, *, client: str) -> str:
        """The number of a client of this one, by number or login. 250."""
        for one in self._clients.values():
            if name in {one.number, one.login} and self.reaches(client, one.number):
                return one.number
        raise RefusalError(250, name)

    def create(self, info: Any, *, reseller: str) -> tuple[Client, str]:
        """A new client and his password, both made up where they are not given. 251, 431-444."""
        told = _checked(read.struct(info))
        number = str(FIRST_MADE + len(self._clients))
        password = told.pop("password", "") or secrets.token_hex(8)
        login = told.pop("login", "") or f"client{number}"
        if any(one.login == login for one in self._clients.values()):
            raise RefusalError(251, login)
        client = Client(number, login, reseller, told)
        self.replay(asdict(client))
        self._journal.write({"dialect": "plesk_ka", "client": asdict(client)})
        return client, password

    def search(self, wanted: Mapping[str, Any], *, client: str) -> list[Client]:
        """The clients of this one who have every text somewhere in its field, whatever its case. 447-451."""
        asked = {name: text for name in SEARCHED if (text := read.text(wanted.get(name, "")))}
        for name, text in asked.items():
            member, code = SEARCHED[name]
            if len(text) > FIELDS[member].longest:
                raise RefusalError(code)
        if not asked and not read.text(wanted.get("keyNumber", "")):
            raise RefusalError(NO_SEARCH)
        return [
            one
            for one in self._clients.values()
            if self.reaches(client, one.number)
            and all(text.lower() in one.told.get(SEARCHED[name][0], "").lower() for name, text in asked.items())
        ]

    def replay(self, change: Mapping[str, Any]) -> None:
        """Take a client over."""
        self._clients[change["number"]] = Client(**change)


def _checked(info: dict[str, Any]) -> dict[str, str]:
    told = {name: read.text(info.get(name, "")) for name in FIELDS}
    for name, known in FIELDS.items():
        shape = US_ZIP if name == "zip" and told["country"].upper() == "US" else known.shape
        right = len(told[name]) <= known.longest and shape.fullmatch(told[name])
        if not right if told[name] else known.required:
            raise RefusalError(known.code, name)
    return {name: text for name, text in told.items() if text}
