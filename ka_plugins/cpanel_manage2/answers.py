"""Reading what Manage2 answers: numbers may be strings, absent is null, "" or 0, ids may have a letter before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ka_plugins.contract import Key, KeyStatus

HINT: Final = "10742947"
LONGEST_NUMBER: Final = 15  # digits

Fields = Mapping[str, Any]


def text_of(value: Any) -> str:
    """A string, numbers as their digits; "" where it is absent, null or neither."""
    return str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def number_of(value: Any) -> str:
    """An identifier as its digits alone: 761, "761", "P0761" and "L761" are the same; "" where it is none."""
    digits = text_of(value).lstrip("GLPglp")
    return str(int(digits)) if digits.isascii() and digits.isdecimal() and len(digits) <= LONGEST_NUMBER else ""


def fields_of(value: Any) -> Fields:
    """A JSON object; an empty one where it is something else."""
    return value if isinstance(value, dict) else {}


def names_of(value: Any) -> dict[str, str]:
    """Identifiers and names, as packages and groups are listed; whatever has no number is left out."""
    return {number_of(key): text_of(name) for key, name in fields_of(value).items() if number_of(key)}


def licenses_of(value: Any) -> tuple[Fields, ...]:
    """The licenses of an answer: an array in one function, an object by `L<id>` in another."""
    many = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return tuple(one for one in many if isinstance(one, dict) and number_of(one.get("licenseid")))


def clean_key(text: str) -> str:
    """A license's number: its digits; ValueError with a reason."""
    number = number_of("".join(text.split()))
    if not number or number == "0":
        raise ValueError(f"A cPanel license is known by its number in Manage2, like {HINT}.")
    return number


def read_key(fields: Fields) -> Key:
    """A license as Manage2 describes it. It has no term of its own unless it was bought for one."""
    return Key(
        number=number_of(fields.get("licenseid")),
        class_code=number_of(fields.get("packageid") or fields.get("package")),
        created_at=_time(fields.get("adddate")),
        expires_at=_time(fields.get("termexpires_unixtime")),
        address=text_of(fields.get("ip")),
        status=KeyStatus.TERMINATED if text_of(fields.get("expiredon")) not in {"", "0"} else KeyStatus.ACTIVE,
    )


def _time(value: Any) -> datetime | None:
    seconds = number_of(value)
    try:
        return datetime.fromtimestamp(int(seconds), UTC) if int(seconds or 0) else None
    except (ValueError, OverflowError, OSError):
        return None
