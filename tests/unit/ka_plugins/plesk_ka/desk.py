"""The plug-in with one configuration, and the simulated vendor that it talks to."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from ka_plugins.addresses import Reach
from ka_plugins.contract import AdditionalOrder, LicenseOrder
from ka_plugins.http import VendorClient
from ka_plugins.plesk_ka.plugin import PleskKaPlugin
from ka_plugins.plesk_ka.settings import PleskKaSettings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ka_plugins.simulator.running import RunningSimulator

T = TypeVar("T")
PLESK = "PLESK_10_AND_LATER"
KAV, UNITY = "PLESK_ANTIVIRUS_BY_KAV", "UNITY-ONE-L-M"
ADDRESSES = itertools.count(1)  # each order has its own, as keys are found by address


class Desk:
    """The plug-in with one configuration, and the vendor that it talks to."""

    def __init__(self, vendor: RunningSimulator) -> None:
        self.vendor = vendor

    def use(self, act: Callable[[PleskKaPlugin], Awaitable[T]], **changed: Any) -> T:
        login = {"login": "demo", "password": "demo", "client": "1"}
        settings = PleskKaSettings(**{**login, **self.vendor.settings(), **changed})

        async def whole() -> T:
            async with VendorClient(reach=Reach.PRIVATE) as http:
                return await act(PleskKaPlugin(settings, http))

        return asyncio.run(whole())

    def order(self, *features: str, additional: tuple[str, ...] = (), **changed: Any) -> LicenseOrder:
        order = LicenseOrder(
            reference="R-1",
            class_code=PLESK,
            features=features,
            additional=tuple(map(AdditionalOrder, additional)),
            address=f"10.0.{next(ADDRESSES)}.1",
            intent_at=datetime.now(UTC),
        )
        return dataclasses.replace(order, **changed)

    def sale(self, number: str) -> dict[str, Any]:
        base = PleskKaPlugin.key_identity(number)
        return next(dict(sale) for sale in self.vendor.ledger()["sales"] if sale["base"] == base)

    def calls(self, method: str) -> int:
        return int(self.vendor.ledger()["calls"].get(method, 0))
