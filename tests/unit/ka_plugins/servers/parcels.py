"""Licenses that tests put into servers, as the simulated vendor writes them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from ka_plugins.contract import KeyFile
from ka_plugins.installing import Installer, InstallError, Parcel, Target

if TYPE_CHECKING:
    from collections.abc import Awaitable

GOODBYE_SECONDS = 10.0
CODE = "A00000-111111-222222-333333-444444"
KEY = "PLSK.12345678.0002"
LONGEST_PUBLIC = 12  # characters of a login; what is longer is a secret


def key_file(number: str, expires: str = "2099-12-31") -> KeyFile:
    """A file that the simulated servers can read."""
    base, _, revision = number.rpartition(".")
    parts = {"key-number": base, "key-version": revision, "expiration-date": expires}
    inside = "".join(f"<simulated:{name}>{value}</simulated:{name}>" for name, value in parts.items())
    return KeyFile(f"{number}.xml", f"<simulated:key>{inside}</simulated:key>".encode())


def parcel(number: str = KEY, code: str = "", *, expires: str = "2099-12-31", additional: bool = False) -> Parcel:
    """A license with a file."""
    return Parcel(number, code, (key_file(number, expires),), additional=additional)


def failure(installer: Installer, verb: str, target: Target, *parcels: Parcel) -> InstallError:
    """The error of a verb, which shows no secret."""
    with pytest.raises(InstallError) as caught:
        asyncio.run(_attempt(getattr(installer, verb)(target, parcels)))
    error: Any = caught.value
    assert isinstance(error, InstallError)
    shown = f"{error} {error!r} {target!r}"
    secrets = {CODE} | {value for name, value in target.credentials.items() if name not in {"host_key", "certificate"}}
    assert [one for one in secrets if len(one) > LONGEST_PUBLIC and one in shown] == []
    return error


async def _attempt(act: Awaitable[Any]) -> None:
    """A refused TLS connection says goodbye to its peer; a loop that ended before that would leave it open."""
    loop: Any = asyncio.get_running_loop()
    before = len(loop._selector.get_map())
    try:
        await act
    finally:
        deadline = time.monotonic() + GOODBYE_SECONDS
        while len(loop._selector.get_map()) > before and time.monotonic() < deadline:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.01)
