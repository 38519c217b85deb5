"""Resources as the vendor writes them (Keygen API 1, objects), and the signed license file."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ka_plugins.keygen.simulator.wares import ENTITLEMENTS, Entitlement, Policy
from ka_plugins.simulator.dialect import Sale

if TYPE_CHECKING:
    from datetime import datetime

    from ka_plugins.keygen.simulator.sold import SoldLicense

MARKER: Final = "SIMULATED, NOT A LICENSE"
# Everybody can make this key, so nothing that it signs is worth anything.
SIGNING_KEY: Final = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(MARKER.encode()).digest())
PUBLIC_KEY: Final = SIGNING_KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


def describe_license(license_: SoldLicense, now: datetime) -> dict[str, Any]:
    """A license resource."""
    attributes = {
        "name": license_.name,
        "key": license_.key,
        "expiry": _time(license_.expiry),
        "status": license_.status(now),
        "suspended": license_.suspended,
        "metadata": license_.metadata,
        "created": _time(license_.created),
        "updated": _time(license_.updated),
    }
    policy = {"data": {"type": "policies", "id": license_.policy}}
    return {"id": license_.id, "type": "licenses", "attributes": attributes, "relationships": {"policy": policy}}


def describe_policy(policy: Policy) -> dict[str, Any]:
    """A policy resource."""
    attributes = {
        "name": policy.name,
        "duration": policy.duration,
        "renewalBasis": policy.renewal_basis,
        "scheme": policy.scheme,
        "encrypted": False,
        "usePool": policy.use_pool,
    }
    return {"id": policy.id, "type": "policies", "attributes": attributes}


def describe_entitlement(entitlement: Entitlement) -> dict[str, Any]:
    """An entitlement resource."""
    attributes = {"name": entitlement.name, "code": entitlement.code}
    return {"id": entitlement.id, "type": "entitlements", "attributes": attributes}


def check_out(license_: SoldLicense, now: datetime, ttl: int | None) -> dict[str, Any]:
    """A license-file resource. Unlike the vendor's it is dated by the license's last change: same state, same bytes."""
    meta = {"issued": _time(license_.updated), "ttl": ttl, "marker": MARKER}
    included = [describe_entitlement(ENTITLEMENTS[one]) for one in license_.all_entitlements()]
    content = {"data": describe_license(license_, now), "included": included, "meta": meta}
    encoded = base64.b64encode(json.dumps(content).encode()).decode()
    signature = base64.b64encode(SIGNING_KEY.sign(f"license/{encoded}".encode())).decode()
    parts = {"enc": encoded, "sig": signature, "alg": "base64+ed25519"}
    lines = base64.encodebytes(json.dumps(parts).encode()).decode()
    certificate = f"-----BEGIN LICENSE FILE-----\n{lines}-----END LICENSE FILE-----\n"
    attributes = {"certificate": certificate, "algorithm": parts["alg"], "ttl": ttl, "issued": meta["issued"]}
    return {"id": license_.id, "type": "license-files", "attributes": attributes}


def for_ledger(license_: SoldLicense) -> Sale:
    """One line of the simulator's own ledger."""
    return Sale(
        vendor="keygen",
        id=license_.id,
        number=license_.key,
        notes=[license_.name],
        type=license_.policy,
        time=license_.created.isoformat(),
        expires=license_.expiry.isoformat() if license_.expiry else "",
        features=[ENTITLEMENTS[one].code for one in license_.entitlements],
        terminated=license_.deleted,
        suspended=license_.suspended,
        problem=license_.banned,
    )
