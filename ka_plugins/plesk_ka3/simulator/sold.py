"""The keys that this simulated vendor has sold, and how they are found."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ka_plugins.plesk_ka3.simulator.refusals import RefusalError
from ka_plugins.plesk_ka3.wares import ADDITIONS, BASES, Ware
from ka_plugins.simulator.books import Book, Sold, activation_code, midnight

if TYPE_CHECKING:
    from ka_plugins.simulator.world import World

TERM: Final = timedelta(days=30)
GRACE: Final = timedelta(days=10)  # expiration is update plus this
ACTIVATIONS: Final = 5  # a month


@dataclass(slots=True)
class SoldKey(Sold):
    """One key. `id` is its identity, the revision grows with each change; `parent` 0: it stands alone."""

    TIMES: ClassVar = ("created", "modified", "update", "expiration")

    id: int
    owner: str
    items: list[dict[str, Any]]
    created: datetime
    modified: datetime
    update: datetime
    expiration: datetime
    parent: int = 0
    revision: int = 1
    activation_code: str = ""
    nickname: str = ""
    bound: str = ""
    restricted: bool = False
    uid: str = ""
    configuration: int = 0
    auto_renew: bool = True
    suspended: bool = False
    terminated: bool = False
    activations: int = ACTIVATIONS
    renewals: int = 0

    @property
    def constants(self) -> list[str]:
        """What it consists of."""
        return [str(one["item"]) for one in self.items]

    @property
    def code(self) -> str:
        """The constant that says what kind of key it is."""
        return next((one for one in self.constants if one in BASES or one in ADDITIONS), self.constants[0])

    @property
    def ware(self) -> Ware:
        """What is known of it."""
        return BASES.get(self.code) or ADDITIONS[self.code]

    @property
    def number(self) -> str:
        """The key number with its revision."""
        return f"{self.base}.{self.revision:04}"

    @property
    def base(self) -> str:
        """The key number without its revision."""
        return f"{self.ware.prefix}.{self.id:08}"

    def status(self, now: datetime) -> str:
        """The vendor's word for how it stands."""
        if self.terminated:
            return "TERMINATED"
        if self.suspended:
            return "SUSPENDED"
        return "EXPIRED" if self.expiration <= now else "EXPIRING" if self.update <= now else "ACTIVE"


class Shop(Book[SoldKey]):
    """All sold keys of the vendor. Everything asks with the owner that the login belongs to."""

    vendor, word = "plesk_ka3", "key"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._keys: dict[int, SoldKey] = {}
        self._codes: dict[str, int] = {}
        self._nicknames: dict[str, dict[int, None]] = {}
        self._parents: dict[int, dict[int, None]] = {}

    def all(self) -> list[SoldKey]:
        """Every key, oldest first."""
        return list(self._keys.values())

    def named(self, nickname: str) -> list[SoldKey]:
        """The keys of a nickname."""
        return [key for one in self._nicknames.get(nickname, ()) if (key := self._keys[one]).nickname == nickname]

    def children(self, key: SoldKey) -> list[SoldKey]:
        """The keys attached to this one."""
        return [one for child in self._parents.get(key.id, ()) if (one := self._keys[child]).parent == key.id]

    def find(self, written: str) -> SoldKey:
        """By id or activation code. 404; 403 for somebody else's."""
        key = self.known(written)
        if written == FOREIGN:
            raise RefusalError(403, "Access to this object is denied")
        if key is None:
            raise RefusalError(404, f"Key {written} is not found")
        return key

    def known(self, written: str) -> SoldKey | None:
        """The same without complaint."""
        return self._keys.get(int(written) if written.isdecimal() else self._codes.get(written, 0))

    def living(self, written: str) -> SoldKey:
        """The same for what a termination forbids (24204)."""
        key = self.find(written)
        if key.terminated:
            raise RefusalError(400, f"Key {key.number} is terminated", TERMINATED)
        return key

    def add(self, items: list[dict[str, Any]], owner: str) -> SoldKey:
        """Sell one key; the caller keeps it once it is complete."""
        now = self.now()
        update = midnight(now) + TERM
        return SoldKey(
            id=self._free(),
            owner=owner,
            items=items,
            created=now,
            modified=now,
            update=update,
            expiration=update + GRACE,
            activation_code=activation_code(),
        )

    def replay(self, sold: SoldKey) -> None:
        """Take a key into the indexes."""
        self._keys[sold.id] = sold
        self._codes[sold.activation_code] = sold.id
        self._nicknames.setdefault(sold.nickname, {})[sold.id] = None
        self._parents.setdefault(sold.parent, {})[sold.id] = None

    def _free(self) -> int:
        while (key_id := 10_000_000 + secrets.randbelow(90_000_000)) in self._keys or str(key_id) == FOREIGN:
            continue
        return key_id


TERMINATED: Final = "24204"
FOREIGN: Final = "10000002"  # somebody else's key, so that "access is denied" can be met
