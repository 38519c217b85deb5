"""Licenses into a folder: the embedded panel's default, and what a configuration tool or a sync picks up from."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ka_plugins.installers.contents import TEMPORARY_PREFIX, contents_of, written
from ka_plugins.installing import Found, Installer, InstallError, NotThereError, Parcel, Target
from ka_plugins.settings import ip_setting, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ka_plugins.contract import KeyFile

MODE: Final = 0o600
TEMPORARY_SUFFIX: Final = ".new"
READ_AT_ONCE: Final = 1 << 20  # bytes
LEFT_OVER: Final = 3600.0  # seconds after which nobody writes to a temporary file any more
SWEPT_FOLDERS: Final = 10_000  # remembered; sweeping one again costs little
# The target is all right, but not at this moment. Everything else waits for a person who mends it.
PASSING: Final = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
    errno.EAGAIN,
    errno.EBUSY,
    errno.ENOMEM,
    errno.ESTALE,
    errno.ETIMEDOUT,
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a person enters beside the address."""

    ip: str = ip_setting()


class DirectoryInstaller(Installer):
    """`Target.address` is the absolute path of a folder that exists.

    What a parcel becomes there, `contents_of` says. A file is there whole and durable or not at all. Symbolic links
    inside the folder are never followed.
    """

    kind = "directory"
    label = shown("Folder")
    address_help = shown("The absolute path of a folder of the panel's own machine. It has to exist.")
    Credentials = Credentials

    def __init__(self) -> None:
        self._swept: set[str] = set()

    def check(self, target: Target) -> None:
        """The path has to be absolute."""
        if not os.path.isabs(target.address):  # noqa: PTH117 (a path object costs more than the system's own calls)
            raise InstallError(f"The folder {target.address!r} is not an absolute path.", field="address")

    async def install(self, target: Target, parcels: tuple[Parcel, ...]) -> None:
        """Write what is not there yet; what is there with equal bytes is not touched."""
        await asyncio.to_thread(self._install, target, parcels)

    async def read_back(self, target: Target, parcels: tuple[Parcel, ...]) -> tuple[Found, ...]:
        """Path, digest and size of each file as it is in the folder now."""
        return await asyncio.to_thread(self._read_back, target, parcels)

    async def deliver(self, target: Target, parcels: tuple[Parcel, ...]) -> tuple[Found, ...]:
        """Both in one go of a thread."""
        return await asyncio.to_thread(self._deliver, target, parcels)

    async def remove(self, target: Target, parcels: tuple[Parcel, ...]) -> None:
        """Delete the parcels' files where they have these bytes; a missing folder counts as done."""
        await asyncio.to_thread(self._remove, target, tuple(written(parcels)))

    async def clear(self, target: Target, files: tuple[KeyFile, ...]) -> None:
        """The same of single files."""
        await asyncio.to_thread(self._remove, target, tuple((file.name, file.body) for file in files))

    def _install(self, target: Target, parcels: tuple[Parcel, ...]) -> None:
        self.check(target)
        with _folder(target) as folder:
            self._put(folder, target, contents_of(parcels))

    def _read_back(self, target: Target, parcels: tuple[Parcel, ...]) -> tuple[Found, ...]:
        self.check(target)
        with _folder(target) as folder:
            return _look(folder, target, contents_of(parcels))

    def _deliver(self, target: Target, parcels: tuple[Parcel, ...]) -> tuple[Found, ...]:
        self.check(target)
        contents = contents_of(parcels)
        with _folder(target) as folder:
            self._put(folder, target, contents)
            return _look(folder, target, contents)

    def _put(self, folder: int, target: Target, contents: dict[str, bytes]) -> None:
        if target.address not in self._swept:
            _sweep(folder)
            if len(self._swept) >= SWEPT_FOLDERS:
                self._swept.clear()
            self._swept.add(target.address)
        for name, body in contents.items():
            with _told(target, name):
                if _read(folder, name, limit=len(body)) != body:
                    _write(folder, name, body)
        # Also where nothing was written: a crash may have come between an earlier rename and this.
        os.fsync(folder)

    def _remove(self, target: Target, contents: tuple[tuple[str, bytes], ...]) -> None:
        self.check(target)
        if not Path(target.address).exists():
            return
        with _folder(target) as folder:
            for name, body in contents:
                with _told(target, name), contextlib.suppress(FileNotFoundError):
                    if _read(folder, name, limit=len(body)) == body:
                        os.unlink(name, dir_fd=folder)
            os.fsync(folder)


@contextlib.contextmanager
def _folder(target: Target) -> Iterator[int]:
    """The open folder, so that all that follows happens in this very one even if its path changes meanwhile."""
    with _told(target, "the folder"):
        folder = os.open(target.address, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with _told(target, "the folder"):
            yield folder
    finally:
        os.close(folder)


@contextlib.contextmanager
def _told(target: Target, what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        number = error.errno if isinstance(error, OSError) else None
        reason = os.strerror(number) if number else str(error)
        raise InstallError(f"{target.address}: {what}: {reason}.", temporary=number in PASSING) from None


def _look(folder: int, target: Target, names: Iterable[str]) -> tuple[Found, ...]:
    found = []
    for name in names:
        with _told(target, name):
            body = _read(folder, name)
        if body is None:
            raise NotThereError(f"{name} is not in {target.address}.")
        path = os.path.join(target.address, name)  # noqa: PTH118 (as above)
        found.append(Found(path, hashlib.sha256(body).hexdigest(), len(body)))
    return tuple(found)


def _read(folder: int, name: str, limit: int | None = None) -> bytes | None:
    """The bytes of a regular file, None where there is none; with a limit also where it is longer than that."""
    try:
        # Not blocking, as the name may have become a pipe; a link is refused by the system itself.
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ELOOP, errno.ENXIO}:
            return None
        raise
    try:
        status = os.fstat(file)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, "a folder has this name")
        if not stat.S_ISREG(status.st_mode) or (limit is not None and status.st_size != limit):
            return None
        return _whole(file, status.st_size)
    finally:
        os.close(file)


def _whole(file: int, size: int) -> bytes:
    """All that an open file holds; one that is as long as it was said to be takes one call of the system."""
    body = os.read(file, min(size, READ_AT_ONCE) + 1)
    if len(body) != size:
        body += b"".join(iter(lambda: os.read(file, READ_AT_ONCE), b""))
    return body


def _write(folder: int, name: str, body: bytes) -> None:
    """Bytes first, durable, then the name: whoever looks sees the old file or the whole new one."""
    temporary = f"{TEMPORARY_PREFIX}{os.urandom(8).hex()}{TEMPORARY_SUFFIX}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.open(temporary, flags, MODE, dir_fd=folder)
    try:
        try:
            rest = memoryview(body)
            while rest:
                rest = rest[os.write(file, rest) :]
            os.fsync(file)
        finally:
            os.close(file)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise


def _sweep(folder: int) -> None:
    """Remove temporary files of writers that crashed; once per folder and process, as it reads the whole folder."""
    with os.scandir(folder) as entries:
        names = [one.name for one in entries if one.name.startswith(TEMPORARY_PREFIX)]
    for name in names:
        with contextlib.suppress(OSError):
            if time.time() - os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime > LEFT_OVER:
                os.unlink(name, dir_fd=folder)
