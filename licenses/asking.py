"""One question to a vendor from synchronous code, outside any transaction: for what a person waits for."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.conf import settings as django_settings
from django.utils.translation import gettext

from ka_plugins.addresses import Reach
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
        http = VendorClient(reach=Reach(django_settings.PBAS_ALLOW_PRIVATE_ADDRESSES))
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
        if not error.vendor_says:
            raise Problem(error.message) from error
        raise Problem(
            "%(message)s The vendor says: %(words)s", message=gettext(error.message), words=error.vendor_says
        ) from error
    except TimeoutError as error:
        raise Problem("%(configuration)s did not answer in time.", configuration=configuration.name) from error
    except (
        Exception
    ) as error:  # a plug-in may fail in any way: the person who waits is told, and no worker asks for ever
        raise Problem(
            "The plug-in failed with %(kind)s. Its author has to look at it.", kind=type(error).__name__
        ) from error


def usable_settings(configuration: PluginConfiguration) -> Any:
    """The plug-in's settings; Problem where what is stored cannot be used any more."""
    try:
        return settings_of(configuration)
    except (ValueError, TypeError, CannotDecryptError) as error:
        why = gettext("a value is missing or of the wrong kind") if isinstance(error, TypeError) else str(error)
        raise Problem("The stored settings cannot be used: %(why)s. Mend them and save.", why=why) from error
