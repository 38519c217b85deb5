"""Licenses as files in a folder of a server, by SFTP: whole or not at all, and read back byte by byte."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import stat
import time
from typing import TYPE_CHECKING, Final

import asyncssh

from ka_plugins.installers.contents import TEMPORARY_PREFIX, contents_of, written
from ka_plugins.installers.ssh.connection import told
from ka_plugins.installing import Found, NotThereError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ka_plugins.contract import KeyFile
    from ka_plugins.installers.reach import Place
    from ka_plugins.installing import Parcel

MODE: Final = 0o600
LEFT_OVER: Final = 3600  # seconds after which nobody writes to a temporary file any more
LARGEST: Final = 10 * 1024 * 1024  # bytes that are read back; the panel takes no larger license file


class Folder:
    """The folder that the address names, over one connection. Links inside it are replaced, never followed."""

    def __init__(self, connection: asyncssh.SSHClientConnection, place: Place) -> None:
        self._connection, self.place = connection, place

    async def install(self, parcels: tuple[Parcel, ...]) -> None:
        """Write what is not there yet; what is there with equal bytes is not touched."""
        contents = contents_of(parcels)
        async with self._connection.start_sftp_client() as sftp:
            with told(self.place, self.place.path):
                await self._sweep(sftp)
            for name, body in contents.items():
                with told(self.place, self._path(name)):
                    if await _read(sftp, self._path(name), len(body)) != body:
                        await self._write(sftp, name, body)

    async def read_back(self, parcels: tuple[Parcel, ...]) -> tuple[Found, ...]:
        """Path, digest and size of each file as it is in the folder now."""
        found = []
        async with self._connection.start_sftp_client() as sftp:
            for name in contents_of(parcels):
                path = self._path(name)
                with told(self.place, path):
                    body = await _read(sftp, path, LARGEST)
                if body is None:
                    raise NotThereError(f"{path} is not on {self.place.label}.")
                found.append(Found(f"{self.place.host}:{path}", hashlib.sha256(body).hexdigest(), len(body)))
        return tuple(found)

    async def remove(self, parcels: tuple[Parcel, ...]) -> None:
        """Delete the parcels' files where they have these bytes; absent counts as done."""
        await self._remove(written(parcels))

    async def clear(self, files: tuple[KeyFile, ...]) -> None:
        """The same of single files."""
        await self._remove((file.name, file.body) for file in files)

    async def _remove(self, contents: Iterable[tuple[str, bytes]]) -> None:
        async with self._connection.start_sftp_client() as sftp:
            for name, body in contents:
                with told(self.place, self._path(name)), contextlib.suppress(asyncssh.SFTPNoSuchFile):
                    if await _read(sftp, self._path(name), len(body)) == body:
                        await sftp.remove(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self.place.path.rstrip('/')}/{name}"

    async def _write(self, sftp: asyncssh.SFTPClient, name: str, body: bytes) -> None:
        """Bytes first, then the name: whoever looks sees the old file or the whole new one."""
        temporary = self._path(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}.new")
        try:
            async with sftp.open(temporary, "xb", attrs=asyncssh.SFTPAttrs(permissions=MODE)) as file:
                await file.write(body)
                with contextlib.suppress(asyncssh.SFTPOpUnsupported):  # a server that is not OpenSSH's
                    await file.fsync()
            await sftp.posix_rename(temporary, self._path(name))
        except BaseException:
            with contextlib.suppress(asyncssh.Error, OSError):
                await sftp.remove(temporary)
            raise

    async def _sweep(self, sftp: asyncssh.SFTPClient) -> None:
        """Remove temporary files of writers that crashed; fails where there is no folder."""
        async for one in sftp.scandir(self.place.path):
            name, changed = str(one.filename), one.attrs.mtime or 0
            if name.startswith(TEMPORARY_PREFIX) and time.time() - changed > LEFT_OVER:
                with contextlib.suppress(asyncssh.SFTPError):
                    await sftp.remove(self._path(name))


async def _read(sftp: asyncssh.SFTPClient, path: str, limit: int) -> bytes | None:
    """The bytes of a regular file that is not larger than the limit; None where there is none."""
    try:
        status = await sftp.lstat(path)
    except asyncssh.SFTPNoSuchFile:
        return None
    if not stat.S_ISREG(status.permissions or 0) or (status.size or 0) > limit:
        return None
    async with sftp.open(path, "rb") as file:
        body: bytes = await file.read(limit)
        return body
