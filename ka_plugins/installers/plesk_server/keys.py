"""What the simulated server holds, and what it does with a license that it is given."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from ka_plugins.installers.numbers import NUMBER

NO_KEY: Final = {"plesk_key_id": "plsk.00000000.0000", "lim_date": "-1"}
REJECTED: Final = "1023"
# Read from the simulated vendor's key files, whatever their namespace.
PARTS: Final = {
    part: re.compile(rf"<(?:[\w-]+:)?{part}>([^<]*)</".encode())
    for part in ("key-number", "key-version", "expiration-date")
}


class RejectedError(Exception):
    """The server does not take this license: the text is what it answers."""


@dataclass(frozen=True, slots=True)
class SimulatedKey:
    """A license as the server keeps it: PLSK.12345678.0001, and YYYY-MM-DD or "" where it has no end."""

    number: str
    expires: str = ""
    additional: bool = False


@dataclass(slots=True)
class Keys:
    """One main key, any number of additional ones, and the activation codes that the vendor would know."""

    main: SimulatedKey | None = None
    additional: dict[str, SimulatedKey] = field(default_factory=dict)
    codes: dict[str, SimulatedKey] = field(default_factory=dict)

    def activate(self, code: str, *, additional: bool) -> SimulatedKey:
        """The key of a code. RejectedError where the vendor does not know it."""
        if code not in self.codes:
            raise RejectedError(f"The activation code {code} is invalid.")
        found = self.codes[code]
        return SimulatedKey(found.number, found.expires, additional=additional)

    def keep(self, key: SimulatedKey) -> None:
        """Put a key in its place. RejectedError for an additional one without a main key."""
        if not key.additional:
            self.main = key
        elif self.main is None:
            raise RejectedError("An additional key needs a main key.")
        else:
            self.additional[".".join(key.number.split(".")[:2])] = key


def read_file(body: bytes, *, additional: bool) -> SimulatedKey:
    """The key of a license file. RejectedError where it is none."""
    found = {part: match[1].decode() for part, form in PARTS.items() if (match := form.search(body))}
    number = f"{found.get('key-number', '')}.{found.get('key-version', '')}"
    if NUMBER.fullmatch(number) is None:
        raise RejectedError("The license key file is corrupted.")
    return SimulatedKey(number, found.get("expiration-date", ""), additional=additional)
