"""Keys as the vendor describes them (KA Partner API 1.0, KeyDetails). What a key lacks is left out, never nil."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ka_plugins.plesk_ka.wares import FEATURES
from ka_plugins.simulator.dialect import Sale

if TYPE_CHECKING:
    from ka_plugins.plesk_ka.simulator.sold import Shop, SoldKey


def key_details(shop: Shop, key: SoldKey) -> dict[str, Any]:
    """A KeyDetails struct with its children."""
    optional = {
        "updateDate": key.update,
        "productKey": key.activation_code,
        "parentKeyNumber": shop.find(key.parent, client=key.client).number if key.parent else "",
        "guid": key.guid,
    }
    return {
        "clientId": int(key.client),
        "keyNumber": key.number,
        "keyType": key.label,
        "apiKeyType": key.key_type or "N/A",
        "type": key.type,
        "expirationDate": key.expiration,
        "createDate": key.created,
        "terminated": key.terminated,
        "additionalKeys": [key_details(shop, child) for child in shop.children(key)],
        "features": [{"name": FEATURES[one].label, "apiName": one} for one in key.features],
        "properties": {},
        "susAndSupportInfo": [],
        "billingType": key.billing,
        "boundIPAddress": key.bound,
        "problem": key.problem,
        "activated": key.activated,
        "trial": False,
        "productFamily": key.family,
        **{name: value for name, value in optional.items() if value},
    }


def remote_info(key: SoldKey) -> dict[str, Any]:
    """A RemoteAPIKeyInfo struct: the display name only, no identifier of the type."""
    return {
        "keyNumber": key.number,
        "keyType": key.label,
        "type": key.type,
        "createDate": key.created,
        "terminated": key.terminated,
        "billingType": key.billing,
    }


def for_ledger(key: SoldKey) -> Sale:
    """One line of the simulator's own ledger."""
    return Sale(
        vendor="plesk_ka",
        number=key.number,
        base=key.base,
        type=key.key_type,
        parent=key.parent,
        client=key.client,
        time=key.created.isoformat(),
        expires=key.expiration.isoformat(),
        features=list(key.features),
        addresses=list(key.addresses),
        bound=key.bound,
        notes=list(key.notes),
        mailed=list(key.mailed),
        terminated=key.terminated,
        problem=key.problem,
        renewals=key.renewals,
    )
