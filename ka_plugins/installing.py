"""What an installer promises: it puts licenses into targets of one kind and reads them back.

Like the plug-in contract plain Python: every verb is a coroutine, safe to repeat, outside any database transaction.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from ka_plugins.settings import NoSettings, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ka_plugins.contract import KeyFile


class InstallError(Exception):
    """The license could not be put into its target, or was not found there.

    `temporary` errors are tried again by the panel; others wait for a person. Never calls the vendor again.
    `field` is what of the target is wrong, where it is one thing: `address` or the name of a credential.
    """

    fault: ClassVar[str] = "install target"

    def __init__(self, message: str, *, temporary: bool = False, field: str = "") -> None:
        super().__init__(message)
        self.message, self.temporary, self.field = message, temporary, field


class NotProvenError(InstallError):
    """The target took the license but could not be read back just now; reading alone is tried again."""


class NotThereError(InstallError):
    """The target was asked and does not hold the license; `older`: it holds an older revision of it.

    Only this says that a license is gone. Any other InstallError of `read_back` says that nobody could look.
    """

    def __init__(self, message: str, *, older: bool = False) -> None:
        super().__init__(message)
        self.older = older


class NotRemovableError(InstallError):
    """The target holds the license, and those of its kind give none back."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the licenses of a subscription go. What `address` and `credentials` mean is the installer's matter."""

    kind: str
    address: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Parcel:
    """All that one license puts into a target: its key, its code, its files. Additional keys are parcels too."""

    key: str
    activation_code: str = field(default="", repr=False)
    files: tuple[KeyFile, ...] = ()
    additional: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """One thing read back from a target: its path there and the digest of its bytes."""

    path: str
    sha256: str
    size: int


def check_ip(target: Target) -> None:
    """Of every kind of target: the `ip` among its credentials has to be one. Raises InstallError."""
    try:
        ipaddress.ip_address(target.credentials.get("ip") or "::")
    except ValueError:
        raise InstallError(shown("That is no IP address; 192.0.2.7 and 2001:db8::7 are."), field="ip") from None


class Installer:
    """Puts parcels into targets of one kind. All its verbs are safe to repeat; twice is a no-op.

    `Credentials` declares what a person may enter beside the address: a frozen dataclass of `setting()` texts, with an
    `ip` among them, by which some vendors find and bind licenses.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    address_help: ClassVar[str] = ""  # what the address is, for the person who enters it
    Credentials: ClassVar[type] = NoSettings

    def check(self, target: Target) -> None:
        """Say what can be seen to be wrong with a target without reaching for it. Raises InstallError."""

    async def install(self, target: Target, parcels: tuple[Parcel, ...]) -> None:
        """Put everything there; all of a file or nothing of it. Raises InstallError."""
        raise NotImplementedError

    async def read_back(self, target: Target, parcels: tuple[Parcel, ...]) -> tuple[Found, ...]:
        """What the target really holds of these parcels now, in their order. Raises NotThereError if it is absent."""
        raise NotImplementedError

    async def deliver(self, target: Target, parcels: tuple[Parcel, ...]) -> tuple[Found, ...]:
        """Install and read back. Override it where one connection serves for both.

        Raises InstallError; NotProvenError where only the reading failed.
        """
        await self.install(target, parcels)
        try:
            return await self.read_back(target, parcels)
        except InstallError as error:
            if not error.temporary:
                raise
            raise NotProvenError(error.message, temporary=True) from error

    async def remove(self, target: Target, parcels: tuple[Parcel, ...]) -> None:
        """Take the parcels out; absent counts as done, and a file that has other bytes by now stays.

        Raises InstallError; NotRemovableError where such a target cannot give back what it holds.
        """
        raise NotImplementedError

    async def clear(self, target: Target, files: tuple[KeyFile, ...]) -> None:
        """Take out files that newer ones have replaced, as `remove` does. Nothing where targets keep no files.

        The license stays: what is left of it in the target are the files that are not named here.
        """
