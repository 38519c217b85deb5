"""JSON of the HTTP issuer protocol 1: read tolerantly where nothing hangs on it, strictly where a license does."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from ka_plugins.contract import (
    AdditionalClass,
    ClassInfo,
    Feature,
    FeatureGroup,
    Key,
    KeyFile,
    KeyStatus,
    LicenseOrder,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

# Signs that nobody writes in another way: numbers stand in paths, which are signed. It begins as no `..` does.
NUMBER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}")
FILE_NAME: Final = re.compile(r"[^/\\\x00-\x1f\x7f]{1,255}")


class UnreadableError(ValueError):
    """The bytes are not what the protocol says."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """An error answer's code and the issuer's words; both empty where it is none of the protocol's."""

    code: str = ""
    message: str = ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in _list(value) if isinstance(one, dict)]


def _time(value: Any) -> datetime | None:
    """RFC 3339 as UTC; None where there is none. A time without a zone is taken for UTC."""
    try:
        moment = datetime.fromisoformat(_text(value))
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read(body: bytes) -> Mapping[str, Any]:
    """The object that every answer is. UnreadableError."""
    try:
        content = json.loads(body)
    except ValueError:
        raise UnreadableError("no JSON") from None
    if not isinstance(content, dict):
        raise UnreadableError("no JSON object")
    return content


def read_complaint(body: bytes) -> Complaint:
    """The error of an answer that is not 2xx."""
    try:
        error = read(body).get("error")
    except UnreadableError:
        return Complaint()
    return Complaint(_text(error.get("code")), _text(error.get("message"))) if isinstance(error, dict) else Complaint()


def read_license(content: Mapping[str, Any], parent: str = "") -> Key:
    """A license with its additional ones. UnreadableError without a number and a state that the protocol has."""
    number = _text(content.get("number"))
    if NUMBER.fullmatch(number) is None:
        raise UnreadableError("a license without a number")
    try:
        status = KeyStatus(_text(content.get("state")))
    except ValueError:
        raise UnreadableError("a license in an unknown state") from None
    return Key(
        number=number,
        class_code=_text(content.get("class")),
        activation_code=_text(content.get("activation_code")),
        created_at=_time(content.get("created_at")),
        expires_at=_time(content.get("expires_at")),
        renew_at=_time(content.get("renew_at")),
        features=_codes(content.get("features")),
        address=_text(content.get("address")),
        parent=parent,
        status=status,
        additional=tuple(read_license(one, number) for one in _objects(content.get("additional"))),
    )


def read_files(content: Mapping[str, Any]) -> tuple[KeyFile, ...]:
    """The license files, whose digests are checked. UnreadableError."""
    if not isinstance(content.get("files"), list):
        raise UnreadableError("no list of files")
    return tuple(map(_file, _objects(content["files"])))


def _file(content: Mapping[str, Any]) -> KeyFile:
    name = _text(content.get("name"))
    try:
        body = base64.b64decode(_text(content.get("content")), validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableError("a file whose content is no base64") from None
    if FILE_NAME.fullmatch(name) is None or name in {".", ".."} or not body:
        raise UnreadableError("a file without a name or without content")
    if hashlib.sha256(body).hexdigest() != _text(content.get("sha256")).lower():
        raise UnreadableError("a file with another digest")
    return KeyFile(name, body)


def read_classes(content: Mapping[str, Any]) -> tuple[ClassInfo, ...]:
    """The license classes. UnreadableError."""
    if not isinstance(content.get("classes"), list):
        raise UnreadableError("no list of classes")
    return tuple(
        ClassInfo(
            *_named(one),
            groups=_groups(one),
            features=_features(one.get("features")),
            additional=tuple(
                AdditionalClass(*_named(extra), groups=_groups(extra), features=_features(extra.get("features")))
                for extra in _objects(one.get("additional"))
            ),
        )
        for one in _objects(content["classes"])
    )


def _named(content: Mapping[str, Any]) -> tuple[str, str]:
    """Code and name; without a name the code is its own."""
    code = _text(content.get("code"))
    if not code:
        raise UnreadableError("a class or a feature without a code")
    return code, _text(content.get("name")) or code


def _features(value: Any) -> tuple[Feature, ...]:
    return tuple(Feature(*_named(one)) for one in _objects(value))


def _groups(content: Mapping[str, Any]) -> tuple[FeatureGroup, ...]:
    return tuple(
        FeatureGroup(
            name=_text(one.get("name")),
            options=_features(one.get("options")),
            required=one.get("required") is True,
            default=_text(one.get("default")),
        )
        for one in _objects(content.get("groups"))
    )


def _codes(value: Any) -> tuple[str, ...]:
    return tuple(filter(None, map(_text, _list(value))))


def write(content: Mapping[str, Any]) -> bytes:
    """A request's body."""
    return json.dumps(content, separators=(",", ":")).encode()


def write_contents(order: LicenseOrder) -> dict[str, Any]:
    """What a license shall consist of: its class, its features and its additional licenses."""
    additional = [{"class": one.code, "features": list(one.features)} for one in order.additional]
    return {"class": order.class_code, "features": list(order.features), "additional": additional}
