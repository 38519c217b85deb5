"""Key numbers, and keys as the vendor describes them (Partner API 3.0, License Key Structure, full)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ka_plugins.contract import Key, KeyStatus
from ka_plugins.plesk_ka3.wares import ADDITIONS, BASES

HINT: Final = "PLSK.12345678.0001"
# With dots as the vendor writes it, or run together as the product's own tools print it.
WRITTEN: Final = re.compile(r"([A-Z][A-Z0-9]{1,9})\.([0-9]{1,10})(?:\.([0-9]{4}))?")
RUN_TOGETHER: Final = re.compile(r"([A-Z]{2,10})([0-9]{8})([0-9]{4})?")

Structure = Mapping[str, Any]


def clean_key(text: str) -> str:
    """`PREFIX.NNNNNNNN` with `.RRRR` where given, upper case without spaces; ValueError with a reason."""
    key = re.sub(r"\s+", "", text).upper()
    match = WRITTEN.fullmatch(key) or RUN_TOGETHER.fullmatch(key)
    if match is None:
        raise ValueError(f"A key number looks like {HINT}: a prefix, eight digits and, where known, four more.")
    return ".".join(part for part in match.groups() if part)


def base_of(key: str) -> str:
    """The key number without its revision, which the vendor raises with every change of the license."""
    return ".".join(key.strip().upper().split(".")[:2])


def id_of(key: str) -> str:
    """What names a key in a URL: its digits without prefix and revision."""
    parts = key.split(".")
    return parts[1] if len(parts) > 1 else key


def structure_of(value: Any) -> Structure:
    """A JSON object; an empty one where it is absent, null or something else."""
    return value if isinstance(value, dict) else {}


def structures_of(value: Any) -> tuple[Structure, ...]:
    """A JSON array of objects; whatever else is in it is left out."""
    return tuple(one for one in value if isinstance(one, dict)) if isinstance(value, list) else ()


def text_of(value: Any) -> str:
    """A string, numbers as their digits; "" where it is absent, null or neither."""
    return str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def constants_of(full: Structure) -> tuple[str, ...]:
    """What the key consists of, in the vendor's order: its base, its features and what has no name in this API."""
    return tuple(text_of(one.get("item")) for one in structures_of(full.get("items")))


def base_constant(constants: tuple[str, ...]) -> str:
    """The one that says what kind of key it is: a known one, else the first."""
    known = (one for one in constants if one in BASES or one in ADDITIONS)
    return next(known, constants[0] if constants else "")


def is_flag(value: Any) -> bool:
    """A boolean; some servers write "true"."""
    return value is True or text_of(value).lower() == "true"


def read_key(full: Structure, children: tuple[Key, ...] = (), *, now: datetime | None = None) -> Key:
    """A key of its full structure; its additional keys are described apart, as the structure has their names only."""
    names = structure_of(full.get("keyIdentifiers"))
    constants = constants_of(full)
    code = base_constant(constants)
    return Key(
        number=text_of(names.get("keyNumber")),
        class_code=code,
        activation_code=text_of(names.get("activationCode")),
        created_at=read_time(full.get("creationDate")),
        expires_at=read_time(full.get("expirationDate")),
        renew_at=read_time(full.get("updateDate")),
        features=tuple(one for one in constants if one != code),
        address=text_of(full.get("ipAddressBinding")),
        parent=text_of(structure_of(full.get("parentKeyIdentifiers")).get("keyNumber")),
        status=_status(full, now or datetime.now(UTC)),
        additional=children,
    )


def read_time(value: Any) -> datetime | None:
    """An ISO 8601 time as UTC, which is also what a time without a zone is taken for; None where it is none."""
    try:
        moment = datetime.fromisoformat(text_of(value))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _status(full: Structure, now: datetime) -> KeyStatus:
    said = text_of(full.get("status")).lower()
    if is_flag(full.get("terminated")) or said == "terminated":
        return KeyStatus.TERMINATED
    if is_flag(full.get("suspended")) or is_flag(full.get("ownerSuspended")) or said == "suspended":
        return KeyStatus.SUSPENDED
    expires = read_time(full.get("expirationDate"))
    return KeyStatus.EXPIRED if said == "expired" or (expires is not None and expires <= now) else KeyStatus.ACTIVE
