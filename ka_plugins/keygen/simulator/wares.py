"""What the simulated account sells: policies, and entitlements that are policies' own or attached to licenses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DAY: Final = 86400  # seconds, in which policies give their durations


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy; `duration` in seconds, None for licenses that never expire."""

    id: str
    name: str
    duration: int | None
    renewal_basis: str = "FROM_EXPIRY"
    scheme: str | None = None
    use_pool: bool = False
    entitlements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entitlement:
    """One entitlement."""

    id: str
    code: str
    name: str


def _id(kind: int, number: int) -> str:
    return f"{kind:08x}-0000-4000-8000-{number:012x}"


POLICIES: Final = {
    one.id: one
    for one in (
        Policy(_id(1, 1), "Panel, monthly", 30 * DAY),
        Policy(_id(1, 2), "Panel Pro, monthly", 30 * DAY, entitlements=("MAIL_SCANNER",)),
        Policy(_id(1, 3), "Panel, yearly", 365 * DAY, renewal_basis="FROM_NOW_IF_EXPIRED"),
        Policy(_id(1, 4), "Backup agent, perpetual", None),
        Policy(_id(1, 5), "Old keys from a pool", 30 * DAY, use_pool=True),
        Policy(_id(1, 6), "Signed keys", 30 * DAY, scheme="ED25519_SIGN"),
    )
}
ENTITLEMENTS: Final = {
    one.id: one
    for one in (
        Entitlement(_id(2, 1), "MAIL_SCANNER", "Mail scanner"),
        Entitlement(_id(2, 2), "FIREWALL", "Web application firewall"),
        Entitlement(_id(2, 3), "SITE_BUILDER", "Site builder"),
        Entitlement(_id(2, 4), "PRIORITY_SUPPORT", "Priority support"),
    )
}
IDS_OF_CODES: Final = {one.code: one.id for one in ENTITLEMENTS.values()}
