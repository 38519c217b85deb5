"""What proves that a server holds a license, where it shows numbers and dates instead of files.

A vendor's change raises the four digits at the end of a key number; prefix and eight digits are the license. A server
may have fetched a newer revision by itself, so a newer one proves as well; an older one does not.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from ka_plugins.installers.numbers import base_of, revision_of, written
from ka_plugins.installing import Found, InstallError, NotThereError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ka_plugins.installing import Parcel

GOOD: Final = {"", "ACTIVE"}


@dataclass(frozen=True, slots=True)
class Held:
    """One license that a server says it holds; `expires` is None where it names no day."""

    number: str
    expires: date | None = None
    status: str = ""
    serial: str = ""

    def __str__(self) -> str:
        return f"{self.number}, {f'expires {self.expires}' if self.expires else 'no expiry'}"


def same_license(parcel: Parcel, held: Sequence[Held]) -> list[Held]:
    """What the server holds of the parcel's license, in whatever revision and state."""
    base = base_of(_number_of(parcel))
    return [one for one in held if base_of(one.number) == base]


def held_as(parcel: Parcel, held: Sequence[Held]) -> Held | None:
    """The license on the server that is this parcel's: in force, of this or a newer revision. None where it is not."""
    return next((one for one in same_license(parcel, held) if not _trouble(parcel, one)), None)


def proof(parcel: Parcel, held: Sequence[Held], where: str) -> tuple[Found, ...]:
    """What was found of a parcel, one for each of its files; NotThereError says what the server holds instead.

    The server named the number and the expiry of what the parcel's files carry; it shows no bytes, so digest and size
    are those of the files themselves.
    """
    one = held_as(parcel, held)
    if one is None:
        older = any(revision_of(other.number) < revision_of(_number_of(parcel)) for other in same_license(parcel, held))
        raise NotThereError(_absence(parcel, held, where), older=older)
    bodies = [file.body for file in parcel.files] or [one.number.encode()]
    return tuple(Found(f"{where}: {one}", hashlib.sha256(body).hexdigest(), len(body)) for body in bodies)


def _absence(parcel: Parcel, held: Sequence[Held], where: str) -> str:
    for one in same_license(parcel, held):
        return f"{where} holds {one}, which does not prove {parcel.key}: {_trouble(parcel, one)}."
    there = "; ".join(str(one) for one in held) or "no license"
    return f"{where} does not hold {parcel.key} although it was given. It holds: {there}."


def _trouble(parcel: Parcel, one: Held) -> str:
    if revision_of(one.number) < revision_of(_number_of(parcel)):
        return "it is an older revision"
    if one.status.upper() not in GOOD:
        return f"its status there is {one.status}"
    if one.expires is not None and one.expires < datetime.now(UTC).date():
        return "it has expired"
    return ""


def _number_of(parcel: Parcel) -> str:
    number = written(parcel.key)
    if not number:
        raise InstallError(f"{parcel.key} is no key number such as PLSK.12345678.0001, so no server can prove it.")
    return number
