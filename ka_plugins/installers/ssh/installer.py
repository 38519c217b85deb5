"""Licenses into a server over SSH: as files in a folder, or through the tool of the product that runs there."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ka_plugins.installers.ssh.connection import FILES, Access, Credentials, access_of, connected, told
from ka_plugins.installers.ssh.folder import Folder
from ka_plugins.installers.ssh.tools import TOOLS, Tool
from ka_plugins.installing import Found, Installer, InstallError, NotProvenError, Parcel, Target
from ka_plugins.settings import shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ka_plugins.contract import KeyFile


class SshInstaller(Installer):
    """`Target.address` is `host`, `host:port`, or for files `host:port/an/absolute/folder` that exists.

    Credentials: `login`; `private_key` as text, without a passphrase; `host_key`, a fingerprint (`SHA256:...`) or a
    public key line; `product`: `plesk` or `virtuozzo` run that product's tool; left out or `files`, files go into
    the folder.
    """

    kind = "ssh"
    label = shown("Server over SSH")
    address_help = shown(
        "Host, or host:port; for files with a folder that exists, like server.example:22/srv/licenses."
    )
    Credentials = Credentials

    def check(self, target: Target) -> None:
        """Address, keys and product have to be readable, and the address open to the panel."""
        _way_of(target)

    async def install(self, target: Target, parcels: tuple[Parcel, ...]) -> None:
        """Give the server what it does not have yet. Raises InstallError."""
        async with _opened(target) as way:
            await way.install(parcels)

    async def read_back(self, target: Target, parcels: tuple[Parcel, ...]) -> tuple[Found, ...]:
        """Digests of the files as they are there, or number and expiry as the product shows them."""
        async with _opened(target) as way:
            return await way.read_back(parcels)

    async def deliver(self, target: Target, parcels: tuple[Parcel, ...]) -> tuple[Found, ...]:
        """Both over one connection."""
        async with _opened(target) as way:
            await way.install(parcels)
            try:
                with told(way.place):
                    return await way.read_back(parcels)
            except InstallError as error:
                if not error.temporary:
                    raise
                raise NotProvenError(error.message, temporary=True) from error

    async def remove(self, target: Target, parcels: tuple[Parcel, ...]) -> None:
        """Take the parcels out; absent counts as done. Plesk cannot give a main key back: NotRemovableError."""
        async with _opened(target) as way:
            await way.remove(parcels)

    async def clear(self, target: Target, files: tuple[KeyFile, ...]) -> None:
        """Only where files go into a folder: a product keeps its licenses by itself."""
        if not _way_of(target)[1]:
            async with _opened(target) as way:
                await way.clear(files)


def _way_of(target: Target) -> tuple[Access, str]:
    """How to reach a target, and whose tool to use there; "" for files. InstallError."""
    access, product = access_of(target), target.credentials.get("product", "").strip().lower()
    if product == FILES:
        product = ""
    if product and product not in TOOLS:
        known = f"There are: {', '.join(TOOLS)}; {FILES} means none."
        raise InstallError(f"No product is called {product!r}. {known}", field="product")
    if not product and len(access.place.path) < len("/a"):
        text = f"{target.address} names no folder: host:port/folder is needed, or a product."
        raise InstallError(text, field="address")
    return access, product


@contextlib.asynccontextmanager
async def _opened(target: Target) -> AsyncIterator[Folder | Tool]:
    """The way into a target, over one connection. What can be seen to be wrong is said before it is opened."""
    access, product = _way_of(target)
    async with connected(access) as connection:
        yield TOOLS[product](connection, access.place) if product else Folder(connection, access.place)
