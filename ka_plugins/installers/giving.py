"""In which order a server is offered a license: by activation code first, by file where that is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ka_plugins.installing import InstallError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ka_plugins.contract import KeyFile
    from ka_plugins.installing import Parcel


class SaidNoError(InstallError):
    """The server understood and did not take the license."""


async def give(
    parcel: Parcel,
    *,
    by_code: Callable[[str], Awaitable[None]],
    by_file: Callable[[KeyFile], Awaitable[None]],
    may_pass: bool = False,
) -> None:
    """Offer one license until the server takes it.

    A code lets it fetch the newest revision by itself; a file works where the vendor cannot be reached from there.
    Raises InstallError with what the server said each time, temporary if `may_pass`; any other trouble ends it at once.
    """
    refusals = []
    if parcel.activation_code:
        try:
            return await by_code(parcel.activation_code)
        except SaidNoError as error:
            refusals.append(f"By activation code: {error.message}")
    for file in parcel.files:
        try:
            return await by_file(file)
        except SaidNoError as error:
            refusals.append(f"By the file {file.name}: {error.message}")
    if not refusals:
        raise InstallError(f"{parcel.key} has neither an activation code nor a file, so there is nothing to give.")
    raise InstallError(" ".join(refusals), temporary=may_pass)
