"""The packets of Plesk's XML API that licenses need: operator `server` (XML API reference, Managing Plesk License)."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, ParseError, SubElement, fromstring, tostring

from ka_plugins.installers.days import day_of
from ka_plugins.installers.numbers import NUMBER, written
from ka_plugins.installers.proofs import Held

if TYPE_CHECKING:
    from collections.abc import Iterator

EXPIRY: Final = {"lim_date", "expiration_date"}
ACTIVE: Final = {"active", "is_active"}
NOT_ACTIVE: Final = {"false", "0", "no"}
TAG: Final = re.compile(r"[-_]")


class UnreadableError(ValueError):
    """The bytes are no answer of the XML API."""


class ServerError(Exception):
    """The server answered `error`, with its number and its words."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code, text)
        self.code, self.text = code, text


def install_packet(*, code: str = "", body: bytes = b"", additional: bool = False) -> bytes:
    """`lic_install`, by file if there is a body, else by activation code. Its children keep the schema's order."""
    packet, install = _packet("lic_install")
    if body:
        SubElement(install, "license").text = base64.b64encode(body).decode()
    else:
        SubElement(install, "activation-code").text = code
    if additional:
        SubElement(install, "additional_key")
    return _bytes(packet)


def main_key_packet() -> bytes:
    """`get` with `key`: the properties of the main key."""
    packet, get = _packet("get")
    SubElement(get, "key")
    return _bytes(packet)


def additional_keys_packet() -> bytes:
    """`get_additional_key` without a filter: all of them."""
    return _bytes(_packet("get_additional_key")[0])


def read_main_key(body: bytes) -> list[Held]:
    """The main key; none where the server shows the number of nothing."""
    held = []
    for result in _results(body, "get"):
        values = dict(_values(result))
        if number := written(values.get("plesk_key_id", "")):
            held.append(Held(number, day_of(values.get("lim_date", ""))))
    return held


def read_additional_keys(body: bytes) -> list[Held]:
    """All additional keys.

    The reference shows their elements in a picture only. So a number counts wherever it stands in a result, and expiry
    and use count by the names that they are likely to have.
    """
    return [one for result in _results(body, "get_additional_key") for one in _additional(result)]


def _additional(result: Element) -> Iterator[Held]:
    """The keys of one result: each number begins the next one."""
    found: list[dict[str, str]] = []
    for name, value in _values(result):
        number = value.partition("/")[0]
        if NUMBER.fullmatch(number) and (not found or found[-1]["number"] != number):
            found.append({"number": number})
        elif found:
            found[-1][TAG.sub("_", name.lower())] = value
    for one in found:
        expiry = next((day for name in EXPIRY if (day := day_of(one.get(name, "")))), None)
        is_idle = any(one.get(name, "").lower() in NOT_ACTIVE for name in ACTIVE)
        if number := written(one["number"]):
            yield Held(number, expiry, "not active" if is_idle else "")


def check_installed(body: bytes) -> None:
    """Raises ServerError unless `lic_install` answered ok, which does not prove anything yet."""
    _results(body, "lic_install")


def _packet(operation: str) -> tuple[Element, Element]:
    packet = Element("packet")
    return packet, SubElement(SubElement(packet, "server"), operation)


def _bytes(packet: Element) -> bytes:
    written_out: bytes = tostring(packet, encoding="utf-8", xml_declaration=True)
    return written_out


def _results(body: bytes, operation: str) -> list[Element]:
    """The results of an operation that succeeded. ServerError, UnreadableError."""
    root = _tree(body)
    results = root.findall(f"server/{operation}/result")
    for one in (*root.findall("system"), *results):
        if one.findtext("status") != "ok":
            raise ServerError(one.findtext("errcode", "").strip(), " ".join(one.findtext("errtext", "").split()))
    if not results:
        raise UnreadableError(f"no result of {operation}")
    return results


def _tree(body: bytes) -> Element:
    """The document. Without a DTD there are no entities, so neither bombs nor outside files."""
    try:
        text = body.decode("utf-8")
        if "<!DOCTYPE" in text:
            raise UnreadableError("a document type")
        return fromstring(text.strip())  # noqa: S314 - no DTD, see above
    except (ParseError, UnicodeDecodeError) as error:
        raise UnreadableError("no XML in UTF-8") from error


def _values(result: Element) -> Iterator[tuple[str, str]]:
    """Names and texts, of `property` pairs and of plain elements alike, in their order."""
    name = ""
    for one in result.iter():
        text = (one.text or "").strip()
        if one.tag == "name":
            name = text
            yield one.tag, text
        elif one.tag == "value":
            yield name, text
        elif not len(one):
            yield one.tag, text
