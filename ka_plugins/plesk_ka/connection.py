"""One configuration's way to its Key Administrator: a call goes out once and comes back as a struct or an error."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from ka_plugins.contract import HttpClient, OutcomeUnknownError, PluginError, RefusedError, UnavailableError
from ka_plugins.plesk_ka import codes, wire
from ka_plugins.statuses import status_error, unreadable

if TYPE_CHECKING:
    from collections.abc import Collection

    from ka_plugins.plesk_ka.settings import PleskKaSettings

# Seconds. What buys or makes something gets nearly all of Plugin.timeout; questions leave room for a second question.
PATIENT: Final = 55.0
BRISK: Final = 25.0
QUOTE_LIMIT: Final = 500  # characters of the vendor's words that are kept: one method's are several kilobytes
HEADERS: Final = {"Content-Type": "text/xml; charset=utf-8"}
# Faults by which the server says that it never understood the call. XML-RPC leaves the numbers to the servers: these
# are the common convention, the phrases those of the usual server libraries.
NOT_UNDERSTOOD_CODES: Final = {-32700, -32600, -32601, -32602}
NOT_UNDERSTOOD_PHRASES: Final = ("no such handler", "no method matching", "unknown method", "signature")


class Connection:
    """Carries calls of the Partner API 1.0. Errors name host, port and method, never login or password."""

    def __init__(self, settings: PleskKaSettings, http: HttpClient) -> None:
        self._settings, self._http, self._place = settings, http, settings.place
        self._login = {"login": settings.login, "password": settings.password}

    async def call(
        self,
        method: str,
        *parameters: Any,
        spends: bool = False,
        patient: bool = False,
        accept: Collection[int] = (),
    ) -> wire.Struct:
        """Call `partner10.<method>` with the login before the parameters and answer with its result struct.

        Codes of 1xx and those in `accept` come back as results, all others as the PluginError that they stand for.
        """
        reply = await self._http.send(
            "POST",
            f"{self._settings.url}/",
            body=wire.write_call(method, (self._login, *parameters)),
            headers=HEADERS,
            spends=spends,
            timeout=PATIENT if patient or spends else BRISK,
            ca_file=self._settings.trusted,
        )
        if reply.status != HTTPStatus.OK:
            raise status_error(reply, self._place, spends=spends) or self._unreadable(method, spends=spends)
        try:
            answer = wire.read_answer(reply.body)
        except wire.FaultError as fault:
            raise self._fault(method, fault, spends=spends) from None
        except wire.UnreadableError:
            raise self._unreadable(method, spends=spends) from None
        return self._checked(method, answer, accept, spends=spends)

    def _checked(self, method: str, answer: wire.Struct, accept: Collection[int], *, spends: bool) -> wire.Struct:
        code = answer.number("resultCode")
        if code < codes.DONE:
            raise self._unreadable(method, spends=spends)
        if code not in accept:
            said = self._quote(answer.text("resultDesc"))
            error = codes.code_error(code, said, f"{method} at {self._place}", spends=spends)
            if error is not None:
                raise error
        return answer

    def _quote(self, text: str) -> str:
        return text.replace(self._settings.password, "***")[:QUOTE_LIMIT] if self._settings.password else text

    def _unreadable(self, method: str, *, spends: bool) -> PluginError:
        message = f"{method} at {self._place}: the answer is not XML-RPC with a result code."
        return unreadable(message, spends=spends)

    def _fault(self, method: str, fault: wire.FaultError, *, spends: bool) -> PluginError:
        said, code = self._quote(fault.text), str(fault.code)
        message = f"{method} at {self._place}: the server reports a fault ({code})."
        text = fault.text.lower()
        if fault.code in NOT_UNDERSTOOD_CODES or any(phrase in text for phrase in NOT_UNDERSTOOD_PHRASES):
            return RefusedError(message, vendor_says=said, code=code)
        kind = OutcomeUnknownError if spends else UnavailableError
        return kind(message, vendor_says=said, code=code)
