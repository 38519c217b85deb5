"""Keys as the vendor writes them: short in lists, full by themselves, and one line of the simulator's own ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from ka_plugins.simulator.dialect import Sale

if TYPE_CHECKING:
    from datetime import datetime

    from ka_plugins.plesk_ka3.simulator.sold import Shop, SoldKey

NAMESPACE: Final = "urn:simulated-key-server:not-a-license:3"


def short(key: SoldKey) -> dict[str, Any]:
    """License Key Structure (Short)."""
    return {
        "ownerId": key.owner,
        "keyId": key.id,
        "parentKeyId": key.parent or None,
        "isEls": False,
        "lastReportingOs": "",
    }


def full(shop: Shop, key: SoldKey) -> dict[str, Any]:
    """License Key Structure (Full). What some clients cannot do without is never null."""
    parent = shop.known(str(key.parent)) if key.parent else None
    return {
        "ownerId": key.owner,
        "keyIdentifiers": _names(key),
        "parentKeyIdentifiers": _names(parent) if parent else None,
        "childKeyIdentifiers": [_names(child) for child in shop.children(key)],
        "activationInfo": {"uid": key.uid, "activated": bool(key.uid)},
        "ipAddressBinding": key.bound or None,
        "restrictIPBinding": key.restricted,
        "nickname": key.nickname or None,
        "productConfigurationId": key.configuration or None,
        "items": key.items,
        "creationDate": _time(key.created),
        "lastModificationDate": _time(key.modified),
        "updateDate": _time(key.update),
        "expirationDate": _time(key.expiration),
        "susExpirationDate": _time(key.expiration),
        "susStatus": "ACTIVE",
        "supportExpirationDate": None,
        "supportStatus": None,
        "status": key.status(shop.now()),
        "terminated": key.terminated,
        "suspended": key.suspended,
        "ownerSuspended": False,
        "autoRenew": key.auto_renew,
    }


def _names(key: SoldKey) -> dict[str, Any]:
    link = f"https://simulated.invalid/activate/{key.activation_code}"
    return {
        "keyId": key.id,
        "keyNumber": key.number,
        "activationCode": key.activation_code,
        "activationLink": link,
    }


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


def for_ledger(key: SoldKey, parent: SoldKey | None) -> Sale:
    """One line of the simulator's own ledger."""
    return Sale(
        vendor="plesk_ka3",
        number=key.number,
        base=key.base,
        type=key.code,
        parent=parent.base if parent else "",
        client=key.owner,
        time=key.created.isoformat(),
        expires=key.expiration.isoformat(),
        features=[one for one in key.constants if one != key.code],
        addresses=[key.bound] if key.bound else [],
        bound=key.bound,
        notes=[key.nickname] if key.nickname else [],
        terminated=key.terminated,
        suspended=key.suspended,
        renewals=key.renewals,
    )


def key_file(key: SoldKey, revision: int) -> bytes:
    """The same bytes for the same revision; a namespace of our own and a marker, so that nothing takes it for real."""
    features = "".join(f"\n    <simulated:feature>{escape(one)}</simulated:feature>" for one in key.constants)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- SIMULATED. Not a license: made by a simulator for tests, worth nothing, signed by nobody. -->
<simulated:key xmlns:simulated="{NAMESPACE}" simulated:format="simulated-1">
  <simulated:key-number>{key.base}</simulated:key-number>
  <simulated:key-version>{revision:04}</simulated:key-version>
  <simulated:description>{features}
  </simulated:description>
  <simulated:product>{key.ware.product}</simulated:product>
  <simulated:start-date>{key.created:%Y-%m-%d}</simulated:start-date>
  <simulated:expiration-date>{key.expiration:%Y-%m-%d}</simulated:expiration-date>
  <simulated:update-date>{key.update:%Y-%m-%d}</simulated:update-date>
  <simulated:marker>SIMULATED, NOT A LICENSE</simulated:marker>
</simulated:key>
""".encode()
