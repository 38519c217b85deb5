"""Calls of plug-ins and the same bytes sent by a bare client, in one process and turn by turn."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp

from ka_plugins import registry
from ka_plugins.addresses import Reach
from ka_plugins.contract import HttpClient, LicenseOrder, Plugin, Reply
from ka_plugins.http import VendorClient

CALLS = 10  # one after the other, by each of those in flight

CLASSES = {"plesk_ka": "PLESK_10_AND_LATER", "plesk_ka3": "PLESK-12-WEB-PRO-1M"}
Sent = tuple[str, str, bytes, Mapping[str, str]]


def measure(*, place: dict[str, Any], at_once: int, runs: int) -> list[tuple[str, float, float]]:
    """For each wire: its name, and the least ms of processor time a call by the bare client and by the plug-in."""
    return [asyncio.run(_compare(template, place, at_once, runs)) for template in CLASSES]


async def _compare(template: str, place: dict[str, Any], at_once: int, runs: int) -> tuple[str, float, float]:
    async with VendorClient(reach=Reach.PRIVATE) as client, aiohttp.ClientSession() as session:
        watched = _Watched(client)
        watched_plugin, plugin = (_plugin(template, place, one) for one in (watched, client))
        key = (await watched_plugin.issue_key(LicenseOrder("bench", CLASSES[template]))).number
        watched.sent.clear()
        await watched_plugin.describe(key)

        async def bare() -> None:
            for method, url, body, headers in watched.sent:
                async with session.request(method, url, data=body or None, headers=headers) as answer:
                    await answer.read()

        async def ours() -> None:
            await plugin.describe(key)

        found = [(await _cost(bare, at_once), await _cost(ours, at_once)) for _ in range(runs)]
    return f"{template}: describe", min(one for one, _ in found), min(one for _, one in found)


def _plugin(template: str, place: dict[str, Any], http: HttpClient) -> Plugin:
    plugin = registry.plugin_class(template)
    known = plugin.Settings.__dataclass_fields__
    given = {"login": "demo", "password": "demo", "client": "demo", **place}
    return plugin(plugin.Settings(**{name: value for name, value in given.items() if name in known}), http)


async def _cost(call: Callable[[], Awaitable[None]], at_once: int) -> float:
    async def several(times: int) -> None:
        for _ in range(times):
            await call()

    await asyncio.gather(*(several(1) for _ in range(at_once)))  # connections are open
    began = time.process_time()
    await asyncio.gather(*(several(CALLS) for _ in range(at_once)))
    return 1000 * (time.process_time() - began) / (at_once * CALLS)


class _Watched:
    """A client that remembers what was sent."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client
        self.sent: list[Sent] = []

    async def send(self, method: str, url: str, **options: Any) -> Reply:
        self.sent.append((method, url, options.get("body", b""), options.get("headers") or {}))
        return await self._client.send(method, url, **options)
