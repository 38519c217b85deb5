"""Writing XML-RPC answers so that clients of all languages read them: compact dates, never nil, no white space."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Callable

Result = dict[str, Any]
HEAD: Final = "<?xml version='1.0' encoding='utf-8'?>\n<methodResponse>"


def done(said: str = "Done", code: int = 100, **fields: Any) -> Result:
    """A success of some kind, without the fields that have no value."""
    return {"resultCode": code, "resultDesc": said, **{name: one for name, one in fields.items() if one is not None}}


def write_result(result: Result) -> bytes:
    """A result struct."""
    return f"{HEAD}<params><param>{_value(result)}</param></params></methodResponse>\n".encode()


def write_fault(code: int, text: str) -> bytes:
    """A fault."""
    return f"{HEAD}<fault>{_value({'faultCode': code, 'faultString': text})}</fault></methodResponse>\n".encode()


def _array(values: list[Any]) -> str:
    return f"<array><data>{''.join(map(_value, values))}</data></array>"


def _struct(members: dict[str, Any]) -> str:
    return f"<struct>{''.join([f'<member><name>{n}</name>{_value(v)}</member>' for n, v in members.items()])}</struct>"


WRITERS: Final[dict[type, Callable[[Any], str]]] = {
    str: lambda text: f"<string>{escape(text)}</string>",
    bool: lambda flag: f"<boolean>{int(flag)}</boolean>",
    int: lambda number: f"<int>{number}</int>",
    datetime: lambda moment: f"<dateTime.iso8601>{moment:%Y%m%dT%H:%M:%S}</dateTime.iso8601>",
    bytes: lambda octets: f"<base64>{base64.b64encode(octets).decode()}</base64>",
    list: _array,
    dict: _struct,
}


def _value(value: Any) -> str:
    return f"<value>{WRITERS[type(value)](value)}</value>"
