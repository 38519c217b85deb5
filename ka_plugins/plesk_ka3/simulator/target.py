"""Reading a target state: what one request wants of a key, and which wishes exclude one another (B.3, B.4)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Final

from ka_plugins.plesk_ka3.simulator.refusals import RefusalError
from ka_plugins.plesk_ka3.wares import ADDITIONS, BASES, FEATURES

if TYPE_CHECKING:
    from ka_plugins.plesk_ka3.simulator.sold import Shop, SoldKey

Body = dict[str, Any]
NAMES: Final = ("keyId", "keyNumber", "activationCode")
# Each of these stands alone: it goes with neither the other nor with any of the rest.
ALONE: Final = {"owner", "state"}
NEVER_WITH_THEM: Final = {"activate", "attach", "upgrade", "bind", "configuration"}


def check_creation(body: Body) -> None:
    """What must not be given for a key that is not there yet. 400."""
    if "keyIdentifiers" in body:
        raise RefusalError(400, "keyIdentifiers must not be given when a key is created")
    if "ownerId" in body and body["ownerId"] is None:
        raise RefusalError(400, "ownerId must not be null")
    if not body.get("items"):
        raise RefusalError(400, "items: at least one is needed")


def check_guard(body: Body, key: SoldKey) -> None:
    """`keyIdentifiers` of a change have to be those of the key, if they are given. 400."""
    if "keyIdentifiers" not in body:
        return
    guard = body["keyIdentifiers"]
    given = {name: guard[name] for name in NAMES if guard.get(name) is not None} if isinstance(guard, dict) else {}
    stored = {"keyId": key.id, "keyNumber": key.number, "activationCode": key.activation_code}
    if not given or any(str(value) != str(stored[name]) for name, value in given.items()):
        raise RefusalError(400, f"keyIdentifiers are not those of key {key.id}")


def read_items(body: Body) -> list[dict[str, Any]]:
    """The constants of a key, the first of which says what it is. 400 for unknown ones and for what does not fit."""
    items = body["items"]
    if not isinstance(items, list) or not all(
        isinstance(one, dict) and isinstance(one.get("item"), str) for one in items
    ):
        raise RefusalError(400, "items: an array of objects with item is needed")
    codes = [one["item"] for one in items]
    for code in codes:
        if code not in BASES and code not in ADDITIONS and code not in FEATURES:
            raise RefusalError(400, f"Unknown item {code}")
    bases = [code for code in codes if code not in FEATURES]
    if len(bases) != 1 or len(set(codes)) != len(codes):
        raise RefusalError(400, "items: exactly one product and each feature once")
    if bases[0] in ADDITIONS and len(codes) > 1:
        raise RefusalError(400, f"Feature {codes[-1]} is not applicable to {bases[0]}")
    return [
        {"item": one["item"], "externalId": one.get("externalId"), "quantity": one.get("quantity") or 1}
        for one in items
    ]


def read_parent(shop: Shop, body: Body, code: str) -> SoldKey | None:
    """The key to attach to, if any. 400 where the product is no additional one or is there already."""
    names = body.get("parentKeyIdentifiers")
    if names is None:
        return None
    written = next((str(names[name]) for name in NAMES if names.get(name)), "") if isinstance(names, dict) else ""
    parent = shop.living(written.split(".")[1] if written.count(".") else written)
    if code not in ADDITIONS or parent.code not in BASES:
        raise RefusalError(400, f"{code} cannot be attached to {parent.code}")
    if any(child.code == code and not child.terminated for child in shop.children(parent)):
        raise RefusalError(400, f"{code} is attached to {parent.number} already")
    return parent


def read_address(body: Body) -> str:
    """The address to bind to; null frees the key. 400."""
    text = body.get("ipAddressBinding")
    try:
        return str(ipaddress.ip_address(str(text))) if text else ""
    except ValueError:
        raise RefusalError(400, f"Malformed IP address {text}") from None


def read_flag(value: Any) -> bool:
    """A boolean; some clients send the words."""
    return value is True or str(value).lower() in {"true", "yes"}


def wishes(body: Body, key: SoldKey) -> set[str]:
    """The operations that lead from the key to this target. 400 where they exclude one another."""
    uid = (body.get("activationInfo") or {}).get("uid") or ""
    parent = (body.get("parentKeyIdentifiers") or {}).get("keyId") or 0
    asked = {
        "owner": body.get("ownerId", key.owner) != key.owner,
        "state": any(
            name in body and read_flag(body[name]) != getattr(key, name) for name in ("suspended", "terminated")
        ),
        "activate": "activationInfo" in body and uid != key.uid,
        "attach": "parentKeyIdentifiers" in body and str(parent) != str(key.parent),
        "upgrade": "items" in body and {one.get("item") for one in body["items"]} != set(key.constants),
        "bind": "ipAddressBinding" in body and (body["ipAddressBinding"] or "") != key.bound,
        "configuration": "productConfigurationId" in body
        and (body["productConfigurationId"] or 0) != key.configuration,
    }
    found = {name for name, wanted in asked.items() if wanted}
    alone = found & ALONE
    if len(alone) > 1 or (alone and found & NEVER_WITH_THEM):
        raise RefusalError(400, f"Conflicting operations: {', '.join(sorted(found))}")
    return found
