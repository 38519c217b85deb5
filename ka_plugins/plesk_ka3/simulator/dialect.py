"""JSON in, JSON out: the Key Administrator's side of the Partner API 3.0."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from ka_plugins.plesk_ka3.simulator import methods
from ka_plugins.plesk_ka3.simulator.refusals import RefusalError
from ka_plugins.plesk_ka3.simulator.sold import GRACE, TERMINATED, Shop, SoldKey
from ka_plugins.plesk_ka3.simulator.structures import for_ledger, short
from ka_plugins.simulator.dialect import Call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ka_plugins.simulator.dialect import Sale
    from ka_plugins.simulator.messages import Request, Response
    from ka_plugins.simulator.world import World

PREFIXES: Final = ("/30/keys", "/jsonrest/business-partner/30/keys")
# Login: password, and whether its role may do more than look.
ACCOUNTS: Final[dict[str, tuple[str, bool]]] = {"demo": ("demo", True), "limited": ("limited", False)}
OWNER: Final = "1"
# Faults in the vendor's words: status, text and type; none of them is carried out.
FAULTS: Final[dict[str, tuple[int, str, str]]] = {
    "login": (401, "Authorization failed", "0"),
    "role": (403, "Access to this method is denied", "0"),
    TERMINATED: (400, "The key is terminated", TERMINATED),
}
MARKS: Final = {"terminated", "expired"}
UNFILTERED: Final = "unfiltered"  # a list as a server gives it who does not know the filter


class PleskKa3Dialect:
    """Sells what `wares` lists to the login demo with the password demo, for the owner 1 or demo."""

    name = "plesk_ka3"

    def __init__(self, world: World) -> None:
        self._shop = Shop(world)

    def accepts(self, request: Request) -> bool:
        """Both prefixes under which the vendor offers this API."""
        return any(request.path == one or request.path.startswith(f"{one}/") for one in PREFIXES)

    def read(self, request: Request) -> Call | Response:
        """Which operation on which key; 404 and 405 as JSON."""
        prefix = next(one for one in PREFIXES if request.path.startswith(one))
        written, _, action = unquote(request.path.removeprefix(prefix)).strip("/").partition("/")
        known = methods.METHODS.get((request.method, action)) if written else methods.OF_ALL.get(request.method)
        if known is not None:
            return Call(known[0], (known[1], written), request)
        has_path = not written or any(action == one for _, one in methods.METHODS)
        return _refused(405, "Method not allowed", "0") if has_path else _refused(404, "No such resource", "0")

    def answer(self, call: Call) -> Response:
        """What the operation answers, or the vendor's error."""
        try:
            request = call.request
            assert request is not None  # noqa: S101 - `read` puts it there
            self._authorize(request, call.method)
            operation, written = call.parameters
            answer: Response = operation(self._shop, request, written, OWNER)
        except RefusalError as refusal:
            return _refused(refusal.status, refusal.text, refusal.kind)
        except (AttributeError, TypeError, ValueError):  # a member of another type than the structure says
            return _refused(400, "Malformed License Key Structure", "0")
        return answer

    def _authorize(self, request: Request, method: str) -> None:
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        try:
            login, _, password = base64.b64decode(credentials.strip()).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            login = password = ""
        known = ACCOUNTS.get(login)
        if scheme.lower() != "basic" or known is None or known[0] != password:
            raise RefusalError(401, "Authorization failed")
        if not known[1] and method not in methods.READING:
            raise RefusalError(403, "Access to this method is denied")

    def fault_names(self) -> Mapping[str, bool]:
        """Each fault, and whether the call is carried out."""
        return dict.fromkeys((*FAULTS, UNFILTERED), False)

    def fault_answer(self, call: Call, fault: str) -> Response:  # noqa: ARG002 - all methods fail alike
        """The answer that such a fault gives."""
        if fault == UNFILTERED:
            return methods.json_answer([short(key) for key in self._shop.all()])
        return _refused(*FAULTS[fault])

    def sales(self) -> list[Sale]:
        """All keys, oldest first."""
        return [for_ledger(key, self._shop.known(str(key.parent))) for key in self._shop.all()]

    def mark(self, number: str, marks: Mapping[str, Any]) -> bool:
        """Make a key terminated or expired, or neither again; this API knows no problem keys."""
        parts = number.split(".")
        key = self._shop.known(parts[1]) if len(parts) > 1 else None
        if key is None or key.ware.prefix != parts[0].upper() or not marks.keys() & MARKS:
            return False
        key.terminated = bool(marks.get("terminated", key.terminated))
        if "expired" in marks:
            key.expiration = self._shop.now() if marks["expired"] else self._shop.now() + GRACE
        self._shop.keep(key)
        return True

    def replay(self, change: Mapping[str, Any]) -> None:
        """Take over a key from the journal."""
        self._shop.replay(SoldKey.from_json(change["key"]))


def _refused(status: int, text: str, kind: str) -> Response:
    """The vendor's error body, in which both numbers are strings."""
    body = {"code": str(status), "type": kind, "message": text, "details": "simulated, not a license"}
    headers = ('WWW-Authenticate: Basic realm="simulated"',) if status == 401 else ()  # noqa: PLR2004 - as the RFC has it
    return methods.json_answer(body, status, *headers)
