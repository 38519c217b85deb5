"""Where a target's address leads, and whether the panel may go there."""

from __future__ import annotations

import contextlib
import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ka_plugins.addresses import AddressRefusedError, GuardedResolver, Reach, literal
from ka_plugins.installing import InstallError
from ka_plugins.settings import shown

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver

OPENS: Final = "PBAS_ALLOW_PRIVATE_ADDRESSES"


@dataclass(frozen=True, slots=True)
class Place:
    """A host, a port, and the path after them; `label` is how messages name it."""

    host: str
    port: int
    path: str

    @property
    def label(self) -> str:
        """Host and port, as people write them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def place_of(address: str, *, port: int, scheme: str) -> Place:
    """What an address `host`, `host:port` or `host:port/path` means, with or without `scheme://` before it.

    Raises InstallError with what is wrong with it; a login or password has no place in it.
    """
    text = address if "://" in address else f"{scheme}://{address}"
    try:
        parts = urlsplit(text)
        found = Place(parts.hostname or "", parts.port or port, parts.path)
    except ValueError:
        raise InstallError(f"{address!r} is not an address: host:port is needed.", field="address") from None
    if parts.scheme != scheme:
        raise InstallError(f"{address!r} cannot be used: {scheme} is needed, not {parts.scheme}.", field="address")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise InstallError(
            shown("The address may hold host, port and path only; a login belongs to the credentials."), field="address"
        )
    if not found.host or not text.isprintable():
        raise InstallError(f"{address!r} has no host name.", field="address")
    return found


def resolver() -> AbstractResolver:
    """A resolver for the running loop that leaves out what the panel may not reach."""
    return GuardedResolver(_reach())


def check_literal(place: Place) -> None:
    """Raises InstallError where the address is spelled out and closed to the panel; names are the resolver's matter."""
    address = literal(place.host)
    if address is not None and not _reach().covers(address):
        raise refused(place, place.host)


def refused(place: Place, address: str) -> InstallError:
    """The error of an address that is closed to the panel."""
    which = place.label if address == place.host else f"{place.label} ({address})"
    text = f"{which} is not a public address. If the server really is in a private network"
    return InstallError(f"{text}, set {OPENS}=1 for the panel.", field="address")


async def addresses_of(place: Place) -> list[str]:
    """The network addresses of a place, resolved once and checked; connect to these and to no name. InstallError."""
    check_literal(place)
    if literal(place.host) is not None:
        return [place.host]
    found = resolver()
    try:
        return [one["host"] for one in await found.resolve(place.host, place.port, socket.AF_UNSPEC)]
    except AddressRefusedError as error:
        raise refused(place, str(error.filename)) from None
    except OSError as error:
        passing = not (isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME)
        raise InstallError(f"The name {place.host} could not be resolved.", temporary=passing) from None
    finally:
        with contextlib.suppress(OSError):
            await found.close()


def _reach() -> Reach:
    return Reach(os.environ.get(OPENS) or Reach.PUBLIC)
