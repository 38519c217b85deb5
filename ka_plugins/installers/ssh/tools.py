"""Licenses through the product's own tool on its server: Plesk's and Virtuozzo's command lines.

The tools keep registries of their own, so nothing is written beside them; and they show numbers and dates, not files.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import shlex
from typing import TYPE_CHECKING, ClassVar, Final

import asyncssh

from ka_plugins.installers.contents import TEMPORARY_PREFIX, check_name
from ka_plugins.installers.days import day_of
from ka_plugins.installers.giving import SaidNoError, give
from ka_plugins.installers.numbers import written
from ka_plugins.installers.proofs import Held, held_as, proof, same_license
from ka_plugins.installers.ssh.connection import QUOTED
from ka_plugins.installing import Found, InstallError, NotRemovableError, Parcel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ka_plugins.contract import KeyFile
    from ka_plugins.installers.reach import Place

MOST_OUTPUT: Final = 256 * 1024  # characters; more is no license list
KILLED: Final = 128  # exit status of a shell whose command was killed is this and the signal; asyncssh's is negative
NOT_FOUND: Final = 127  # exit status of a shell that knows no such command
VZ_LINE: Final = re.compile(r'\s*(\w+)="(.*)"\s*')


class Tool:
    """One product's tool over one connection. Subclasses say which words it understands and read what it shows."""

    name: ClassVar[str]  # of the product, for people
    flaky: ClassVar[bool] = False  # whether a refusal may pass by itself

    def __init__(self, connection: asyncssh.SSHClientConnection, place: Place) -> None:
        self._connection, self.place = connection, place

    def by_code(self, code: str) -> tuple[str, ...]:
        """The command that activates a code."""
        raise NotImplementedError

    def by_file(self, path: str) -> tuple[str, ...]:
        """The command that loads a license file of the server."""
        raise NotImplementedError

    async def held(self) -> list[Held]:
        """All licenses that the product shows."""
        raise NotImplementedError

    async def take_out(self, one: Held) -> None:
        """Remove one license of the server."""
        raise NotImplementedError

    def check(self, parcels: tuple[Parcel, ...]) -> None:
        """Raises InstallError where the tool could not prove these parcels, before anything is installed."""

    async def install(self, parcels: tuple[Parcel, ...]) -> None:
        """Install what the product does not hold yet: by activation code first, by file where that fails."""
        self.check(parcels)
        held = await self.held()
        for parcel in parcels:
            if held_as(parcel, held) is None:
                await give(parcel, by_code=self._activate, by_file=self._load, may_pass=self.flaky)

    async def read_back(self, parcels: tuple[Parcel, ...]) -> tuple[Found, ...]:
        """Number and expiry as the product shows them."""
        self.check(parcels)
        held = await self.held()
        return tuple(found for one in parcels for found in proof(one, held, f"{self.name} on {self.place.label}"))

    async def remove(self, parcels: tuple[Parcel, ...]) -> None:
        """Take out what is held; absent counts as done."""
        for parcel in parcels:
            for one in same_license(parcel, await self.held()):
                await self.take_out(one)

    async def clear(self, files: tuple[KeyFile, ...]) -> None:
        """The product keeps its licenses by itself."""

    async def _activate(self, code: str) -> None:
        await self.run(*self.by_code(code), secret=code)

    async def _load(self, file: KeyFile) -> None:
        async with self._lent(file) as path:
            await self.run(*self.by_file(path))

    @contextlib.asynccontextmanager
    async def _lent(self, file: KeyFile) -> AsyncIterator[str]:
        """A license file on the server, in a folder that only this login can read, for as long as the tool needs it."""
        check_name(file.name)
        folder = f"/tmp/{TEMPORARY_PREFIX}{secrets.token_hex(16)}"  # noqa: S108 - made here, and refused if it is there
        path = f"{folder}/{file.name}"
        async with self._connection.start_sftp_client() as sftp:
            await sftp.mkdir(folder, asyncssh.SFTPAttrs(permissions=0o700))
            try:
                async with sftp.open(path, "xb") as opened:
                    await opened.write(file.body)
                yield path
            finally:
                with contextlib.suppress(asyncssh.Error):
                    await sftp.remove(path)
                    await sftp.rmdir(folder)

    async def run(self, *words: str, secret: str = "") -> str:
        """What a command prints. SaidNoError in the tool's own words, without the secret, where it fails."""
        async with self._connection.create_process(
            shlex.join(words), stdin=asyncssh.DEVNULL, stderr=asyncssh.STDOUT, encoding="utf-8", errors="replace"
        ) as process:
            printed = ""
            while part := await process.stdout.read(MOST_OUTPUT):
                printed += part
                if len(printed) > MOST_OUTPUT:
                    raise InstallError(f"{words[0]} on {self.place.label} prints without end; it was stopped.")
            await process.wait_closed()
        status = process.exit_status
        if status is None or status < 0 or status > KILLED:
            text = f"{words[0]} on {self.place.label} ended without a result."
            raise InstallError(text, temporary=True)
        if status == NOT_FOUND:
            text = f"{self.place.label} has no command {words[0]}: is {self.name} installed there?"
            raise InstallError(text)
        if status != 0:
            said = " ".join(printed.replace(secret, "***").split()) if secret else " ".join(printed.split())
            raise SaidNoError(f"{words[0]} on {self.place.label} refused ({status}): {said[-QUOTED:] or 'no reason'}.")
        return printed


