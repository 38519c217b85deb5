"""Keys to keys and keys to addresses (KA Partner API 1.0: attachKey, detachKey, bindKey, unbindKey)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ka_plugins.plesk_ka.simulator import parameters as read
from ka_plugins.plesk_ka.simulator.answers import Result, done
from ka_plugins.plesk_ka.simulator.refusals import RefusalError
from ka_plugins.plesk_ka.simulator.sold import ADDITIONAL, Shop
from ka_plugins.plesk_ka.wares import addition_fits

if TYPE_CHECKING:
    from ka_plugins.plesk_ka.simulator.accounts import Caller


def attach_key(shop: Shop, caller: Caller, given: tuple[Any, ...]) -> Result:
    """Make an additional key the child of a main key. 255, 256, 259, 245."""
    parent = shop.living(read.text(given[0]), client=caller.client)
    key = shop.living(read.text(given[1]), client=caller.client)
    if key is parent:
        raise RefusalError(259, key.number)
    if key.type != ADDITIONAL:
        raise RefusalError(256, key.number)
    if not addition_fits(key.key_type, parent.key_type):
        raise RefusalError(245, key.key_type or "N/A", parent.key_type)
    if any(child.key_type == key.key_type and not child.terminated for child in shop.children(parent)):
        raise RefusalError(255, parent.number)
    key.parent = parent.base
    shop.keep(key)
    return done()


def detach_key(shop: Shop, caller: Caller, given: tuple[Any, ...]) -> Result:
    """Make an additional key stand alone; 101 where it does already."""
    key = shop.living(read.text(given[0]), client=caller.client)
    if key.type != ADDITIONAL:
        raise RefusalError(256, key.number)
    if not key.parent:
        return done(code=101)
    key.parent = ""
    shop.keep(key)
    return done()


def bind_key(shop: Shop, caller: Caller, given: tuple[Any, ...]) -> Result:
    """Bind a key to an address; 101 where another key of ours had to leave it, 272 where a stranger's is there."""
    key = shop.living(read.text(given[0]), client=caller.client)
    address = read.address(given[1])
    other = shop.bound_to(address)
    if other is not None and other is not key:
        if not shop.clients.reaches(caller.client, other.client):
            raise RefusalError(272, address)
        other.bound = ""
        shop.keep(other)
    key.bound = address
    shop.keep(key)
    return done(code=100 if other is None or other is key else 101, keyNumber=key.number)


def unbind_key(shop: Shop, caller: Caller, given: tuple[Any, ...]) -> Result:
    """Free a key of its address; 101 where it has none."""
    key = shop.living(read.text(given[0]), client=caller.client)
    code = 100 if key.bound else 101
    key.bound = ""
    shop.keep(key)
    return done(code=code, keyNumber=key.number)
