"""XML-RPC as the Key Administrator speaks it: written strictly, read tolerantly (KA Partner API 1.0, transport).

Only the standard library's marshalling is used, never its ServerProxy: that one sends a call again by itself when the
connection is cut, and a createKey sent twice is two keys sold.
"""

from __future__ import annotations

import binascii
import re
import xmlrpc.client
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import Element, ParseError, fromstring

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

METHOD_PREFIX: Final = "partner10."
DEEPEST: Final = 32  # levels of arrays and structs; the deepest documented answer has nine
ENCODING: Final = re.compile(rb"\s*<\?xml[^>]*?\sencoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
ENCODINGS: Final = {"utf-8", "us-ascii", "iso-8859-1"}
# Compact (YYYYMMDDThh:mm:ss) by the book; dashed, with a zone or without a time as other servers write it.
TIME: Final = re.compile(
    r"(?P<year>\d{4})-?(?P<month>\d\d)-?(?P<day>\d\d)"
    r"(?:[T ](?P<hour>\d\d):?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:\.\d+)?)?)?"
    r"(?P<zone>Z|[+-]\d\d:?\d\d)?"
)


class UnreadableError(ValueError):
    """The bytes are no XML-RPC message."""


class FaultError(Exception):
    """An XML-RPC fault: trouble with the call itself, not an answer of the business behind it."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)
        self.code, self.text = code, text


def read_time(text: str) -> datetime | None:
    """A vendor's time as UTC, which is also what a time without a zone is taken for; None where it is none."""
    match = TIME.fullmatch(text.strip())
    if match is None:
        return None
    zone, *numbers = match.group("zone", "year", "month", "day", "hour", "minute", "second")
    year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        return moment - _offset(zone) if zone and zone != "Z" else moment
    except (ValueError, OverflowError):
        return None


def _offset(zone: str) -> timedelta:
    digits = zone.replace(":", "")
    ahead = timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5]))
    return -ahead if digits[0] == "-" else ahead


def _kind(element: Element) -> str:
    """The tag without its namespace: some servers put their own types into one."""
    return element.tag.rpartition("}")[2]


def _whole_number(text: str) -> int | str:
    try:
        return int(text)
    except ValueError:
        return text


def _real_number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


# How the text of a scalar becomes a value. What does not read as its type stays the text that it was: one odd member
# must not cost the whole answer. Only base64 has to be right, as license files come in it.
SCALARS: Final[dict[str, Callable[[str], Any]]] = {
    "string": str,
    "i4": _whole_number,
    "int": _whole_number,
    "i8": _whole_number,
    "boolean": lambda text: text.strip().lower() in {"1", "true"},
    "double": _real_number,
    "dateTime.iso8601": lambda text: read_time(text) or text,
    "base64": lambda text: binascii.a2b_base64(text.encode("ascii", "replace")),
    "nil": lambda _text: None,
}


def _value(element: Element, depth: int = 0) -> Any:
    """What stands in a <value>; without a type it is a string."""
    if depth > DEEPEST:
        raise UnreadableError("nested too deeply")
    if not len(element):
        return element.text or ""
    typed = element[0]
    kind = _kind(typed)
    if kind == "struct":
        return {member.findtext("name", ""): _value(_required(member, "value"), depth + 1) for member in typed}
    if kind == "array":
        return [_value(one, depth + 1) for one in _required(typed, "data")]
    return SCALARS.get(kind, str)(typed.text or "")


def _required(element: Element, tag: str) -> Element:
    found = element.find(tag)
    if found is None:
        raise UnreadableError(f"<{_kind(element)}> without <{tag}>")
    return found


def _tree(body: bytes) -> Element:
    """The document, of which nothing but elements and text is understood.

    Without a DTD there are no entities, so neither bombs nor outside files. The text is decoded here, by three
    encodings only, so that a DTD cannot hide from the look for it behind a fourth.
    """
    declared = ENCODING.match(body)
    encoding = declared[1].decode().lower() if declared else "utf-8"
    if encoding not in ENCODINGS:
        raise UnreadableError("an encoding that is not in use")
    text = body.decode(encoding)
    if "<!DOCTYPE" in text:
        raise UnreadableError("a document type")
    return fromstring(text.strip())  # noqa: S314 - see above; defusedxml's parser in Python costs three times as much


