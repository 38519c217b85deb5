"""A vendor read in steps from synchronous code: between two steps no event loop runs, so the database may be asked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator
from types import TracebackType
from typing import Self, TypeVar

from django.conf import settings as django_settings

from ka_plugins.addresses import Reach
from ka_plugins.contract import Key, Plugin, Verb
from ka_plugins.http import VendorClient
from licenses.asking import as_problems, usable_settings
from licenses.models import PluginConfiguration
from licenses.plugins import plugin_class

Answer = TypeVar("Answer")


class Reader:
    """One configuration's plug-in over a client of its own, as a context. Its methods raise Problem."""

    def __init__(self, configuration: PluginConfiguration) -> None:
        self._configuration = configuration
        self._class, self._settings = plugin_class(configuration.template), usable_settings(configuration)
        self._runner, self._plugin = asyncio.Runner(), None

    def __enter__(self) -> Self:
        self._http: VendorClient = self._runner.run(_open())
        self.plugin: Plugin = self._class(self._settings, self._http)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._runner.run(self._http.close())
        self._runner.close()  # ends the list, if it was left in the middle

    def batches(self, size: int) -> Iterator[list[Key]]:
        """All keys of the account, additional ones behind the keys that they hang on, in lists of about `size`."""
        keys = self.plugin.list_keys()
        while batch := self._ask(_take(keys, size, self.plugin.timeout)):
            yield batch

    def describe(self, key: str) -> Key:
        """What the vendor knows of one key."""
        return self._ask(_in_time(self.plugin.describe(key), self.plugin.timeout))

    def _ask(self, question: Awaitable[Answer]) -> Answer:
        with as_problems(self._configuration):
            return self._runner.run(question)  # type: ignore[arg-type] # coroutines, all of them


def lists_keys(template: str) -> bool:
    """Whether a vendor names all keys that he has for us. Raises Problem where the plug-in is not there."""
    return Verb.LIST_KEYS in plugin_class(template).verbs


def describes(template: str) -> bool:
    """Whether a vendor can be asked for one key. Raises Problem where the plug-in is not there."""
    return Verb.DESCRIBE in plugin_class(template).verbs


async def _open() -> VendorClient:
    return VendorClient(reach=Reach(django_settings.PBAS_ALLOW_PRIVATE_ADDRESSES))


async def _in_time(answer: Awaitable[Answer], seconds: float) -> Answer:
    async with asyncio.timeout(seconds):
        return await answer


async def _take(keys: AsyncIterator[Key], size: int, seconds: float) -> list[Key]:
    """The next keys; fewer than `size` only at the end. Each page of the vendor has the time of one call."""
    taken: list[Key] = []
    while len(taken) < size:
        try:
            async with asyncio.timeout(seconds):
                key = await anext(keys)
        except StopAsyncIteration:
            break
        taken += (key, *key.additional)
    return taken
