"""Taking a createKey apart, checking the order as a whole and only then selling (KA Partner API 1.0, createKey)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ka_plugins.plesk_ka.simulator import parameters as read
from ka_plugins.plesk_ka.simulator.activating import check_hardware
from ka_plugins.plesk_ka.simulator.answers import done
from ka_plugins.plesk_ka.simulator.refusals import NoSuchMethodError, RefusalError
from ka_plugins.plesk_ka.simulator.sold import APS_IN_PACK, KAV_IN_PACK, Shop, SoldKey
from ka_plugins.plesk_ka.wares import ADDITIONS, BASE_TYPES, FEATURES, addition_fits, feature_fits

BILLING_TYPES: Final = {"billing": "LEASE", "purchase": "PURCHASE"}
# These features bring child keys along by themselves.
PACKS: Final = {"PLESK_POWER_PACK", "PLESK_POWER_PACK_FOR_WIN", "PLESK_POWER_PACK_FOR_VZ"}
SHORT, SHORT_TYPED, LONG, LONG_TYPED = 4, 5, 7, 8  # parameters after the login


@dataclass(frozen=True, slots=True)
class Wish:
    """One createKey, whichever of its four forms it came in."""

    addresses: list[str]
    client: str
    key_type: str
    features: list[str]
    additional: list[str]
    guid: str
    hwid: str
    parent: str
    billing: str


def read_wish(given: tuple[Any, ...]) -> Wish:
    """Tell the forms apart by count and by the type of the fifth parameter."""
    if len(given) in {SHORT, SHORT_TYPED}:
        making, additional, typed = {}, [], given[SHORT:]
    elif len(given) in {LONG, LONG_TYPED}:
        making, additional, typed = read.struct(given[4]), read.texts(given[5]), given[LONG:]
        read.struct(given[6])
    else:
        raise NoSuchMethodError("No method matching arguments")
    billing = BILLING_TYPES.get(read.text(typed[0]).lower(), "") if typed else "LEASE"
    return Wish(
        addresses=read.server_address(given[0]),
        client=read.text(given[1]),
        key_type=read.text(given[2]),
        features=read.texts(given[3]),
        additional=additional,
        guid=read.text(making.get("guid", "")),
        hwid=read.text(making.get("hwid", "")),
        parent=read.text(making.get("parentKeyNumber", "")),
        billing=billing,
    )


def sell(shop: Shop, wish: Wish, client: str) -> dict[str, Any]:
    """All keys of one order or none of them."""
    _check_types(wish)
    _check_features(wish.features, wish.key_type)
    parent = shop.living(wish.parent, client=client) if wish.parent else None
    if parent is not None:
        _check_parent(shop, wish, parent)
    check_hardware(shop, wish.hwid)
    key = shop.add(
        wish.key_type,
        client=client,
        addresses=wish.addresses,
        billing=wish.billing,
        parent=parent.base if parent else "",
    )
    key.guid, key.hwid = wish.guid, wish.hwid
    children = [
        shop.add(one, client=client, addresses=wish.addresses, billing=wish.billing, parent=key.base)
        for one in wish.additional
    ]
    for feature in wish.features:
        take_feature(shop, key, feature)
    for one in (key, *children):
        shop.keep(one)
    return _sold(shop, key, parent)


def _sold(shop: Shop, key: SoldKey, parent: SoldKey | None) -> dict[str, Any]:
    attached = [child.number for child in shop.children(key)]
    if parent is not None:
        code, said = 101, f"Additional key {key.number} has been successfully created and attached to {parent.number}"
    else:
        code, said = 100, f"{key.number} has been successfully created"
    return done(
        f"{said} [simulated, not a license]",
        code,
        detailResultCode=0,
        mainKeyNumber=key.number,
        expirationDate=key.expiration,
        updateDate=key.update,
        productKey=key.activation_code,
        additionalKeysNumbers=attached,
        susDate=key.sus,
    )


def _check_types(wish: Wish) -> None:
    if not wish.billing:
        raise RefusalError(280)
    for key_type in (wish.key_type, *wish.additional):
        if key_type not in BASE_TYPES and key_type not in ADDITIONS:
            raise RefusalError(260, key_type)
    for key_type in wish.additional:
        if key_type not in ADDITIONS or not addition_fits(key_type, wish.key_type):
            raise RefusalError(245, key_type, wish.key_type)


def _check_features(features: list[str], key_type: str) -> None:
    for feature in features:
        if feature not in FEATURES:
            raise RefusalError(416, feature)
        if not feature_fits(feature, key_type):
            raise RefusalError(244, feature)


def _check_parent(shop: Shop, wish: Wish, parent: SoldKey) -> None:
    if wish.key_type not in ADDITIONS or not addition_fits(wish.key_type, parent.key_type):
        raise RefusalError(245, wish.key_type, parent.key_type)
    if any(child.key_type == wish.key_type and not child.terminated for child in shop.children(parent)):
        raise RefusalError(255, parent.number)


def take_feature(shop: Shop, key: SoldKey, feature: str) -> None:
    """Add a feature: it takes the place of its group's other ones, and a pack brings its child keys along."""
    group = FEATURES[feature].group
    key.features = [one for one in key.features if not group or FEATURES[one].group != group]
    key.features.append(feature)
    if feature in PACKS:
        for packed in (KAV_IN_PACK, APS_IN_PACK):
            child = shop.add(packed, client=key.client, addresses=key.addresses, billing=key.billing, parent=key.base)
            shop.keep(child)
