"""One question to a vendor from synchronous code, outside any transaction: for what a person waits for."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.conf import settings as django_settings

from ka_plugins.contract import Plugin, PluginError
from ka_plugins.http import VendorClient
from licenses.models import PluginConfiguration
from licenses.plugins import plugin_class, settings_of
from pbas.core.crypto import CannotDecryptError
from pbas.core.problems import Problem

Answer = TypeVar("Answer")


def ask(configuration: PluginConfiguration, call: Callable[[Plugin], Awaitable[Answer]]) -> Answer:
    """One question to the vendor from synchronous code, over a client of its own."""
    plugin, settings = plugin_class(configuration.template), usable_settings(configuration)

    async def asking() -> Answer:
        http = VendorClient(allow_private=django_settings.PBAS_ALLOW_PRIVATE_ADDRESSES)
        try:
            async with asyncio.timeout(plugin.timeout):
                return await call(plugin(settings, http))
        finally:
            await http.close()

    with as_problems(configuration):
        return asyncio.run(asking())


@contextmanager
def as_problems(configuration: PluginConfiguration) -> Iterator[None]:
    """Whatever a plug-in's call ends in becomes a Problem for the person who waits; its cause is the error itself."""
    try:
        yield
    except PluginError as error:
        said = f" The vendor says: {error.vendor_says}" if error.vendor_says else ""
        raise Problem(f"{error.message}{said}") from error
    except TimeoutError as error:
        raise Problem(f"{configuration.name} did not answer in time.") from error
    except (
        Exception
    ) as error:  # a plug-in may fail in any way: the person who waits is told, and no worker asks for ever
        raise Problem(f"The plug-in failed with {type(error).__name__}. Its author has to look at it.") from error


def usable_settings(configuration: PluginConfiguration) -> Any:
    """The plug-in's settings; Problem where what is stored cannot be used any more."""
    try:
        return settings_of(configuration)
    except (ValueError, TypeError, CannotDecryptError) as error:
        why = "a value is missing or of the wrong kind" if isinstance(error, TypeError) else str(error)
        raise Problem(f"The stored settings cannot be used: {why}. Mend them and save.") from error
