"""The address guard: which network addresses the panel may connect to on behalf of a configuration.

A host name typed into a form must not reach what only the panel's own machine can reach. So a name is resolved once,
what it resolves to is checked, and the connection goes to exactly what was checked.
"""

from __future__ import annotations

import enum
import functools
import ipaddress
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

# A translator to IPv4 (RFC 6052) makes these reach whatever IPv4 address stands in the last four bytes.
TRANSLATED = IPv6Network("64:ff9b::/96")


class Reach(enum.StrEnum):
    """What else than the public internet is open to the panel; the values are those of the setting."""

    PUBLIC = "0"
    LOOPBACK = "loopback"  # and this very machine, where the simulator listens
    PRIVATE = "1"  # and every private network

    def covers(self, address: IPv4Address | IPv6Address) -> bool:
        """Whether the panel may connect to an address."""
        if self is Reach.PRIVATE or is_public(address):
            return True
        inner = _embedded(address) if isinstance(address, IPv6Address) else None
        return self is Reach.LOOPBACK and (inner or address).is_loopback


class AddressRefusedError(OSError):
    """Every address that a name stands for is closed to the panel."""


@functools.lru_cache(maxsize=1024)
def literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host part of a URL spells out, or None where it is a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address belongs to the public internet, also by what it embeds (mapped, 6to4, translated)."""
    if isinstance(address, IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast


def _embedded(address: IPv6Address) -> IPv4Address | None:
    if address in TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


class GuardedResolver(AbstractResolver):
    """Resolves names and leaves out every address that is not open to the panel."""

    def __init__(self, reach: Reach, inner: AbstractResolver | None = None) -> None:
        self._reach, self._inner = reach, inner or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Those addresses of a name that are open; AddressRefusedError where it has only others."""
        found = await self._inner.resolve(host, port, family)
        allowed = [one for one in found if (address := literal(one["host"])) and self._reach.covers(address)]
        if found and not allowed:
            raise AddressRefusedError(0, "not a public address", found[0]["host"])
        return allowed

    async def close(self) -> None:
        """Release what the inner resolver holds."""
        await self._inner.close()
