"""The licenses that this simulated vendor has sold, and how they are found."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ka_plugins.keygen.simulator.refusals import RefusalError, not_found
from ka_plugins.keygen.simulator.wares import ENTITLEMENTS, POLICIES, Policy
from ka_plugins.simulator.books import Book, Sold

if TYPE_CHECKING:
    from ka_plugins.simulator.world import World

SHORTEST_KEY: Final = 6
# With or without hyphens: whatever looks so is looked up as an ID, never as a key.
UUID: Final = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)


@dataclass(slots=True)
class SoldLicense(Sold):
    """One license. A deleted one is gone for the vendor and stays in the ledger; `entitlements` are IDs."""

    TIMES: ClassVar = ("created", "updated", "expiry")

    id: str
    key: str
    name: str
    policy: str
    created: datetime
    updated: datetime
    expiry: datetime | None
    entitlements: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    suspended: bool = False
    banned: bool = False
    deleted: bool = False

    def all_entitlements(self) -> list[str]:
        """The IDs of its own entitlements and of its policy's."""
        own = [one.id for one in ENTITLEMENTS.values() if one.code in POLICIES[self.policy].entitlements]
        return [*own, *self.entitlements]

    def status(self, now: datetime) -> str:
        """In the vendor's words."""
        if self.banned:
            return "BANNED"
        if self.suspended:
            return "SUSPENDED"
        return "EXPIRED" if self.expiry is not None and self.expiry <= now else "ACTIVE"


class Shop(Book[SoldLicense]):
    """All sold licenses of the account."""

    vendor = "keygen"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._licenses: dict[str, SoldLicense] = {}
        self._by_key: dict[str, str] = {}

    def ledger(self) -> list[SoldLicense]:
        """Every license ever sold, oldest first, the deleted included."""
        return list(self._licenses.values())

    def all(self) -> list[SoldLicense]:
        """Every license that the vendor has, the newest first."""
        return [one for one in reversed(self._licenses.values()) if not one.deleted]

    def find(self, alias: str) -> SoldLicense:
        """By ID or key; 404."""
        identity = str(uuid.UUID(alias)) if UUID.fullmatch(alias) else self._by_key.get(alias, "")
        license_ = self._licenses.get(identity)
        if license_ is None or license_.deleted:
            raise not_found("license", alias)
        return license_

    def add(self, policy: Policy, key: str, name: str) -> SoldLicense:
        """Sell one license. 422 for a key that is there already or too short."""
        pointer = "/data/attributes/key"
        if key in self._by_key and not self._licenses[self._by_key[key]].deleted:
            raise RefusalError(422, "KEY_TAKEN", "has already been taken", pointer)
        if len(key) < SHORTEST_KEY:
            raise RefusalError(422, "KEY_TOO_SHORT", f"is too short (minimum is {SHORTEST_KEY} characters)", pointer)
        now = self.now()
        expiry = None if policy.duration is None else now + timedelta(seconds=policy.duration)
        license_ = SoldLicense(str(uuid.uuid4()), key, name, policy.id, now, now, expiry)
        self.keep(license_)
        return license_

    def keep(self, sold: SoldLicense) -> None:
        """Make a new or changed license permanent."""
        sold.updated = self.now()
        super().keep(sold)

    def replay(self, sold: SoldLicense) -> None:
        """Take a license into the indexes."""
        self._licenses[sold.id] = sold
        self._by_key[sold.key] = sold.id
