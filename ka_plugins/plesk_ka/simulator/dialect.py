"""XML-RPC in, XML-RPC out: the Key Administrator's side of the Partner API 1.0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ka_plugins.plesk_ka import wire
from ka_plugins.plesk_ka.simulator import answers, methods
from ka_plugins.plesk_ka.simulator import parameters as read
from ka_plugins.plesk_ka.simulator.accounts import OWN_CLIENT
from ka_plugins.plesk_ka.simulator.describing import for_ledger
from ka_plugins.plesk_ka.simulator.refusals import WORDS, NoSuchMethodError, RefusalError
from ka_plugins.plesk_ka.simulator.sold import GRACE, Shop, SoldKey
from ka_plugins.simulator.dialect import Call
from ka_plugins.simulator.messages import Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ka_plugins.simulator.dialect import Sale
    from ka_plugins.simulator.world import World

PATHS: Final = {"", "/", "/xmlrpc", "/RPC2"}
# Faults in the vendor's words: the result code, or 0 for an XML-RPC fault, and whether the call is carried out.
FAULTS: Final[dict[str, tuple[int, bool]]] = {
    "login": (200, False),
    "role": (201, False),
    "287": (287, False),
    "287_after": (287, True),
    "300_once": (300, False),
    "300_after": (300, True),
    "fault": (0, False),
    "fault_after": (0, True),
}
SERVER_TROUBLE: Final = 500


class PleskKaDialect:
    """Sells what `wares` lists to the login demo with the password demo, for the client 1 or demo."""

    name = "plesk_ka"

    def __init__(self, world: World) -> None:
        self._shop = Shop(world)

    def accepts(self, request: Request) -> bool:
        """The documented path, the vendor's PHP example's and what XML-RPC clients make of no path."""
        return request.path in PATHS

    def read(self, request: Request) -> Call | Response:
        """Take the call apart; a fault where it is no XML-RPC or its method lacks the prefix."""
        if request.method != "POST":
            return Response(b"POST only\n", 405, "text/plain", ("Allow: POST",))
        try:
            name, parameters = wire.read_call(request.body)
        except (wire.UnreadableError, wire.FaultError):
            return _fault(-32700, "Failed to parse XML-RPC request")
        if not name.startswith(wire.METHOD_PREFIX):
            return _fault(0, f"No such handler: {name}")
        return Call(name.removeprefix(wire.METHOD_PREFIX), parameters, request)

    def answer(self, call: Call) -> Response:
        """The result struct, or a fault for a method or a signature that there is not."""
        try:
            return _result(self._run(call))
        except RefusalError as refusal:
            return _result({"resultCode": refusal.code, "resultDesc": refusal.text})
        except NoSuchMethodError as error:
            return _fault(0, str(error))

    def _run(self, call: Call) -> dict[str, Any]:
        if call.method not in methods.METHODS:
            raise NoSuchMethodError(f"No such handler: {wire.METHOD_PREFIX}{call.method}")
        login, password = read.login_of(call.parameters[0] if call.parameters else None)
        caller = self._shop.accounts.caller(login, password, call.method)
        return methods.run(self._shop, call.method, caller, call.parameters[1:])

    def fault_names(self) -> Mapping[str, bool]:
        """Each fault, and whether the call is carried out."""
        return {name: carried_out for name, (_, carried_out) in FAULTS.items()}

    def fault_answer(self, call: Call, fault: str) -> Response:  # noqa: ARG002 - all methods fail alike
        """The answer that such a fault gives."""
        code = FAULTS[fault][0]
        if code == 0:
            return _fault(SERVER_TROUBLE, "Server trouble (simulated)")
        return _result({"resultCode": code, "resultDesc": WORDS[code]})

    def sales(self) -> list[Sale]:
        """All keys, oldest first."""
        return [for_ledger(key) for key in self._shop.all()]

    def mark(self, number: str, marks: Mapping[str, Any]) -> bool:
        """Make a key a problem, terminated or expired; or none of these again."""
        try:
            key = self._shop.find(number, client=OWN_CLIENT)
        except RefusalError:
            return False
        key.problem = bool(marks.get("problem", key.problem))
        key.terminated = bool(marks.get("terminated", key.terminated))
        if "expired" in marks:
            key.expiration = self._shop.now() if marks["expired"] else self._shop.now() + GRACE
        self._shop.keep(key)
        return True

    def replay(self, change: Mapping[str, Any]) -> None:
        """Take over a key, a client or a login's new password from the journal."""
        if "key" in change:
            self._shop.replay(SoldKey.from_json(change["key"]))
        elif "client" in change:
            self._shop.clients.replay(change["client"])
        else:
            self._shop.accounts.replay(change["account"])


def _result(result: dict[str, Any]) -> Response:
    return Response(answers.write_result(result))


def _fault(code: int, text: str) -> Response:
    return Response(answers.write_fault(code, text))
