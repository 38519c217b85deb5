"""One configuration's way to its issuer: a signed request goes out once and comes back as an object or an error."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ka_plugins.contract import (
    HttpClient,
    MisconfiguredError,
    PluginError,
    RefusedError,
    Reply,
    UnavailableError,
)
from ka_plugins.http_issuer import wire
from ka_plugins.http_issuer.signing import WINDOW, signed_headers
from ka_plugins.statuses import status_error, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ka_plugins.http_issuer.settings import HttpIssuerSettings

T = TypeVar("T")
SECONDS: Final = 25.0  # for one request; a verb makes one
QUOTE_LIMIT: Final = 500  # characters of the issuer's words that are kept
CLOCK: Final = "clock"
UNKNOWN: Final = {"unknown_order", "unknown_license"}  # any other 404 is a wrong base path


class Connection:
    """Carries requests of the HTTP issuer protocol 1. Errors name host and port, never the secret."""

    def __init__(self, settings: HttpIssuerSettings, http: HttpClient) -> None:
        self._settings, self._http, self.place = settings, http, settings.place

    async def ask(
        self,
        read: Callable[[Mapping[str, Any]], T],
        method: str,
        path: str,
        content: Mapping[str, Any] | None = None,
        *,
        spends: bool = False,
    ) -> T:
        """Send one request and answer with what `read` makes of the object that comes back."""
        settings = self._settings
        body = b"" if content is None else wire.write(content)
        target = settings.base_path + path
        headers = signed_headers(settings.client, settings.secret, method, target, body, now=time.time())
        reply = await self._http.send(
            method,
            settings.url + target,
            body=body,
            headers={**headers, "Accept": "application/json", **({"Content-Type": "application/json"} if body else {})},
            spends=spends,
            timeout=SECONDS,
            ca_file=settings.trusted,
        )
        error = status_error(reply, self.place, spends=spends)
        if error is not None:
            raise self._explained(error, reply)
        try:
            return read(wire.read(reply.body))
        except wire.UnreadableError as reason:
            message = f"{self.place}: the answer is not the one that the protocol has for this request ({reason})."
            raise unreadable(message, spends=spends) from None

    def _explained(self, error: PluginError, reply: Reply) -> PluginError:
        """The same error with the issuer's words; by his code where the status alone says too little."""
        complaint = wire.read_complaint(reply.body)
        if not complaint.code:
            return error
        words, code = complaint.message[:QUOTE_LIMIT], complaint.code
        if code == CLOCK:
            message = f"The clocks of this machine and of {self.place} are more than {WINDOW} seconds apart."
            return UnavailableError(message, vendor_says=words, code=code)
        if code in UNKNOWN:
            return RefusedError(f"{self.place} does not know what was asked for.", vendor_says=words, code=code)
        if isinstance(error, RefusedError):
            return RefusedError(f"{self.place} refuses ({code}).", vendor_says=words, code=code)
        if isinstance(error, MisconfiguredError):
            message = f"{self.place} does not let this client do that ({code}). Check client, secret and base path."
            return MisconfiguredError(message, vendor_says=words, code=code)
        error.vendor_says = words
        return error
