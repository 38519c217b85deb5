"""Key numbers, and keys as the vendor describes them (KA Partner API 1.0, KeyDetails)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ka_plugins.contract import Key, KeyStatus

if TYPE_CHECKING:
    from ka_plugins.plesk_ka.wire import Struct

HINT: Final = "PLSK.12345678.0001"
# With dots as the vendor writes it, or run together as the product's own tools print it.
WRITTEN: Final = re.compile(r"([A-Z][A-Z0-9]{1,9})\.([0-9]{8})(?:\.([0-9]{4}))?")
RUN_TOGETHER: Final = re.compile(r"([A-Z]{2,10})([0-9]{8})([0-9]{4})?")


def clean_key(text: str) -> str:
    """`PREFIX.NNNNNNNN` with `.RRRR` where given, upper case without spaces; ValueError with a reason."""
    key = re.sub(r"\s+", "", text).upper()
    match = WRITTEN.fullmatch(key) or RUN_TOGETHER.fullmatch(key)
    if match is None:
        raise ValueError(f"A key number looks like {HINT}: a prefix, eight digits and, where known, four more.")
    return ".".join(part for part in match.groups() if part)


def base_of(key: str) -> str:
    """The key number without its revision, which the vendor raises with every change of the license."""
    prefix, _, rest = key.strip().upper().partition(".")
    return f"{prefix}.{rest.partition('.')[0]}" if rest else prefix


def read_key(details: Struct, *, now: datetime | None = None) -> Key:
    """A KeyDetails struct with its additional keys."""
    return Key(
        number=details.text("keyNumber"),
        class_code=details.known_text("apiKeyType"),
        activation_code=details.known_text("productKey"),
        created_at=details.time("createDate"),
        expires_at=details.time("expirationDate"),
        renew_at=details.time("updateDate"),
        features=tuple(one.known_text("apiName") or one.text("name") for one in details.structs("features")),
        address=details.known_text("boundIPAddress"),
        parent=details.known_text("parentKeyNumber"),
        status=_status(details, now or datetime.now(UTC)),
        additional=tuple(read_key(one, now=now) for one in details.structs("additionalKeys")),
    )


def _status(details: Struct, now: datetime) -> KeyStatus:
    if details.flag("terminated"):
        return KeyStatus.TERMINATED
    if details.flag("problem"):
        return KeyStatus.PROBLEM
    expires = details.time("expirationDate")
    return KeyStatus.EXPIRED if expires is not None and expires <= now else KeyStatus.ACTIVE


def read_sale(result: Struct, class_code: str, features: tuple[str, ...], additional: tuple[str, ...]) -> Key | None:
    """The key of a createKey result; None where it names no key, although something was sold.

    The additional keys get their class only where there are as many as were ordered: a feature pack makes more by
    itself, and then the order of the numbers says nothing.
    """
    number = result.text("mainKeyNumber")
    if not number:
        return None
    numbers = result.texts("additionalKeysNumbers")
    types = additional if len(numbers) == len(additional) else ("",) * len(numbers)
    return Key(
        number=number,
        class_code=class_code,
        activation_code=result.known_text("productKey"),
        expires_at=result.time("expirationDate"),
        renew_at=result.time("updateDate"),
        features=features,
        additional=tuple(Key(one, class_code=of, parent=number) for one, of in zip(numbers, types, strict=True)),
    )


def young_numbers(infos: tuple[Struct, ...], since: datetime) -> list[str]:
    """The numbers of RemoteAPIKeyInfo structs that live and are not older, the newest first."""
    ages = [(one.time("createDate") or since, one.text("keyNumber")) for one in infos if not one.flag("terminated")]
    return [number for created, number in sorted(ages, reverse=True) if created >= since and number]


def may_come_from(key: Key, class_code: str, since: datetime) -> bool:
    """Whether a key looks like the one that was ordered: its type, alive, and not older."""
    living = key.status is not KeyStatus.TERMINATED
    return living and key.class_code == class_code and key.created_at is not None and key.created_at >= since