def _parse(body: bytes) -> tuple[str | None, list[Any]]:
    """The method's name, None for an answer, and the values. FaultError, UnreadableError."""
    try:
        root = _tree(body)
        fault = root.find("fault/value")
        if fault is not None:
            told = Struct(struct if isinstance(struct := _value(fault), dict) else {})
            raise FaultError(told.number("faultCode"), told.text("faultString"))
        method = root.findtext("methodName") if root.tag == "methodCall" else None
        if root.tag not in {"methodCall", "methodResponse"}:
            raise UnreadableError(f"<{_kind(root)}>")
        return method, [_value(one) for one in root.iterfind("params/param/value")]
    except (ParseError, UnicodeDecodeError, binascii.Error) as error:
        raise UnreadableError(type(error).__name__) from None


def write_call(method: str, parameters: Sequence[Any]) -> bytes:
    """A method call; the method's prefix on the wire is added here."""
    return xmlrpc.client.dumps(tuple(parameters), METHOD_PREFIX + method, encoding="utf-8").encode()


def read_call(body: bytes) -> tuple[str, tuple[Any, ...]]:
    """The full method name and the parameters of a call. UnreadableError."""
    method, parameters = _parse(body)
    if not method:
        raise UnreadableError("no method name")
    return method.strip(), tuple(parameters)


def read_answer(body: bytes) -> Struct:
    """The struct that every method answers with. FaultError, UnreadableError."""
    method, values = _parse(body)
    if method is not None or len(values) != 1 or not isinstance(values[0], dict):
        raise UnreadableError("the answer is not one struct")
    return Struct(values[0])


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, (str, int, float)):
        return str(value).strip()
    return value.decode("utf-8", "replace").strip() if isinstance(value, bytes) else ""


def _number(value: Any) -> int:
    try:
        return int(_text(value))
    except ValueError:
        return 0


class Struct:
    """A struct whose members may be absent or of a neighbouring type: each is read as what is wanted of it."""

    __slots__ = ("_members",)

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = members

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def text(self, name: str) -> str:
        """A string; numbers as their digits, "" where there is nothing readable."""
        return _text(self._members.get(name))

    def known_text(self, name: str) -> str:
        """A string; "" also for the vendor's "N/A"."""
        text = self.text(name)
        return "" if text.upper() == "N/A" else text

    def number(self, name: str) -> int:
        """An integer, also from a string of digits; 0 where there is none."""
        return _number(self._members.get(name))

    def flag(self, name: str) -> bool:
        """A boolean, also written as 1, "1" or "true"; False where it is absent."""
        value = self._members.get(name)
        return value if isinstance(value, bool) else _text(value).lower() in {"1", "true", "yes"}

    def time(self, name: str) -> datetime | None:
        """A time in UTC; None where it is absent or no time."""
        value = self._members.get(name)
        return value if isinstance(value, datetime) else read_time(_text(value))

    def octets(self, name: str) -> bytes:
        """The bytes of a base64 value, exactly."""
        value = self._members.get(name)
        return value if isinstance(value, bytes) else _text(value).encode()

    def texts(self, name: str) -> tuple[str, ...]:
        """An array of strings without empty ones; a lone string counts as an array of one."""
        value = self._members.get(name)
        many = value if isinstance(value, (list, tuple)) else [value]
        return tuple(text for text in map(_text, many) if text)

    def structs(self, name: str) -> tuple[Struct, ...]:
        """An array of structs; whatever is not a struct is left out."""
        value = self._members.get(name)
        many = value if isinstance(value, (list, tuple)) else [value]
        return tuple(Struct(one) for one in many if isinstance(one, dict))

    def struct(self, name: str) -> Struct:
        """A struct; an empty one where it is absent or, as PHP writes it, an empty array."""
        value = self._members.get(name)
        return Struct(value if isinstance(value, dict) else {})
