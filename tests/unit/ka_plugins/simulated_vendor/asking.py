"""Asking the simulated vendor as a stranger would: by the standard library's client, and by hand."""

from __future__ import annotations

import http.client
import xmlrpc.client
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import socket

    from ka_plugins.simulator.running import RunningSimulator

DEMO = {"login": "demo", "password": "demo"}
SERVER = {"ips": ["192.0.2.1"], "macs": []}


def call(vendor: RunningSimulator, method: str, *parameters: Any) -> dict[str, Any]:
    """By the standard library's client, which knows nothing of ours."""
    with xmlrpc.client.ServerProxy(vendor.http + "/", use_builtin_types=True) as proxy:
        answer = getattr(proxy, f"partner10.{method}")(DEMO, *parameters)
    assert isinstance(answer, dict)
    return answer


def code(vendor: RunningSimulator, method: str, *parameters: Any) -> int:
    return int(call(vendor, method, *parameters)["resultCode"])


def buy(vendor: RunningSimulator, key_type: str = "PLESK_10_AND_LATER", *features: str, **server: list[str]) -> str:
    return str(
        call(vendor, "createKey", {**SERVER, **server}, "1", key_type, list(features), "billing")["mainKeyNumber"]
    )


def post(vendor: RunningSimulator, body: str, path: str = "/", **headers: str) -> http.client.HTTPResponse:
    place = urlsplit(vendor.http)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
    connection.request("POST", path, body.encode(), {"Content-Type": "text/xml", **headers})
    answer = connection.getresponse()
    answer.content = answer.read()  # type: ignore[attr-defined]
    connection.close()
    return answer


def body_of(answer: http.client.HTTPResponse) -> str:
    return bytes(answer.content).decode()  # type: ignore[attr-defined]


def raw_call(method: str, *parameters: str) -> str:
    login = "<member><name>login</name><value>demo</value></member>"
    password = "<member><name>password</name><value><string>demo</string></value></member>"
    auth = f"<struct>{login}{password}</struct>"
    given = "".join(f"<param><value>{one}</value></param>" for one in (auth, *parameters))
    return f"<?xml version='1.0'?>\n<methodCall><methodName>{method}</methodName><params>{given}</params></methodCall>"


def everything_from(line: socket.socket) -> bytes:
    parts = []
    while part := line.recv(65536):
        parts.append(part)
    return b"".join(parts)
