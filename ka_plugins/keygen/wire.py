"""JSON:API documents as Keygen writes them (JSON:API 1.0, sections 7 and 11): written strictly, read tolerantly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MEDIA_TYPE: Final = "application/vnd.api+json"


class UnreadableError(ValueError):
    """The bytes are no JSON:API document, or lack what they are needed for."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """The first error of a document: the vendor's code and his words."""

    code: str = ""
    text: str = ""


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def read_time(text: str) -> datetime | None:
    """An ISO 8601 time as UTC, which is also what a time without a zone is taken for; None where it is none."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


class Resource:
    """A resource object whose members may be absent: each is read as what is wanted of it."""

    __slots__ = ("_attributes", "_relationships", "id")

    def __init__(self, content: Any) -> None:
        self.id = _text(_object(content).get("id"))
        self._attributes = _object(_object(content).get("attributes"))
        self._relationships = _object(_object(content).get("relationships"))

    def text(self, name: str) -> str:
        """A string attribute; "" where there is none."""
        return _text(self._attributes.get(name))

    def number(self, name: str) -> int | None:
        """A whole number; None where there is none."""
        value = self._attributes.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def flag(self, name: str) -> bool:
        """A boolean; False where it is absent."""
        return self._attributes.get(name) is True

    def time(self, name: str) -> datetime | None:
        """A time in UTC; None where it is absent or no time."""
        return read_time(self.text(name))

    def object(self, name: str) -> Mapping[str, Any]:
        """An object attribute; an empty one where it is absent."""
        return _object(self._attributes.get(name))

    def related(self, name: str) -> str:
        """The ID of a to-one relationship; "" where there is none."""
        return _text(_object(_object(self._relationships.get(name)).get("data")).get("id"))


class Document:
    """A whole answer."""

    __slots__ = ("_content",)

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = content

    def one(self) -> Resource:
        """The document's one resource. UnreadableError where it has none."""
        resource = Resource(self._content.get("data"))
        if not resource.id:
            raise UnreadableError("no resource")
        return resource

    def many(self) -> tuple[Resource, ...]:
        """The document's list of resources. UnreadableError where it is no list."""
        data = self._content.get("data")
        if not isinstance(data, list):
            raise UnreadableError("no list of resources")
        return tuple(resource for resource in map(Resource, data) if resource.id)

    def has_next(self) -> bool:
        """Whether a list goes on on another page."""
        return bool(_object(self._content.get("links")).get("next"))

    def complaint(self) -> Complaint:
        """The first of the document's errors; an empty one where it has none."""
        errors = self._content.get("errors")
        first = _object(errors[0]) if isinstance(errors, list) and errors else {}
        parts = (_text(first.get("title")), _text(first.get("detail")))
        return Complaint(_text(first.get("code")), ": ".join(part for part in parts if part))


def read(body: bytes) -> Document:
    """A document from its bytes. UnreadableError."""
    try:
        content = json.loads(body)
    except ValueError:
        raise UnreadableError("no JSON") from None
    if not isinstance(content, dict):
        raise UnreadableError("no JSON object")
    return Document(content)


def write(content: Mapping[str, Any]) -> bytes:
    """A document's bytes."""
    return json.dumps(content, separators=(",", ":")).encode()


def linkage(kind: str, identity: str) -> dict[str, str]:
    """A resource identifier object (JSON:API 1.0, section 7.3)."""
    return {"type": kind, "id": identity}
