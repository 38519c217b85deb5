"""The simulated server's two doors: the XML API, and `/_simulator`, where a test says how it shall behave."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import Element, ParseError, fromstring
from xml.sax.saxutils import escape

from ka_plugins.installers.plesk_server.keys import NO_KEY, REJECTED, Keys, RejectedError, SimulatedKey, read_file
from ka_plugins.simulator.messages import Cut, Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

API: Final = "/enterprise/control/agent.php"
CONTROL: Final = "/_simulator"
# How `lic_install` goes. Whatever is not named here is an ordinary server.
BEHAVIOURS: Final = {
    "ordinary": "takes what it can read",
    "discard": "answers ok and keeps what it had",
    "refuse": "takes nothing",
    "offline": "reaches no vendor: files only",
    "slow": "takes it, and answers late",
    "cut": "takes it, and the answer is lost",
    "mute": "takes it, and cannot show its keys once",
    "web page": "answers with a page",
}


class PleskServer:
    """One server with one administrator, `admin` with the password `demo`, and one secret key."""

    secret_key: Final = "simulated-secret-key"  # noqa: S105 - of a simulator
    login: Final = "admin"
    password: Final = "demo"  # noqa: S105

    def __init__(self) -> None:
        self.keys, self.calls = Keys(), Counter[str]()
        self.behaviour, self.seconds, self.mute = "ordinary", 1.0, False

    def serve(self, request: Request, answer: Callable[[Response | Cut], None]) -> None:
        """Answer one request, late where that was ordered."""
        if request.path == CONTROL:
            answer(self._control(request))
            return
        response, wait = self._api(request)
        if wait:
            asyncio.get_running_loop().call_later(wait, answer, response)
        else:
            answer(response)

    def _control(self, request: Request) -> Response:
        order: dict[str, Any] = json.loads(request.body or b"{}")
        if order.get("behaviour", "ordinary") not in BEHAVIOURS:
            return _json({"error": f"There are: {', '.join(BEHAVIOURS)}."}, 400)
        if order.get("forget"):
            self.keys, self.calls = Keys(), Counter()
        self.behaviour = order.get("behaviour", self.behaviour)
        self.seconds = float(order.get("seconds", self.seconds))
        for code, key in order.get("codes", {}).items():
            self.keys.codes[code] = SimulatedKey(**key)
        for key in order.get("holds", []):
            self.keys.keep(SimulatedKey(**key))
        main, additional = self.keys.main, self.keys.additional.values()
        held = [dataclasses.asdict(one) for one in (*([main] if main else []), *additional)]
        return _json({"held": held, "calls": dict(self.calls)})

    def _api(self, request: Request) -> tuple[Response | Cut, float]:
        if request.method != "POST" or request.path != API:
            return Response(b"not here", 404, "text/plain"), 0
        if not self._may(request.headers):
            return _xml(_status("1001", "You have entered incorrect username or password.", "system")), 0
        try:
            operation = fromstring(request.body)[0][0]  # noqa: S314 - what tests send
        except (ParseError, IndexError):
            return _xml(_status("1014", "The request packet is malformed.", "system")), 0
        self.calls[operation.tag] += 1
        return self._install(operation) if operation.tag == "lic_install" else (self._show(operation.tag), 0)

    def _show(self, operation: str) -> Response:
        if self.mute:
            self.mute = False
            return Response(b"busy", 503, "text/plain")
        shown = {"get": self._main, "get_additional_key": self._additional}.get(operation)
        if shown is None:
            return _xml(_status("1014", "There is no such operation here.", "system"))
        return _xml(f"<server><{operation}>{shown()}</{operation}></server>")

    def _may(self, headers: dict[str, str]) -> bool:
        by_login = (headers.get("http_auth_login"), headers.get("http_auth_passwd")) == (self.login, self.password)
        return by_login or headers.get("key") == self.secret_key

    def _install(self, operation: Element) -> tuple[Response | Cut, float]:
        if self.behaviour == "web page":
            return Response(b"<html><body>Plesk</body></html>", 200, "text/html"), 0
        try:
            self._take(operation)
            result = "<result><status>ok</status></result>"
        except RejectedError as error:
            result = _status(REJECTED, str(error), "result")
        if self.behaviour == "cut":
            return Cut(), 0
        self.mute = self.behaviour == "mute"
        response = _xml(f"<server><lic_install>{result}</lic_install></server>")
        return response, self.seconds if self.behaviour == "slow" else 0

    def _take(self, operation: Element) -> None:
        """RejectedError where the license is not taken."""
        order = [one.tag for one in operation]
        if order not in ([way, *more] for way in ("license", "activation-code") for more in ([], ["additional_key"])):
            raise RejectedError("The children of lic_install are not those of the schema.")
        additional, code = "additional_key" in order, operation.findtext("activation-code", "")
        if self.behaviour == "refuse":
            raise RejectedError(f"The license key {code} is not for this server.")
        if code and self.behaviour == "offline":
            raise RejectedError("Unable to connect to the license server.")
        if code:
            key = self.keys.activate(code, additional=additional)
        else:
            key = read_file(base64.b64decode(operation.findtext("license", "")), additional=additional)
        if self.behaviour != "discard":
            self.keys.keep(key)

    def _main(self) -> str:
        key = self.keys.main
        values = NO_KEY if key is None else {"plesk_key_id": key.number.lower(), "lim_date": _limit(key)}
        pairs = "".join(
            f"<property><name>{name}</name><value>{escape(value)}</value></property>"
            for name, value in (*values.items(), ("product_version", "18.0"), ("simulated", "not a license"))
        )
        return f"<result><status>ok</status><key>{pairs}</key></result>"

    def _additional(self) -> str:
        infos = "".join(
            f"<key_info><number>{escape(one.number)}</number><name>simulated</name><active>true</active>"
            f"<expiration_date>{escape(one.expires)}</expiration_date></key_info>"
            for one in self.keys.additional.values()
        )
        return f"<result><status>ok</status>{infos}</result>"


def _limit(key: SimulatedKey) -> str:
    return time.strftime("%Y%m%d", time.strptime(key.expires, "%Y-%m-%d")) if key.expires else "-1"


def _status(code: str, text: str, around: str) -> str:
    told = f"<status>error</status><errcode>{code}</errcode><errtext>{escape(text)}</errtext>"
    return f"<{around}>{told}</{around}>"


def _xml(body: str) -> Response:
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n<packet version="1.6.9.1">{body}</packet>'.encode())


def _json(content: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(content).encode(), status, "application/json")
