"""The keys that this simulated vendor has sold, and how they are found."""

from __future__ import annotations

import dataclasses
import secrets
import string
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from ka_plugins.plesk_ka3.simulator.refusals import RefusalError
from ka_plugins.plesk_ka3.wares import ADDITIONS, BASES, Ware

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ka_plugins.simulator.world import World

TERM: Final = timedelta(days=30)
GRACE: Final = timedelta(days=10)  # expiration is update plus this
SIGNS: Final = string.ascii_uppercase + string.digits
TIMES: Final = ("created", "modified", "update", "expiration")
ACTIVATIONS: Final = 5  # a month


@dataclass(slots=True)
class SoldKey:
    """One key. `id` is its identity, the revision grows with each change; `parent` 0: it stands alone."""

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

    def as_json(self) -> dict[str, Any]:
        """All of it, with times as text."""
        return {**dataclasses.asdict(self), **{name: getattr(self, name).isoformat() for name in TIMES}}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> SoldKey:
        """The reverse of `as_json`."""
        return cls(**{**content, **{name: datetime.fromisoformat(content[name]) for name in TIMES}})


def midnight(moment: datetime) -> datetime:
    """Update and expiration dates are whole days."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(slots=True)
class Shop:
    """All sold keys of the vendor. Everything asks with the owner that the login belongs to."""

    world: World
    _keys: dict[int, SoldKey] = field(default_factory=dict)
    _codes: dict[str, int] = field(default_factory=dict)
    _nicknames: dict[str, dict[int, None]] = field(default_factory=dict)
    _parents: dict[int, dict[int, None]] = field(default_factory=dict)

    def now(self) -> datetime:
        """The vendor's time."""
        return self.world.clock.now()

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
            activation_code=_code(),
        )

    def keep(self, key: SoldKey) -> None:
        """Make a new or changed key permanent."""
        self.replay(key)
        if self.world.journal.kept:
            self.world.journal.write({"dialect": "plesk_ka3", "key": key.as_json()})

    def replay(self, key: SoldKey) -> None:
        """Take a key into the indexes."""
        self._keys[key.id] = key
        self._codes[key.activation_code] = key.id
        self._nicknames.setdefault(key.nickname, {})[key.id] = None
        self._parents.setdefault(key.parent, {})[key.id] = None

    def _free(self) -> int:
        while (key_id := 10_000_000 + secrets.randbelow(90_000_000)) in self._keys or str(key_id) == FOREIGN:
            continue
        return key_id


def _code() -> str:
    signs = "A" + "".join(SIGNS[octet % len(SIGNS)] for octet in secrets.token_bytes(29))
    return "-".join(signs[start : start + 6] for start in range(0, 30, 6))


TERMINATED: Final = "24204"
FOREIGN: Final = "10000002"  # somebody else's key, so that "access is denied" can be met
