"""The licenses that this simulated vendor has sold, and how they are found."""

from __future__ import annotations

import dataclasses
import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from ka_plugins.keygen.simulator.refusals import RefusalError, not_found
from ka_plugins.keygen.simulator.wares import ENTITLEMENTS, POLICIES, Policy

if TYPE_CHECKING:
    from ka_plugins.simulator.world import World

SHORTEST_KEY: Final = 6
# With or without hyphens: whatever looks so is looked up as an ID, never as a key.
UUID: Final = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
TIMES: Final = ("created", "updated", "expiry")


@dataclass(slots=True)
class SoldLicense:
    """One license. A deleted one is gone for the vendor and stays in the ledger; `entitlements` are IDs."""

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

    def as_json(self) -> dict[str, Any]:
        """All of it, with times as text."""
        content = dataclasses.asdict(self)
        return {**content, **{name: content[name] and content[name].isoformat() for name in TIMES}}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> SoldLicense:
        """The reverse of `as_json`."""
        times = {name: content[name] and datetime.fromisoformat(content[name]) for name in TIMES}
        return cls(**{**content, **times})


class Shop:
    """All sold licenses of the account."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._licenses: dict[str, SoldLicense] = {}
        self._by_key: dict[str, str] = {}

    def now(self) -> datetime:
        """The vendor's time."""
        return self._world.clock.now()

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

    def keep(self, license_: SoldLicense) -> None:
        """Make a new or changed license permanent."""
        license_.updated = self.now()
        self.replay(license_)
        if self._world.journal.kept:
            self._world.journal.write({"dialect": "keygen", "license": license_.as_json()})

    def replay(self, license_: SoldLicense) -> None:
        """Take a license into the indexes."""
        self._licenses[license_.id] = license_
        self._by_key[license_.key] = license_.id
