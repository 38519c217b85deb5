"""The keys that this simulated vendor has sold, and how they are found."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from ka_plugins.plesk_ka.simulator.accounts import Accounts
from ka_plugins.plesk_ka.simulator.clients import FOREIGN_CLIENT, Clients
from ka_plugins.plesk_ka.simulator.refusals import RefusalError
from ka_plugins.plesk_ka.wares import ADDITIONS, BASE_TYPES
from ka_plugins.simulator.books import Book, Sold, activation_code, midnight

if TYPE_CHECKING:
    from ka_plugins.simulator.world import World

TERM: Final = timedelta(days=30)
SUS_TERM: Final = timedelta(days=365)
GRACE: Final = timedelta(days=10)  # expiration is update plus this
KEY: Final = re.compile(r"([A-Z][A-Z0-9]*\.[0-9]{8})(?:\.[0-9]{4})?")
CODE: Final = re.compile(r"A[0-9A-Z]{5}(?:-[0-9A-Z]{6}){4}")
MAIN, ADDITIONAL = "MAIN", "ADDITIONAL"


@dataclass(slots=True)
class SoldKey(Sold):
    """One key. `base` is its identity, the revision grows with each change; `key_type` "": a feature pack's child."""

    TIMES: ClassVar = ("created", "update", "expiration")

    base: str
    key_type: str
    label: str
    family: str
    type: str
    client: str
    created: datetime
    expiration: datetime
    update: datetime | None = None
    activation_code: str = ""
    revision: int = 1
    parent: str = ""
    billing: str = "LEASE"
    addresses: list[str] = field(default_factory=list)
    bound: str = ""
    features: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    guid: str = ""
    hwid: str = ""
    activated: bool = True
    mailed: list[str] = field(default_factory=list)
    terminated: bool = False
    problem: bool = False
    renewals: int = 0

    @property
    def number(self) -> str:
        """The key number with its revision."""
        return f"{self.base}.{self.revision:04}"

    @property
    def sus(self) -> datetime | None:
        """Until when a purchased key has its software upgrade service; leased keys have it in the lease."""
        return midnight(self.created) + SUS_TERM if self.billing == "PURCHASE" else None


class Shop(Book[SoldKey]):
    """All sold keys of the vendor, with the indexes that his look-ups need."""

    vendor, word = "plesk_ka", "key"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.accounts, self.clients = Accounts(world), Clients(world)
        self._keys: dict[str, SoldKey] = {}
        self._by_code: dict[str, str] = {}
        self._by_address: dict[str, list[str]] = {}
        self._by_bound: dict[str, str] = {}
        self._by_parent: dict[str, list[str]] = {}
        self.replay(_FOREIGN)

    def all(self) -> list[SoldKey]:
        """Every key, oldest first, but the one that was never sold here."""
        return [key for key in self._keys.values() if key.base != _FOREIGN.base]

    def find(self, written: str, *, client: str) -> SoldKey:
        """By number with or without revision, or by activation code. 410, 220, 202."""
        name = written.upper()
        match = KEY.fullmatch(name)
        if match is None and CODE.fullmatch(name) is None:
            raise RefusalError(410, written)
        key = self._keys.get(match[1] if match else self._by_code.get(name, ""))
        if key is None:
            raise RefusalError(220, written)
        if not self.clients.reaches(client, key.client):
            raise RefusalError(202)
        return key

    def living(self, written: str, *, client: str) -> SoldKey:
        """The same, for calls that a problem (221) or a termination (222) forbids."""
        key = self.find(written, client=client)
        if key.terminated:
            raise RefusalError(222, key.number)
        if key.problem:
            raise RefusalError(221, key.number)
        return key

    def children(self, key: SoldKey) -> list[SoldKey]:
        """The keys attached to this one."""
        return [self._keys[base] for base in self._by_parent.get(key.base, []) if self._keys[base].parent == key.base]

    def created_for(self, addresses: list[str]) -> list[SoldKey]:
        """Keys that were made for one of these addresses or are bound to one, the terminated included."""
        bases = [base for one in addresses for base in self._by_address.get(one, [])]
        bases += [key.base for one in addresses if (key := self.bound_to(one))]
        return [self._keys[base] for base in dict.fromkeys(bases)]

    def bound_to(self, address: str) -> SoldKey | None:
        """The key that is bound to the address now."""
        key = self._keys.get(self._by_bound.get(address, ""))
        return key if key is not None and key.bound == address else None

    def add(self, key_type: str, *, client: str, addresses: list[str], billing: str, parent: str = "") -> SoldKey:
        """Sell one key; the caller keeps it once it is complete. "purchase" has no update date."""
        name, label, family, prefix = _ware(key_type)
        now = self.now()
        update = midnight(now) + TERM
        return SoldKey(
            base=self._free(prefix),
            key_type=name,
            label=label,
            family=family,
            type=MAIN if key_type in BASE_TYPES else ADDITIONAL,
            client=client,
            created=now,
            update=None if billing == "PURCHASE" else update,
            expiration=update + GRACE,
            activation_code=activation_code(),
            billing=billing,
            addresses=addresses,
            parent=parent,
        )

    def replay(self, sold: SoldKey) -> None:
        """Take a key into the indexes."""
        if sold.base not in self._keys:
            for address in dict.fromkeys(sold.addresses):
                self._by_address.setdefault(address, []).append(sold.base)
        self._keys[sold.base] = sold
        self._by_code[sold.activation_code] = sold.base
        if sold.bound:
            self._by_bound[sold.bound] = sold.base
        attached = self._by_parent.setdefault(sold.parent, []) if sold.parent else None
        if attached is not None and sold.base not in attached:
            attached.append(sold.base)

    def _free(self, prefix: str) -> str:
        while (base := f"{prefix}.{secrets.randbelow(10**8):08}") in self._keys:
            continue
        return base


def _ware(key_type: str) -> tuple[str, str, str, str]:
    """Type name, display name, product family and key prefix. A feature pack's children have no type name."""
    if key_type in _PACKED:
        return ("", *_PACKED[key_type])
    ware = BASE_TYPES.get(key_type) or ADDITIONS[key_type]
    return key_type, ware.label, ware.family, ware.prefix


# What a power pack brings along: label, family, prefix.
KAV_IN_PACK, APS_IN_PACK = "kav in a pack", "aps in a pack"
_PACKED: Final = {
    KAV_IN_PACK: ("Kaspersky antivirus in a power pack", "kav", "KAV"),
    APS_IN_PACK: ("Application pack in a power pack", "aps", "APS"),
}
# Somebody else's key, so that "access to this object is denied" and "bound to the address" can be met.
_FOREIGN: Final = SoldKey(
    base="PLSK.00000002",
    key_type="PLESK_8",
    label="Plesk 8",
    family="plesk",
    type=MAIN,
    client=FOREIGN_CLIENT,
    bound="203.0.113.2",
    created=datetime.fromisoformat("2020-01-01T00:00:00+00:00"),
    expiration=datetime.fromisoformat("2020-02-10T00:00:00+00:00"),
)
