"""JSON:API in, JSON:API out: the vendor's side of the Keygen API 1."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, unquote

from ka_plugins.keygen.simulator.describing import for_ledger
from ka_plugins.keygen.simulator.operations import OPERATIONS
from ka_plugins.keygen.simulator.refusals import TITLES, RefusalError, not_found
from ka_plugins.keygen.simulator.sold import Shop, SoldLicense
from ka_plugins.keygen.wire import MEDIA_TYPE
from ka_plugins.simulator.dialect import Call
from ka_plugins.simulator.messages import Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ka_plugins.simulator.dialect import Sale
    from ka_plugins.simulator.world import World

PREFIX: Final = "/v1/accounts/"
ACCOUNT: Final = "demo"
# Each token, and whether it may change anything.
TOKENS: Final = {"demo": True, "limited": False}
SHORTEST_PATH_WITH_NAME: Final = 2
LONGEST_PAGE: Final = 100


class KeygenDialect:
    """Sells what `wares` lists to the account demo with the token demo."""

    name = "keygen"

    def __init__(self, world: World) -> None:
        self._shop = Shop(world)

    def accepts(self, request: Request) -> bool:
        """Everything below an account."""
        return request.path.startswith(PREFIX)

    def read(self, request: Request) -> Call | Response:
        """Find the operation; the call carries its route, the account, the name in the path and the document."""
        account, _, path = request.path.removeprefix(PREFIX).partition("/")
        parts = path.strip("/").split("/")
        name = unquote(parts[1]) if len(parts) >= SHORTEST_PATH_WITH_NAME else ""
        route = (request.method, "/".join(part if at != 1 else "*" for at, part in enumerate(parts)))
        if route not in OPERATIONS:
            return _refused(RefusalError(404, "NOT_FOUND", "The requested endpoint was not found"))
        try:
            content = json.loads(request.body or b"{}")
        except ValueError:
            content = None
        if not isinstance(content, dict):
            return _refused(RefusalError(400, "", "Malformed request body"))
        return Call(_method(route), (route, account, name, content), request)

    def answer(self, call: Call) -> Response:
        """The resource or the page of them, or an error document."""
        route, account, name, content = call.parameters
        try:
            self._admit(call, account)
            operation, status = OPERATIONS[route]
            found = operation(self._shop, name, content)
        except RefusalError as refusal:
            return _refused(refusal)
        if isinstance(found, list) and route[0] == "GET" and call.request is not None:
            return _json(_page(found, call.request), status)
        return Response(b"", status) if found is None else _json({"data": found}, status)

    def _admit(self, call: Call, account: str) -> None:
        if account != ACCOUNT:
            raise not_found("account", account)
        given = call.request.headers.get("authorization", "") if call.request else ""
        kind, _, token = given.partition(" ")
        if kind.lower() != "bearer" or token not in TOKENS:
            raise RefusalError(401, "TOKEN_INVALID", "You must be authenticated to complete the request")
        if not TOKENS[token] and call.request and call.request.method != "GET":
            raise RefusalError(403, "TOKEN_NOT_ALLOWED", "You do not have permission to complete the request")

    def fault_names(self) -> Mapping[str, bool]:
        """`refused`: the vendor says no, for whatever reason."""
        return {"refused": False}

    def fault_answer(self, call: Call, fault: str) -> Response:  # noqa: ARG002 - there is one, alike for all
        """That refusal."""
        return _refused(RefusalError(422, "SIMULATED", "is refused (simulated)"))

    def sales(self) -> list[Sale]:
        """All licenses, oldest first."""
        return [for_ledger(one) for one in self._shop.ledger()]

    def mark(self, number: str, marks: Mapping[str, Any]) -> bool:
        """Ban, delete or expire a license; or bring back what was banned."""
        try:
            license_ = self._shop.find(number)
        except RefusalError:
            return False
        license_.banned = bool(marks.get("problem", license_.banned))
        license_.deleted = bool(marks.get("terminated", license_.deleted))
        if marks.get("expired"):
            license_.expiry = self._shop.now()
        self._shop.keep(license_)
        return True

    def replay(self, change: Mapping[str, Any]) -> None:
        """Take over a license from the journal."""
        self._shop.replay(SoldLicense.from_json(change["license"]))


def _method(route: tuple[str, str]) -> str:
    """What faults and counts go by: the operation's name as the vendor's documents write it, `createLicense`."""
    first, *rest = OPERATIONS[route][0].__name__.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _page(found: list[dict[str, Any]], request: Request) -> dict[str, Any]:
    number, size = _number(request, "number", 1), min(_number(request, "size", 10), LONGEST_PAGE)
    following = f"{request.path}?page[number]={number + 1}&page[size]={size}"
    more = number * size < len(found)
    return {"data": found[(number - 1) * size : number * size], "links": {"next": following if more else None}}


def _number(request: Request, name: str, default: int) -> int:
    given = parse_qs(request.query).get(f"page[{name}]", [""])[0]
    return max(1, int(given)) if given.isdecimal() else default


def _refused(refusal: RefusalError) -> Response:
    source = {"source": {"pointer": refusal.pointer}} if refusal.pointer else {}
    code = {"code": refusal.code} if refusal.code else {}
    error = {"title": TITLES[refusal.status], "detail": refusal.detail, **code, **source}
    return _json({"errors": [error]}, refusal.status)


def _json(content: dict[str, Any], status: int) -> Response:
    return Response(json.dumps(content).encode(), status, MEDIA_TYPE)
