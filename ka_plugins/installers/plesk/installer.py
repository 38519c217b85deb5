"""Licenses into a Plesk server through its XML API.

"ok" to `lic_install` proves nothing: whether the server holds the license is read back from it.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final, TypeVar

from ka_plugins.installers.giving import SaidNoError, give
from ka_plugins.installers.plesk import packets
from ka_plugins.installers.plesk.connection import Credentials, Line, access_of, connected
from ka_plugins.installers.proofs import Held, held_as, proof, same_license
from ka_plugins.installing import Found, Installer, InstallError, NotProvenError, NotRemovableError, Parcel, Target
from ka_plugins.settings import shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from ka_plugins.contract import KeyFile

Read = TypeVar("Read")
# XML API reference, error codes: these are about who asks, and no other license would fare better.
ABOUT_ACCESS: Final = {"1001", "1005", "1006", "1014", "11003"}
QUOTED: Final = 300  # characters of the server's words that a person gets to read


class PleskInstaller(Installer):
    """`Target.address` is `host` or `host:port` (8443 where there is none).

    Credentials: `secret_key` (bound to the panel's address by Plesk), or the administrator's `login` and `password`,
    which go before it;
    `certificate`: the SHA-256 fingerprint of the server's certificate, or PEM text of it or of its authority; where
    it is left out, the system's trust and the host name decide.
    """

    kind = "plesk"
    label = shown("Plesk server")
    address_help = shown("Host, or host:port; 8443 if left out. Always HTTPS.")
    Credentials = Credentials

    def check(self, target: Target) -> None:
        """Address and credentials have to be readable, and the address open to the panel."""
        access_of(target)

    async def install(self, target: Target, parcels: tuple[Parcel, ...]) -> None:
        """Give the server what it does not hold yet, main keys first. Raises InstallError."""
        async with _opened(target) as server:
            await server.install(parcels)

    async def read_back(self, target: Target, parcels: tuple[Parcel, ...]) -> tuple[Found, ...]:
        """Number and expiry as the server shows them. Raises InstallError where it holds something else."""
        async with _opened(target) as server:
            return await server.read_back(parcels)

    async def deliver(self, target: Target, parcels: tuple[Parcel, ...]) -> tuple[Found, ...]:
        """Both over one connection."""
        async with _opened(target) as server:
            await server.install(parcels)
            try:
                return await server.read_back(parcels)
            except InstallError as error:
                if not error.temporary:
                    raise
                raise NotProvenError(error.message, temporary=True) from error

    async def remove(self, target: Target, parcels: tuple[Parcel, ...]) -> None:
        """Absent counts as done; the XML API cannot take out what is there: NotRemovableError."""
        async with _opened(target) as server:
            held = await server.held(parcels)
        there = [str(one) for parcel in parcels for one in same_license(parcel, held)]
        if there:
            text = f"Plesk's XML API cannot take out {'; '.join(there)}. It ends there when the vendor ends it"
            raise NotRemovableError(f"{text}, or remove it in Plesk under License Management.")


class _Server:
    """What can be asked of one server over one connection."""

    def __init__(self, line: Line, label: str) -> None:
        self._line, self._label = line, label

    async def install(self, parcels: tuple[Parcel, ...]) -> None:
        held = await self.held(parcels)
        for parcel in sorted(parcels, key=lambda one: one.additional):
            if held_as(parcel, held) is None:
                await self._give(parcel)

    async def read_back(self, parcels: tuple[Parcel, ...]) -> tuple[Found, ...]:
        held = await self.held(parcels)
        return tuple(found for one in parcels for found in proof(one, held, f"Plesk on {self._label}"))

    async def held(self, parcels: tuple[Parcel, ...]) -> list[Held]:
        """The main key, and the additional ones where one of the parcels is about them."""
        held = await self._ask(packets.main_key_packet(), packets.read_main_key)
        if any(one.additional for one in parcels):
            held += await self._ask(packets.additional_keys_packet(), packets.read_additional_keys)
        return held

    async def _give(self, parcel: Parcel) -> None:
        async def by_code(code: str) -> None:
            packet = packets.install_packet(code=code, additional=parcel.additional)
            await self._ask(packet, packets.check_installed, secret=code)

        async def by_file(file: KeyFile) -> None:
            packet = packets.install_packet(body=file.body, additional=parcel.additional)
            await self._ask(packet, packets.check_installed)

        await give(parcel, by_code=by_code, by_file=by_file)

    async def _ask(self, packet: bytes, read: Callable[[bytes], Read], *, secret: str = "") -> Read:
        """Send a packet and read its answer; the server's own words come out without the secret."""
        body = await self._line.send(packet)
        try:
            return read(body)
        except packets.UnreadableError as error:
            text = f"The answer of {self._label} is none of Plesk's XML API ({error}). Is it Plesk's own port?"
            raise InstallError(text, temporary=True) from None
        except packets.ServerError as error:
            said = error.text.replace(secret, "***") if secret else error.text
            text = f"Plesk on {self._label} refused ({error.code or 'no code'}): {said[:QUOTED] or 'no reason'}."
            raise (InstallError(text) if error.code in ABOUT_ACCESS else SaidNoError(text)) from None


@contextlib.asynccontextmanager
async def _opened(target: Target) -> AsyncIterator[_Server]:
    access = access_of(target)
    async with connected(access) as line:
        yield _Server(line, access.place.label)
