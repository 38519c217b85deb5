"""The methods of the Partner API 1.0, each a function of the shop, the caller's client and the parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ka_plugins.plesk_ka.simulator import account_methods, activating, attaching, handing_out
from ka_plugins.plesk_ka.simulator import parameters as read
from ka_plugins.plesk_ka.simulator.answers import Result, done
from ka_plugins.plesk_ka.simulator.describing import key_details, remote_info
from ka_plugins.plesk_ka.simulator.refusals import NoSuchMethodError, RefusalError
from ka_plugins.plesk_ka.simulator.selling import BILLING_TYPES, read_wish, sell, take_feature
from ka_plugins.plesk_ka.simulator.sold import GRACE, TERM, Shop, SoldKey
from ka_plugins.plesk_ka.wares import ADDITIONS, BASE_TYPES, FEATURES, feature_fits
from ka_plugins.simulator.books import midnight

if TYPE_CHECKING:
    from collections.abc import Callable

    from ka_plugins.plesk_ka.simulator.accounts import Caller

Given = tuple[Any, ...]


def create_key(shop: Shop, caller: Caller, given: Given) -> Result:
    """Sell."""
    wish = read_wish(given)
    return sell(shop, wish, shop.clients.named(wish.client, client=caller.client))


def get_key_info(shop: Shop, caller: Caller, given: Given) -> Result:
    """All about one key, terminated or not."""
    key = shop.find(read.text(given[0]), client=caller.client)
    return done(keyNumber=key.number, keyInfo=key_details(shop, key))


def get_keys_info_by_ip(shop: Shop, caller: Caller, given: Given) -> Result:
    """The key that is bound to an address."""
    key = shop.bound_to(read.address(given[0]))
    if key is None or not shop.clients.reaches(caller.client, key.client):
        return done("No keys found", 101)
    return done(keysInfo=[key_details(shop, key)])


def get_key_numbers(shop: Shop, caller: Caller, given: Given) -> Result:
    """Keys by the server's addresses, the terminated included."""
    keys = shop.created_for(read.server_address(given[0]))
    found = [key for key in keys if shop.clients.reaches(caller.client, key.client)]
    numbers, infos = [key.number for key in found], [remote_info(key) for key in found]
    return done("Done" if found else "No keys found", 100 if found else 101, keyNumbers=numbers, keyInfos=infos)


def get_available_types(shop: Shop, caller: Caller, given: Given) -> Result:
    """Two flat lists, and all of it again in prose."""
    shop.clients.named(read.text(given[0]), client=caller.client)
    types, features = [*BASE_TYPES, *ADDITIONS], list(FEATURES)
    said = f"Available key types: {', '.join(types)}. Available features: {', '.join(features)}."
    return done(said, keyTypes=types, features=features)


def get_available_upgrades(shop: Shop, caller: Caller, given: Given) -> Result:
    """What fits the key and is not in it yet."""
    key = shop.living(read.text(given[0]), client=caller.client)
    plans = [one for one in FEATURES if feature_fits(one, key.key_type) and one not in key.features]
    return done(keyNumber=key.number, upgradePlans=plans)


def renew_key(shop: Shop, caller: Caller, given: Given) -> Result:
    """One more term, from today or from the end of the present one."""
    key = shop.living(read.text(given[0]), client=caller.client)
    if key.update is None:
        raise RefusalError(285, key.number)
    key.update = max(key.update, midnight(shop.now())) + TERM
    key.expiration = key.update + GRACE
    key.renewals += 1
    return _changed(shop, key)


def terminate_key(shop: Shop, caller: Caller, given: Given) -> Result:
    """End a key, not its children."""
    key = shop.find(read.text(given[0]), client=caller.client)
    if key.terminated:
        return done("Key is already terminated", 110, keyNumber=key.number)
    if key.billing == "PURCHASE":
        raise RefusalError(232, key.number)
    key.terminated = True
    shop.keep(key)
    return done(keyNumber=key.number)


