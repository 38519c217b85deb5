"""Licenses and their files as the issuer writes them (HTTP issuer protocol 1, "Objects")."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

from ka_plugins.simulator.dialect import Sale

if TYPE_CHECKING:
    from datetime import datetime

    from ka_plugins.http_issuer.simulator.sold import Shop, SoldLicense


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def describe(shop: Shop, license_: SoldLicense) -> dict[str, Any]:
    """A license object with its additional ones."""
    return {
        "number": license_.number,
        "class": license_.class_code,
        "state": license_.state(shop.now()),
        "reference": license_.reference or None,
        "activation_code": license_.activation_code,
        "created_at": _time(license_.created),
        "renew_at": _time(license_.renew),
        "expires_at": _time(license_.expires),
        "features": list(license_.features),
        "address": license_.address,
        "additional": [describe(shop, one) for one in shop.children(license_)],
    }


def license_file(license_: SoldLicense) -> dict[str, str]:
    """A file object; the same bytes for the same revision."""
    content = {
        "marker": "SIMULATED, NOT A LICENSE",
        "number": license_.number,
        "revision": license_.revision,
        "class": license_.class_code,
        "features": license_.features,
        "expires_at": _time(license_.expires),
    }
    body = json.dumps(content, indent=1).encode() + b"\n"
    return {
        "name": f"{license_.number}.json",
        "sha256": hashlib.sha256(body).hexdigest(),
        "content": base64.b64encode(body).decode(),
    }


def for_ledger(license_: SoldLicense) -> Sale:
    """One line of the simulator's own ledger."""
    return Sale(
        vendor="http_issuer",
        number=license_.number,
        type=license_.class_code,
        reference=license_.reference,
        parent=license_.parent,
        time=license_.created.isoformat(),
        expires=license_.expires.isoformat() if license_.expires else "",
        features=list(license_.features),
        addresses=[license_.address] if license_.address else [],
        terminated=license_.terminated,
        suspended=license_.suspended,
        problem=license_.problem,
        renewals=len(license_.renewals),
    )
