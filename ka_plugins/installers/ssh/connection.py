"""An SSH connection to a target: a private key opens it, a pinned host key proves whom it reached. Nothing else does.

No agent, no password, no file of the panel's own user: neither his keys, nor his known hosts, nor his configuration.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import asyncssh

from ka_plugins.installers.reach import Place, addresses_of, check_literal, place_of
from ka_plugins.installing import InstallError
from ka_plugins.settings import ip_setting, setting, shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from ka_plugins.installing import Target

# At its usual level it writes each command into the log, and with it activation codes.
asyncssh.set_log_level(logging.WARNING)

PORT: Final = 22
FILES: Final = "files"  # the product of a target that has none
FINGERPRINT: Final = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
CONNECT_SECONDS: Final = 10.0
WORK_SECONDS: Final = 120.0
ALIVE_SECONDS: Final = 5.0  # a server that has not answered two questions this far apart is gone
ALIVE_QUESTIONS: Final = 2
QUOTED: Final = 300  # characters of a server's words that a person gets to read
# Not the certificates: those are trusted by their authority, and what is pinned here is one key.
HOST_KEYS: Final = {
    "ssh-ed25519": ["ssh-ed25519"],
    "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
    "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
    "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
    "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"],
}
PASSING: Final = (asyncssh.ConnectionLost, asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, asyncssh.SFTPFailure)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a person enters beside the address."""

    login: str = setting("Login", help_text=shown("The user on the server. Tools of products need root."))
    private_key: str = setting(
        "Private key",
        secret=True,
        lines=6,
        help_text=shown("In OpenSSH or PEM form, without a passphrase; for the panel alone."),
    )
    host_key: str = setting(
        "Host key of the server",
        lines=3,
        help_text=shown(
            "A public key line, a line of ssh-keyscan, or a fingerprint (SHA256:...). Each line is accepted."
        ),
    )
    product: str = setting(
        "Install by",
        default=FILES,
        choices=(FILES, "plesk", "virtuozzo"),
        help_text=shown("Files go into the folder of the address; a product gets its licenses by its own tool."),
    )
    ip: str = ip_setting()


@dataclass(frozen=True, slots=True)
class Access:
    """All that a target says about how to reach it."""

    place: Place
    login: str
    private_key: asyncssh.SSHKey = field(repr=False)
    pins: frozenset[str]  # fingerprints
    algorithms: tuple[str, ...]  # of host keys, in the order of asking


class _Pinned(asyncssh.SSHClient):
    """Accepts the host keys of the target's credentials only."""

    def __init__(self, pins: frozenset[str]) -> None:
        self.pins, self.shown = pins, ""

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Whether the server's key is pinned."""
        del host, addr, port
        fingerprint = key.get_fingerprint()
        self.shown = f"{key.get_algorithm()} {fingerprint}"
        return fingerprint in self.pins


def access_of(target: Target) -> Access:
    """Read a target; InstallError names what is missing or malformed in it, never its value."""
    place = place_of(target.address, port=PORT, scheme="ssh")
    check_literal(place)
    missing = [name for name in ("login", "private_key", "host_key") if not target.credentials.get(name, "").strip()]
    if missing:
        raise InstallError(
            f"The target {place.label} needs in its credentials: {', '.join(missing)}.", field=missing[0]
        )
    try:
        private_key = asyncssh.import_private_key(target.credentials["private_key"].strip() + "\n")
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
        text = f"The private key for {place.label} cannot be read: one in OpenSSH or PEM form, without a passphrase,"
        raise InstallError(f"{text} is needed.", field="private_key") from None
    pins, algorithms = _pins(target.credentials["host_key"], place)
    return Access(place, target.credentials["login"].strip(), private_key, pins, algorithms)


