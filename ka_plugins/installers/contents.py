"""What a parcel becomes where licenses are kept as files."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ka_plugins.installers.numbers import base_of
from ka_plugins.installing import InstallError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ka_plugins.installing import Parcel

TEMPORARY_PREFIX: Final = ".pbas-"
LONGEST_NAME: Final = 255  # bytes
LONGEST_STEM: Final = 200  # characters; a longer key is named by its digest


def contents_of(parcels: tuple[Parcel, ...]) -> dict[str, bytes]:
    """File names and bytes of all parcels, in their order.

    A parcel becomes its files under their names, `<key>.activation-code` where it has one, and `<key>.key` where it
    has no files; a key whose revision grows is named without that, so that a newer one takes the older one's place.
    Raises InstallError for what must not be written: a name with a path, two different files of a name.
    """
    contents: dict[str, bytes] = {}
    for name, body in written(parcels):
        if contents.setdefault(name, body) != body:
            raise InstallError(f"Two different files are called {name}; the folder can hold only one.")
    return contents


def written(parcels: tuple[Parcel, ...]) -> Iterator[tuple[str, bytes]]:
    """The same one by one. To take them out, a name may come with each of the bytes that it ever had."""
    for parcel in parcels:
        files = [(file.name, file.body) for file in parcel.files]
        if not files:
            files.append((_stem(parcel.key) + ".key", parcel.key.encode() + b"\n"))
        if parcel.activation_code:
            files.append((_stem(parcel.key) + ".activation-code", parcel.activation_code.encode() + b"\n"))
        for name, body in files:
            check_name(name)
            yield name, body


def check_name(name: str) -> None:
    """Raises InstallError where this cannot be the name of a license file."""
    bad = name in {"", ".", ".."} or name.startswith(TEMPORARY_PREFIX) or len(os.fsencode(name)) > LONGEST_NAME
    if bad or not name.isprintable() or any(sign in name for sign in "/\\"):
        raise InstallError(f"{name!r} cannot be the name of a license file: a plain name without a path is needed.")


def _stem(key: str) -> str:
    """A file name for a key: itself where its signs allow, never two keys of one name."""
    name = quote(base_of(key) or key, safe="")
    return name if len(name) <= LONGEST_STEM else hashlib.sha256(key.encode()).hexdigest()
