"""Queries in, XML, JSON or YAML out: Manage2's side."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from ka_plugins.cpanel_manage2.simulator.functions import FUNCTIONS, READING
from ka_plugins.cpanel_manage2.simulator.sold import RefusalError, Shop, SoldLicense
from ka_plugins.cpanel_manage2.simulator.writing import for_ledger, write
from ka_plugins.simulator.dialect import Call
from ka_plugins.simulator.messages import Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ka_plugins.simulator.dialect import Sale
    from ka_plugins.simulator.world import World

START, END = "/XML", ".cgi"
FORM: Final = "application/x-www-form-urlencoded"
# Login: password, and whether it may do more than look.
ACCOUNTS: Final[dict[str, tuple[str, bool]]] = {"demo": ("demo", True), "limited": ("limited", False)}
FAULTS: Final = {"login": False, "denied": False}


class CpanelManage2Dialect:
    """Sells what `sold` lists to the login demo with the password demo, into the group 1."""

    name = "cpanel_manage2"

    def __init__(self, world: World) -> None:
        self._shop = Shop(world)

    def accepts(self, request: Request) -> bool:
        """All of the vendor's functions have such paths."""
        return request.path.startswith(START) and request.path.endswith(END)

    def read(self, request: Request) -> Call | Response:
        """The function and its query, of a GET or as a form; a dry run is a call of its own name."""
        function = request.path[1:].removesuffix(END)
        if function not in FUNCTIONS:
            return Response(b"no such function\n", 404, "text/plain")
        if request.method not in {"GET", "POST"}:
            return Response(b"GET or POST only\n", 405, "text/plain", ("Allow: GET, POST",))
        form = request.body.decode("utf-8", "replace") if request.headers.get("content-type", "") == FORM else ""
        query = dict(parse_qsl(f"{request.query}&{form}", keep_blank_values=True))
        dry = ".dryrun" if query.get("dryrun") == "1" else ""
        return Call(f"{function}{dry}", (function, query), request)

    def answer(self, call: Call) -> Response:
        """The function's fields with status 1, or status 0 and why; 401 for a wrong login."""
        function, query = call.parameters
        login, may_write = _login_of(call.request)
        if not login:
            return _unauthorized()
        if not may_write and function not in READING:
            return _denied(login, function, query)
        try:
            fields = {"status": 1, "reason": "OK", **FUNCTIONS[function](self._shop, query)}
        except RefusalError as refusal:
            fields = {"status": 0, "reason": str(refusal)}
        return write(function, fields, query.get("output", ""))

    def fault_names(self) -> Mapping[str, bool]:
        """Each fault, and whether the call is carried out."""
        return FAULTS

    def fault_answer(self, call: Call, fault: str) -> Response:
        """The answer that such a fault gives."""
        if fault == "login":
            return _unauthorized()
        function, query = call.parameters
        return _denied("demo", function, query)

    def sales(self) -> list[Sale]:
        """All licenses, oldest first."""
        return [for_ledger(one) for one in self._shop.all()]

    def mark(self, number: str, marks: Mapping[str, Any]) -> bool:
        """End a license or bring it back; to this vendor terminated and expired are the same."""
        license_ = self._shop.known(int(number)) if number.isdecimal() else None
        wanted = [bool(marks[name]) for name in ("terminated", "expired") if name in marks]
        if license_ is None or not wanted:
            return False
        license_.expired = self._shop.seconds() if any(wanted) else 0
        license_.why_expired = "Marked in the simulator" if any(wanted) else ""
        self._shop.keep(license_)
        return True

    def replay(self, change: Mapping[str, Any]) -> None:
        """Take over a license from the journal."""
        self._shop.replay(SoldLicense.from_json(change["license"]))


def _login_of(request: Request | None) -> tuple[str, bool]:
    """The login, "" for a wrong one, and whether it may do more than look."""
    scheme, _, credentials = (request.headers if request else {}).get("authorization", "").partition(" ")
    try:
        login, _, password = base64.b64decode(credentials.strip()).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", False
    known = ACCOUNTS.get(login)
    right = scheme.lower() == "basic" and known is not None and known[0] == password
    return (login, known[1]) if right and known else ("", False)


def _unauthorized() -> Response:
    return Response(b"Login failed\n", 401, "text/plain", ('WWW-Authenticate: Basic realm="simulated"',))


def _denied(login: str, function: str, query: Mapping[str, str]) -> Response:
    reason = f"{login} is not allowed to access {function}."
    return write(function, {"status": 0, "reason": reason}, query.get("output", ""))