class PleskTool(Tool):
    """`plesk bin license` and `plesk bin keyinfo` (Plesk's command line reference).

    `keyinfo` shows the server's main key alone, so additional keys are refused: they could not be proven.
    """

    name = "Plesk"

    def check(self, parcels: tuple[Parcel, ...]) -> None:
        """No additional keys."""
        additional = [one.key for one in parcels if one.additional]
        if additional:
            text = f"Plesk's command line does not show additional keys, so {', '.join(additional)} could not be proven"
            raise InstallError(f"{text}. Nothing was installed. Use an install target of the kind plesk.")

    def by_code(self, code: str) -> tuple[str, ...]:
        """As the command line takes it; the code can be seen in the server's process list while it runs."""
        return ("plesk", "bin", "license", "--install", code)

    def by_file(self, path: str) -> tuple[str, ...]:
        """The same option takes a file."""
        return ("plesk", "bin", "license", "--install", path)

    async def held(self) -> list[Held]:
        """The main key: `name: value` lines, of which plesk_key_id (no dots) and lim_date (YYYYMMDD) are read."""
        lines = (line.partition(":") for line in (await self.run("plesk", "bin", "keyinfo", "--list")).splitlines())
        values = {name.strip(): value.strip() for name, _, value in lines}
        number = written(values.get("plesk_key_id", ""))
        return [Held(number, day_of(values.get("lim_date", "")))] if number else []

    async def take_out(self, one: Held) -> None:
        """Plesk keeps its main key until another comes."""
        text = f"Plesk on {self.place.label} cannot give {one.number} back: a main key is only replaced by another"
        raise NotRemovableError(f"{text}. It ends there when the vendor ends it.")


class VirtuozzoTool(Tool):
    """`vzlicload` and `vzlicview` (Virtuozzo's command line reference). Activation there fails at times by itself."""

    name = "Virtuozzo"
    flaky = True

    def by_code(self, code: str) -> tuple[str, ...]:
        """Needs the network on the server's side."""
        return ("vzlicload", "-p", code)

    def by_file(self, path: str) -> tuple[str, ...]:
        """Works offline."""
        return ("vzlicload", "-f", path)

    async def held(self) -> list[Held]:
        """All licenses: blocks of `name="value"` lines; a line of another form, or a name again, begins the next."""
        blocks: list[dict[str, str]] = [{}]
        for line in (await self.run("vzlicview")).splitlines():
            match = VZ_LINE.fullmatch(line)
            if match is None or match[1] in blocks[-1]:
                blocks.append({})
            if match is not None:
                blocks[-1][match[1]] = match[2]
        return [
            Held(number, day_of(one.get("expiration", "")), one.get("status", ""), one.get("serial", ""))
            for one in blocks
            if (number := written(one.get("key_number", "")))
        ]

    async def take_out(self, one: Held) -> None:
        """By its serial."""
        await self.run("vzlicload", "-r", one.serial)


TOOLS: Final[dict[str, type[Tool]]] = {"plesk": PleskTool, "virtuozzo": VirtuozzoTool}
