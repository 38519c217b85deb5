"""Licenses that tests put into servers, as the simulated vendor writes them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ka_plugins.contract import KeyFile
from ka_plugins.installing import Installer, InstallError, Parcel, Target

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
        asyncio.run(getattr(installer, verb)(target, parcels))
    error: Any = caught.value
    assert isinstance(error, InstallError)
    shown = f"{error} {error!r} {target!r}"
    secrets = {CODE} | {value for name, value in target.credentials.items() if name not in {"host_key", "certificate"}}
    assert [one for one in secrets if len(one) > LONGEST_PUBLIC and one in shown] == []
    return error
