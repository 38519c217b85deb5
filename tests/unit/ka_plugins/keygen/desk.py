"""Keygen's plug-in with one configuration, and the vendor that it talks to."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any, TypeVar

from ka_plugins.addresses import Reach
from ka_plugins.contract import Key, LicenseOrder
from ka_plugins.http import VendorClient
from ka_plugins.keygen.plugin import KeygenPlugin
from ka_plugins.keygen.settings import KeygenSettings
from ka_plugins.keygen.simulator.describing import PUBLIC_KEY
from ka_plugins.keygen.simulator.wares import POLICIES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ka_plugins.simulator.running import RunningSimulator

T = TypeVar("T")
MONTHLY, PRO, YEARLY, PERPETUAL, POOLED, SIGNED = POLICIES
KEY_SECRET = "a secret of the tests that makes keys"
LOGIN = {"account": "demo", "token": "demo", "public_key": PUBLIC_KEY, "key_secret": KEY_SECRET}


class Desk:
    def __init__(self, vendor: RunningSimulator) -> None:
        self.vendor = vendor

    def use(self, act: Callable[[KeygenPlugin], Awaitable[T]], **changed: Any) -> T:
        settings = KeygenSettings(**{**LOGIN, **self.vendor.settings(), **changed})

        async def whole() -> T:
            async with VendorClient(reach=Reach.PRIVATE) as http:
                return await act(KeygenPlugin(settings, http))

        return asyncio.run(whole())

    def order(self, policy: str = MONTHLY, *features: str) -> LicenseOrder:
        return LicenseOrder(uuid.uuid4().hex, policy, features)

    def buy(self, policy: str = MONTHLY, *features: str) -> Key:
        order = self.order(policy, *features)
        return self.use(lambda plugin: plugin.issue_key(order))

    def sale(self, key: str) -> dict[str, Any]:
        return next(dict(sale) for sale in self.vendor.ledger()["sales"] if sale["number"] == key)
