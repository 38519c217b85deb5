"""The HTTP issuer's plug-in with one configuration, and the issuer that it talks to."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any, TypeVar

from ka_plugins.addresses import Reach
from ka_plugins.contract import AdditionalOrder, Key, LicenseOrder
from ka_plugins.http import VendorClient
from ka_plugins.http_issuer.plugin import HttpIssuerPlugin
from ka_plugins.http_issuer.settings import HttpIssuerSettings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ka_plugins.simulator.running import RunningSimulator

T = TypeVar("T")
MAIL_SCANNER = AdditionalOrder("MAIL_SCANNER", ("MAIL_100",))


class Desk:
    def __init__(self, vendor: RunningSimulator) -> None:
        self.vendor = vendor

    def use(self, act: Callable[[HttpIssuerPlugin], Awaitable[T]], **changed: Any) -> T:
        settings = HttpIssuerSettings(**{"client": "demo", "secret": "demo", **self.vendor.settings(), **changed})

        async def whole() -> T:
            async with VendorClient(reach=Reach.PRIVATE) as http:
                return await act(HttpIssuerPlugin(settings, http))

        return asyncio.run(whole())

    def order(self, *features: str, code: str = "PANEL", additional: tuple[AdditionalOrder, ...] = ()) -> LicenseOrder:
        return LicenseOrder(uuid.uuid4().hex, code, features, additional, address="192.0.2.10")

    def buy(self, *features: str, **more: Any) -> Key:
        order = self.order(*features, **more)
        return self.use(lambda plugin: plugin.issue_key(order))

    def sale(self, number: str) -> dict[str, Any]:
        return next(dict(sale) for sale in self.vendor.ledger()["sales"] if sale["number"] == number)