def upgrade_key(shop: Shop, caller: Caller, given: Given) -> Result:
    """Add one feature or several; 110 where all of them are there."""
    key = shop.living(read.text(given[0]), client=caller.client)
    plans = read.texts(given[1]) if isinstance(given[1], (list, tuple)) else [read.text(given[1])]
    if given[2:] and read.text(given[2]).lower() not in BILLING_TYPES:
        raise RefusalError(280)
    _check_plans(key, plans)
    missing = [plan for plan in plans if plan not in key.features]
    if not missing:
        return _dated(key, "Key already has the feature", 110)
    for plan in missing:
        take_feature(shop, key, plan)
    return _changed(shop, key)


def downgrade_key(shop: Shop, caller: Caller, given: Given) -> Result:
    """Take one feature away; 110 where it is not there."""
    key = shop.living(read.text(given[0]), client=caller.client)
    plan = read.text(given[1])
    _check_plans(key, [plan])
    if plan not in key.features:
        return done("Key does not have the feature", 110, keyNumber=key.number)
    key.features.remove(plan)
    return _changed(shop, key)


def _check_plans(key: SoldKey, plans: list[str]) -> None:
    for plan in plans:
        if plan not in FEATURES:
            raise RefusalError(416, plan)
        if not feature_fits(plan, key.key_type) or not key.key_type:
            raise RefusalError(266, plan)


def _changed(shop: Shop, key: SoldKey) -> Result:
    key.revision += 1
    shop.keep(key)
    return _dated(key)


def _dated(key: SoldKey, said: str = "Done", code: int = 100) -> Result:
    return done(
        said,
        code,
        keyNumber=key.number,
        expirationDate=key.expiration,
        updateDate=key.update,
        productKey=key.activation_code,
        susDate=key.sus,
    )


def add_note(shop: Shop, caller: Caller, given: Given) -> Result:
    """Keep a note with the key."""
    key = shop.find(read.text(given[0]), client=caller.client)
    key.notes.append(read.text(given[1]))
    shop.keep(key)
    return done()


def last_usage(shop: Shop, caller: Caller, given: Given) -> Result:
    """No simulated product ever reports."""
    raise RefusalError(233, shop.find(read.text(given[0]), client=caller.client).number)


# Each method with the numbers of parameters that it takes after the login.
METHODS: Final[dict[str, tuple[Callable[[Shop, Caller, Given], Result], frozenset[int]]]] = {
    "validateLogin": (account_methods.validate_login, frozenset({0})),
    "createKey": (create_key, frozenset({4, 5, 7, 8})),
    "retrieveKey": (handing_out.retrieve_key, frozenset({1, 2})),
    "getKeyInfo": (get_key_info, frozenset({1})),
    "getKeysInfoByIP": (get_keys_info_by_ip, frozenset({1})),
    "getKeyNumbers": (get_key_numbers, frozenset({1})),
    "getAvailableKeyTypesAndFeatures": (get_available_types, frozenset({1})),
    "getAvailableUpgrades": (get_available_upgrades, frozenset({1})),
    "renewKey": (renew_key, frozenset({1})),
    "terminateKey": (terminate_key, frozenset({1})),
    "upgradeKey": (upgrade_key, frozenset({2, 3})),
    "downgradeKey": (downgrade_key, frozenset({2})),
    "attachKey": (attaching.attach_key, frozenset({2})),
    "detachKey": (attaching.detach_key, frozenset({1})),
    "bindKey": (attaching.bind_key, frozenset({2})),
    "unbindKey": (attaching.unbind_key, frozenset({1})),
    "resetKey": (activating.reset_key, frozenset({1})),
    "activateKey": (activating.activate_key, frozenset({1, 2})),
    "transferKey": (activating.transfer_key, frozenset({2})),
    "sendKeyByEmail": (handing_out.send_key, frozenset({1, 2, 3})),
    "generateNewPassword": (account_methods.new_password, frozenset({0})),
    "createClient": (account_methods.create_client, frozenset({1})),
    "searchClients": (account_methods.search_clients, frozenset({1})),
    "addNoteToKey": (add_note, frozenset({2})),
    "getLastPleskUsageInfo": (last_usage, frozenset({1})),
}


def run(shop: Shop, method: str, caller: Caller, given: Given) -> Result:
    """Carry a method out. NoSuchMethodError, RefusalError."""
    if method not in METHODS:
        raise NoSuchMethodError(f"No such handler: {method}")
    carry_out, counts = METHODS[method]
    if len(given) not in counts:
        raise NoSuchMethodError("No method matching arguments")
    return carry_out(shop, caller, given)
