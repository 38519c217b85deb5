"""XML-RPC as the Key Administrator speaks it: written strictly, read tolerantly (KA Partner API 1.0, transport).

Only the standard library's marshalling is used, never its ServerProxy: that one sends a call again by itself when the
connection is cut, and a createKey sent twice is two keys sold.
"""

from __future__ import annotations

import re
import xmlrpc.client
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final
from xml.parsers.expat import ExpatError

from defusedxml.common import DefusedXmlException
from defusedxml.xmlrpc import DefusedExpatParser

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

METHOD_PREFIX: Final = "partner10."
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
    part = match.groupdict(default="0")
    zone = "+0000" if part["zone"] in {"0", "Z"} else part["zone"].replace(":", "")
    numbers = "{year}-{month}-{day} {hour:0>2}:{minute:0>2}:{second:0>2}".format(**part)
    try:
        return datetime.strptime(f"{numbers} {zone}", "%Y-%m-%d %H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


class _Unmarshaller(xmlrpc.client.Unmarshaller):
    """The standard reader, but a time that it cannot read does not cost the whole answer."""

    def end_time(self, data: str) -> None:
        """Keep the time as UTC, or as the text that it was."""
        self.append(read_time(data) or data)
        self._value = False

    dispatch: ClassVar[dict[str, Callable[..., None]]] = {
        **xmlrpc.client.Unmarshaller.dispatch,
        "dateTime.iso8601": end_time,
    }


def _parse(body: bytes) -> tuple[tuple[Any, ...], str | None]:
    unmarshaller = _Unmarshaller(use_builtin_types=True)
    try:
        parser = DefusedExpatParser(unmarshaller, forbid_dtd=True)
        parser.feed(body)
        parser.close()
        return unmarshaller.close(), unmarshaller.getmethodname()
    except xmlrpc.client.Fault as fault:
        raise FaultError(_number(fault.faultCode), _text(fault.faultString)) from None
    except (xmlrpc.client.Error, DefusedXmlException, ExpatError, ValueError, TypeError, LookupError) as error:
        message = f"not XML-RPC: {type(error).__name__}"
        raise UnreadableError(message) from None


def write_call(method: str, parameters: Sequence[Any]) -> bytes:
    """A method call; the method's prefix on the wire is added here."""
    return xmlrpc.client.dumps(tuple(parameters), METHOD_PREFIX + method, encoding="utf-8").encode()


def read_call(body: bytes) -> tuple[str, tuple[Any, ...]]:
    """The full method name and the parameters of a call. UnreadableError."""
    parameters, method = _parse(body)
    if method is None:
        raise UnreadableError("no method name")
    return method, parameters


def read_answer(body: bytes) -> Struct:
    """The struct that every method answers with. FaultError, UnreadableError."""
    values, method = _parse(body)
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
