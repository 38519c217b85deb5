"""Key files by answer and by mail (KA Partner API 1.0: retrieveKey, sendKeyByEmail)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ka_plugins.plesk_ka.simulator import parameters as read
from ka_plugins.plesk_ka.simulator.answers import done
from ka_plugins.plesk_ka.simulator.clients import EMAIL, FIELDS
from ka_plugins.plesk_ka.simulator.key_file import key_file
from ka_plugins.plesk_ka.simulator.refusals import RefusalError

if TYPE_CHECKING:
    from ka_plugins.plesk_ka.simulator.accounts import Caller
    from ka_plugins.plesk_ka.simulator.answers import Result
    from ka_plugins.plesk_ka.simulator.sold import Shop, SoldKey

HAS_PREVIOUS_VERSION: Final = frozenset({"plesk"})  # product families whose older versions take an older file


def retrieve_key(shop: Shop, caller: Caller, given: tuple[Any, ...]) -> Result:
    """The key file. 223, 227, 228."""
    key = _exportable(shop, caller, given[0])
    if given[1:] and read.flag(given[1]) and key.family not in HAS_PREVIOUS_VERSION:
        raise RefusalError(227, key.number)
    return done(keyNumber=key.number, key=key_file(key), keyExtension="xml")


def send_key(shop: Shop, caller: Caller, given: tuple[Any, ...]) -> Result:
    """The key file by mail, to its client where no address is given; the ledger alone is told. 437."""
    key = _exportable(shop, caller, given[0])
    address = read.text(given[1]) if given[1:] else shop.clients[key.client].told["email"]
    if EMAIL.fullmatch(address) is None or len(address) > FIELDS["email"].longest:
        raise RefusalError(437, address)
    if given[2:]:
        read.flag(given[2])
    key.mailed.append(address)
    shop.keep(key)
    return done(emailAddress=address)


def _exportable(shop: Shop, caller: Caller, written: Any) -> SoldKey:
    key = shop.living(read.text(written), client=caller.client)
    if key.expiration <= shop.now():
        raise RefusalError(228, key.number)
    if not key.activated:
        raise RefusalError(223, key.number)
    return key
