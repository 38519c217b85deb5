"""Keys to hardware (KA Partner API 1.0: activateKey, resetKey, transferKey, HWID).

The documentation's tables of these three are not public; what they answer is inferred from their descriptions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ka_plugins.plesk_ka.simulator import parameters as read
from ka_plugins.plesk_ka.simulator.answers import done
from ka_plugins.plesk_ka.simulator.refusals import RefusalError

if TYPE_CHECKING:
    from ka_plugins.plesk_ka.simulator.accounts import Caller
    from ka_plugins.plesk_ka.simulator.answers import Result
    from ka_plugins.plesk_ka.simulator.sold import Shop, SoldKey

# Product families whose keys are for one piece of hardware.
HARDWARE_BOUND: Final = frozenset({"virtuozzo", "virtuozzo-tools", "storage"})


def check_hardware(shop: Shop, hwid: str, *, but: SoldKey | None = None) -> None:
    """One piece of hardware carries one living license. 226."""
    if hwid and any(key.hwid == hwid and not key.terminated and key is not but for key in shop.all()):
        raise RefusalError(226)


def activate_key(shop: Shop, caller: Caller, given: tuple[Any, ...]) -> Result:
    """Activate a key, by number or code, on this hardware; 452 where its type needs the hardware's id and has none."""
    key = shop.living(read.text(given[0]), client=caller.client)
    uid = read.text(given[1]) if given[1:] else ""
    if key.family not in HARDWARE_BOUND:
        key.guid = uid or key.guid
    elif not uid:
        raise RefusalError(452, key.number)
    else:
        check_hardware(shop, uid, but=key)
        key.hwid = uid
    key.activated = True
    shop.keep(key)
    return done(keyNumber=key.number)


def reset_key(shop: Shop, caller: Caller, given: tuple[Any, ...]) -> Result:
    """Forget the hardware; a type that is bound to hardware has to be activated again."""
    key = shop.living(read.text(given[0]), client=caller.client)
    key.hwid = key.guid = ""
    key.activated = key.family not in HARDWARE_BOUND
    shop.keep(key)
    return done(keyNumber=key.number)


def transfer_key(shop: Shop, caller: Caller, given: tuple[Any, ...]) -> Result:
    """Move an activated key to other hardware. 223, 226, 452."""
    key, hwid = shop.living(read.text(given[0]), client=caller.client), read.text(given[1])
    if key.family not in HARDWARE_BOUND or not hwid:
        raise RefusalError(452, key.number)
    if not key.activated:
        raise RefusalError(223, key.number)
    check_hardware(shop, hwid, but=key)
    key.hwid = hwid
    shop.keep(key)
    return done(keyNumber=key.number)
