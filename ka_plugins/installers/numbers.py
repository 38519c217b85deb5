"""Key numbers whose end is a revision: prefix and eight digits are the license, the four digits after them grow."""

from __future__ import annotations

import re
from typing import Final

# PLSK.12345678.0001, plsk.12345678.0001 and, on Plesk's command line, PLSK123456780001.
NUMBER: Final = re.compile(r"([A-Za-z]+)\.?(\d{8})(?:\.?(\d{4}))?")
NO_KEY: Final = "00000000"  # what a server without a license shows


def written(number: str) -> str:
    """A number in the vendor's own form; "" where the text is none or says that there is no license."""
    match = NUMBER.fullmatch(number.strip())
    if match is None or match[2] == NO_KEY:
        return ""
    return ".".join(part for part in (match[1].upper(), match[2], match[3]) if part)


def base_of(number: str) -> str:
    """What stays of it whatever its revision; "" where it is no such number."""
    return ".".join(written(number).split(".")[:2])


def revision_of(number: str) -> str:
    """What grows of it, "" where it is given without."""
    return "".join(written(number).split(".")[2:])