def _pins(text: str, place: Place) -> tuple[frozenset[str], tuple[str, ...]]:
    """The fingerprints of lines with a fingerprint or a public key each, and the algorithms to ask for.

    Those of the pinned keys come first; the others follow so that a server without such a key shows what it has.
    """
    pins: set[str] = set()
    algorithms: set[str] = set()
    for line in filter(None, map(str.strip, text.splitlines())):
        if FINGERPRINT.fullmatch(line):
            pins.add(line)
            continue
        words = line.split()
        start = next((number for number, word in enumerate(words) if word in HOST_KEYS), len(words))
        try:
            key = asyncssh.import_public_key(" ".join(words[start : start + 2]))
        except asyncssh.KeyImportError:
            text = f"The host key of {place.label} cannot be read: SHA256:... or a line of ssh-keyscan is needed."
            raise InstallError(text, field="host_key") from None
        pins.add(key.get_fingerprint())
        algorithms.add(words[start])
    first = sorted(HOST_KEYS, key=lambda one: one not in algorithms)
    return frozenset(pins), tuple(name for one in first for name in HOST_KEYS[one])


@contextlib.asynccontextmanager
async def connected(access: Access) -> AsyncIterator[asyncssh.SSHClientConnection]:
    """One connection for one delivery; its errors, and those of the work over it, come out as InstallError."""
    with told(access.place):
        async with asyncio.timeout(WORK_SECONDS):
            connection = await _connect(access)
            try:
                yield connection
            finally:
                connection.abort()  # all answers are in; nothing is gained by waiting for a goodbye


async def _connect(access: Access) -> asyncssh.SSHClientConnection:
    error: Exception | None = None
    for address in await addresses_of(access.place):
        client = _Pinned(access.pins)
        try:
            return await _open(access, address, client)
        except asyncssh.HostKeyNotVerifiable:
            text = f"{access.place.label} showed the host key {client.shown}; pinned is {', '.join(access.pins)}."
            raise InstallError(f"{text} Nothing was sent. Find out why it changed, then pin the new one.") from None
        except (OSError, asyncssh.Error) as failure:
            error = failure
    raise error or InstallError(f"There is no address of {access.place.host}.", temporary=True)


async def _open(access: Access, address: str, client: _Pinned) -> asyncssh.SSHClientConnection:
    nothing: dict[str, Any] = {"config": None, "agent_path": None, "pkcs11_provider": None, "x509_trusted_certs": None}
    return await asyncssh.connect(
        address,
        access.place.port,
        client_factory=lambda: client,
        known_hosts=b"",
        server_host_key_algs=access.algorithms,
        username=access.login,
        client_keys=[access.private_key],
        preferred_auth=["publickey"],
        connect_timeout=CONNECT_SECONDS,
        login_timeout=CONNECT_SECONDS,
        # Without it, even the clean-up of a cancelled delivery would wait for a server that says nothing any more.
        keepalive_interval=ALIVE_SECONDS,
        keepalive_count_max=ALIVE_QUESTIONS,
        client_version="pbas",
        **nothing,
    )


@contextlib.contextmanager
def told(place: Place, what: str = "") -> Iterator[None]:
    """Errors of connection and file transfer as InstallError; `what` is the file that the work is at."""
    subject = f"{place.label}: {what}" if what else place.label
    try:
        yield
    except TimeoutError:
        raise InstallError(f"{subject}: no answer in time.", temporary=True) from None
    except asyncssh.PermissionDenied:
        text = "Is its public half in authorized_keys of this login?"
        raise InstallError(f"{place.label} does not accept the private key. {text}") from None
    except asyncssh.KeyExchangeFailed as error:
        raise InstallError(f"{subject}: no agreement on how to talk ({error.reason[:QUOTED]}).") from None
    except asyncssh.Error as error:
        raise InstallError(
            f"{subject}: {error.reason[:QUOTED].rstrip('.')}.", temporary=isinstance(error, PASSING)
        ) from None
    except OSError as error:
        raise InstallError(
            f"No connection to {subject}: {os.strerror(error.errno) if error.errno else 'it broke'}.", temporary=True
        ) from None
