"""The plug-in at its simulated vendor, as the tests use it."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from ka_plugins.addresses import Reach
from ka_plugins.contract import AdditionalOrder, Key, LicenseOrder
from ka_plugins.http import VendorClient
from ka_plugins.plesk_ka3.plugin import PleskKa3Plugin
from ka_plugins.plesk_ka3.settings import PleskKa3Settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ka_plugins.simulator.running import RunningSimulator

T = TypeVar("T")
ADMIN, PRO, HOST = (f"PLESK-12-WEB-{edition}-1M" for edition in ("ADMIN", "PRO", "HOST"))
PACKS = "FT-PLESK-5-LANGUAGE-PACKS-1M"
MONITORING, SITEJET = "360-MON-PRO-1M", "SJ-PLSK-BIZ-1M"
REFERENCES = itertools.count(1)


class Desk:
    """The plug-in with one configuration, and the vendor that it talks to."""

    def __init__(self, vendor: RunningSimulator) -> None:
        self.vendor = vendor

    def use(self, act: Callable[[PleskKa3Plugin], Awaitable[T]], **changed: Any) -> T:
        settings = PleskKa3Settings(**{"login": "demo", "password": "demo", **self.vendor.settings(), **changed})

        async def whole() -> T:
            async with VendorClient(reach=Reach.PRIVATE) as http:
                return await act(PleskKa3Plugin(settings, http))

        return asyncio.run(whole())

    def order(self, *features: str, additional: tuple[str, ...] = (), **changed: Any) -> LicenseOrder:
        order = LicenseOrder(
            reference=f"{next(REFERENCES):032x}",
            class_code=PRO,
            features=features,
            additional=tuple(map(AdditionalOrder, additional)),
            intent_at=datetime.now(UTC),
        )
        return dataclasses.replace(order, **changed)

    def describe(self, number: str) -> Key:
        return self.use(lambda plugin: plugin.describe(number))

    def buy(self, *features: str, **more: Any) -> Key:
        return self.use(lambda plugin: plugin.issue_key(self.order(*features, **more)))

    def fails(self, order: LicenseOrder, kind: type[Exception]) -> str:
        with pytest.raises(kind) as raised:
            self.use(lambda plugin: plugin.issue_key(order))
        return str(raised.value)

    def sales(self, reference: str) -> list[dict[str, Any]]:
        return [sale for sale in self.vendor.ledger()["sales"] if sale["notes"] == [reference]]

    def calls(self, method: str) -> int:
        return int(self.vendor.ledger()["calls"].get(method, 0))
