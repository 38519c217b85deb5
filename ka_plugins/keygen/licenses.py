"""License keys that we choose, and licenses as the vendor describes them (Keygen API 1, licenses and policies)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from ka_plugins.contract import Key, KeyStatus, RefusedError

if TYPE_CHECKING:
    from ka_plugins.keygen.wire import Resource

HINT: Final = "ABC234-DEF567-GHJ234-KLM567-NPQ234"
SIGNS, GROUP = 30, 6  # 150 bits, written in groups
STATUSES: Final = {
    "SUSPENDED": KeyStatus.SUSPENDED,
    "EXPIRED": KeyStatus.EXPIRED,
    "BANNED": KeyStatus.PROBLEM,
}
FROM_NOW, FROM_NOW_IF_EXPIRED = "FROM_NOW", "FROM_NOW_IF_EXPIRED"


def key_for(reference: str, secret: str) -> str:
    """The license key of an order: always the same, and nobody finds it who knows the reference only.

    In groups, because whatever looks like a UUID, as our references do, would be taken for a license's ID.
    """
    digest = hmac.digest(secret.encode(), reference.encode(), hashlib.sha256)
    signs = base64.b32encode(digest).decode()[:SIGNS]
    return "-".join(signs[start : start + GROUP] for start in range(0, SIGNS, GROUP))


def read_license(license_: Resource, features: tuple[str, ...] = ()) -> Key:
    """A license with its dates and state; a policy without a duration makes licenses that never expire."""
    return Key(
        number=license_.text("key"),
        class_code=license_.related("policy"),
        created_at=license_.time("created"),
        expires_at=license_.time("expiry"),
        renew_at=license_.time("expiry"),
        features=features,
        status=STATUSES.get(license_.text("status"), KeyStatus.ACTIVE),
    )


def can_settle(policy: Resource) -> bool:
    """Whether licenses of a policy get the key that we choose: only then a lost answer can be settled.

    Pooled keys are the vendor's, legacy encrypted ones are his too, and a scheme wraps ours into another.
    """
    return not (policy.flag("usePool") or policy.flag("encrypted") or policy.text("scheme"))


def renewed_expiry(license_: Resource, policy: Resource, *, now: datetime | None = None) -> datetime:
    """When a license ends once it is renewed, by its policy's `duration` (seconds) and `renewalBasis`. RefusedError."""
    expiry, seconds = license_.time("expiry"), policy.number("duration")
    if expiry is None or seconds is None:
        raise RefusedError("A license that never expires cannot be renewed.")
    moment, basis = now or datetime.now(UTC), policy.text("renewalBasis")
    from_now = basis == FROM_NOW or (basis == FROM_NOW_IF_EXPIRED and expiry < moment)
    return (moment if from_now else expiry) + timedelta(seconds=seconds)
