"""Reading the parameters of foreign clients: some type by look, some leave members out, some send [] for {}."""

from __future__ import annotations

import ipaddress
import re
from typing import Any, Final

from ka_plugins.plesk_ka.simulator.refusals import NoSuchMethodError, RefusalError

MAC: Final = re.compile(r"[0-9A-Fa-f]{2}([:-]?[0-9A-Fa-f]{2}){5}")
LONGEST_LOGIN: Final = 256
LONGEST_PASSWORD: Final = 64


def text(value: Any) -> str:
    """A string, also from the integer or double that a client made of digits; a fault for anything else."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise NoSuchMethodError("No method matching arguments")
    return str(value).strip()


def flag(value: Any) -> bool:
    """A boolean, also from the 0 or 1 of a client that types by look."""
    if not isinstance(value, bool) and value not in (0, 1, "0", "1"):
        raise NoSuchMethodError("No method matching arguments")
    return bool(int(value))


def texts(value: Any) -> list[str]:
    """An array of strings; an empty struct counts as an empty array."""
    if value == {}:
        return []
    if not isinstance(value, (list, tuple)):
        raise NoSuchMethodError("No method matching arguments")
    return [text(one) for one in value]


def struct(value: Any) -> dict[str, Any]:
    """A struct; an empty array counts as an empty struct."""
    if value in ([], ()):
        return {}
    if not isinstance(value, dict):
        raise NoSuchMethodError("No method matching arguments")
    return value


def login_of(value: Any) -> tuple[str, str]:
    """Login and password of an AuthInfo; 400 where it is none."""
    if not isinstance(value, dict) or not {"login", "password"} <= value.keys():
        raise RefusalError(400)
    try:
        login, password = text(value["login"]), text(value["password"])
    except NoSuchMethodError:
        raise RefusalError(400) from None
    if not login or len(login) >= LONGEST_LOGIN or len(password) >= LONGEST_PASSWORD:
        raise RefusalError(400)
    return login, password


def address(value: Any) -> str:
    """One IP address in its usual spelling; 405."""
    written = text(value)
    try:
        return str(ipaddress.ip_address(written))
    except ValueError:
        raise RefusalError(405, written) from None


def server_address(value: Any) -> list[str]:
    """The addresses of a ServerAddress; either array may be missing. 401, 405, 406."""
    try:
        server = struct(value)
        ips, macs = texts(server.get("ips", [])), texts(server.get("macs", []))
    except NoSuchMethodError:
        raise RefusalError(401) from None
    for mac in macs:
        if MAC.fullmatch(mac) is None:
            raise RefusalError(406, mac)
    return [address(ip) for ip in ips]
