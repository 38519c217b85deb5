"""Signed JSON in, JSON out: the issuer's side of the HTTP issuer protocol 1."""

from __future__ import annotations

import hmac
import json
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from ka_plugins.http_issuer.signing import WINDOW, signature
from ka_plugins.http_issuer.simulator.describing import for_ledger
from ka_plugins.http_issuer.simulator.operations import OPERATIONS
from ka_plugins.http_issuer.simulator.refusals import RefusalError
from ka_plugins.http_issuer.simulator.sold import GRACE, Shop, SoldLicense
from ka_plugins.simulator.dialect import Call
from ka_plugins.simulator.messages import Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ka_plugins.simulator.dialect import Sale
    from ka_plugins.simulator.world import World

BASE: Final = "/issuer/v1/"
# Each client with its secret, and whether it may change anything.
CLIENTS: Final = {"demo": ("demo", True), "limited": ("limited", False)}
COLLECTIONS: Final = {"orders", "licenses", "renewals"}  # the part of a path after these is a name


class HttpIssuerDialect:
    """Sells what `wares` lists to the client demo with the secret demo."""

    name = "http_issuer"

    def __init__(self, world: World) -> None:
        self._shop = Shop(world)

    def accepts(self, request: Request) -> bool:
        """Everything below the base path."""
        return request.path.startswith(BASE)

    def read(self, request: Request) -> Call | Response:
        """Find the operation. The signature is checked when the call is answered."""
        parts = request.path.removeprefix(BASE).split("/")
        named = [at > 0 and parts[at - 1] in COLLECTIONS for at in range(len(parts))]
        pattern = "/".join("*" if name else part for part, name in zip(parts, named, strict=True))
        route = (request.method, pattern)
        if route not in OPERATIONS:
            return _refused(RefusalError("not_found", f"There is no {request.method} {request.path}."))
        names = tuple(part for part, name in zip(parts, named, strict=True) if name)
        return Call(OPERATIONS[route][0], (route, names), request)

    def answer(self, call: Call) -> Response:
        """The object, or an error."""
        route, names = call.parameters
        assert call.request is not None  # noqa: S101 - `read` puts it there
        try:
            _admit(call.request)
            status, content = OPERATIONS[route][1](self._shop, names, _content(call.request))
        except RefusalError as refusal:
            return _refused(refusal)
        return _json(content, status)

    def fault_names(self) -> Mapping[str, bool]:
        """`clock`: the issuer's clock is far away from the caller's."""
        return {"clock": False}

    def fault_answer(self, call: Call, fault: str) -> Response:  # noqa: ARG002 - there is one, alike for all
        """That refusal."""
        return _refused(RefusalError("clock", "It is some other time here."))

    def sales(self) -> list[Sale]:
        """All licenses, oldest first."""
        return [for_ledger(one) for one in self._shop.all()]

    def mark(self, number: str, marks: Mapping[str, Any]) -> bool:
        """Make a license a problem, terminated or expired; or none of these again."""
        try:
            license_ = self._shop.find(number)
        except RefusalError:
            return False
        license_.problem = bool(marks.get("problem", license_.problem))
        license_.terminated = bool(marks.get("terminated", license_.terminated))
        if "expired" in marks:
            license_.expires = self._shop.now() if marks["expired"] else self._shop.now() + GRACE
        self._shop.keep(license_)
        return True

    def replay(self, change: Mapping[str, Any]) -> None:
        """Take over a license from the journal."""
        self._shop.replay(SoldLicense.from_json(change["license"]))


def _admit(request: Request) -> None:
    """Who asks, when, and whether it is really he (protocol, "Signing"). By the real clock, whatever was moved."""
    client = request.headers.get("issuer-client", "")
    timestamp = request.headers.get("issuer-timestamp", "")
    secret, may_change = CLIENTS.get(client, ("", False))
    if not secret:
        raise RefusalError("unknown_client", "There is no such client.")
    target = f"{request.path}?{request.query}" if request.query else request.path
    right = signature(secret, request.method, target, timestamp, request.body)
    given = request.headers.get("issuer-signature", "").lower()
    if not hmac.compare_digest(right.encode(), given.encode()):
        raise RefusalError("bad_signature", "The signature does not fit the request.")
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > WINDOW:
        raise RefusalError("clock", f"It is {int(time.time())} here, and the request says {timestamp}.")
    if not may_change and request.method != "GET":
        raise RefusalError("forbidden", "This client may only read.")


def _content(request: Request) -> dict[str, Any]:
    """The body's object, or the query of a request without one."""
    if not request.body:
        return dict(parse_qsl(request.query))
    try:
        content = json.loads(request.body)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise RefusalError("malformed", "The body is a JSON object.")
    return content


def _refused(refusal: RefusalError) -> Response:
    return _json({"error": {"code": refusal.code, "message": refusal.message}}, refusal.status)


def _json(content: dict[str, Any], status: int) -> Response:
    return Response(json.dumps(content).encode(), status, "application/json")
