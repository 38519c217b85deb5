"""One configuration's way to the API: a request goes out once and comes back as JSON, as bytes, or as an error."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from ka_plugins.contract import (
    HttpClient,
    MisconfiguredError,
    PluginError,
    RefusedError,
    Reply,
)
from ka_plugins.plesk_ka3.keys import structure_of, text_of
from ka_plugins.settings import basic_login
from ka_plugins.statuses import status_error, unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ka_plugins.plesk_ka3.settings import PleskKa3Settings

TERMINATED: Final = "24204"  # the one error type that is documented: the key is terminated
# Seconds. What buys or makes something gets nearly all of Plugin.timeout; questions leave room for a second question.
PATIENT: Final = 55.0
BRISK: Final = 25.0
QUOTE_LIMIT: Final = 500  # characters of the vendor's words that are kept
# Where the request names a key, these tell of that key and not of the configuration, if the API itself says so.
OF_THE_KEY: Final = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}


class Connection:
    """Carries requests of the Partner API 3.0. Errors name method and place, never login, password or code."""

    def __init__(self, settings: PleskKa3Settings, http: HttpClient) -> None:
        self._settings, self._http = settings, http
        self.place, self._url = settings.place, f"{settings.url}{settings.path}/keys"
        login = basic_login(settings.login, settings.password)
        self._headers = {"Authorization": login, "Accept": "application/json"}

    async def ask(
        self,
        method: str,
        *path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        spends: bool = False,
        patient: bool = False,
    ) -> Any:
        """One request below `/keys`, answered with JSON; every status but 2xx comes as the error it stands for."""
        reply = await self.fetch(method, *path, query=query, body=body, spends=spends, patient=patient)
        try:
            return json.loads(reply.body)
        except (ValueError, RecursionError):
            raise self._unreadable(method, spends=spends) from None

    async def fetch(
        self,
        method: str,
        *path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        spends: bool = False,
        patient: bool = False,
    ) -> Reply:
        """The same, with the answer as it came."""
        url = "/".join((self._url, *(quote(part, safe="") for part in path)))
        content = b"" if body is None else json.dumps(body).encode()
        reply = await self._http.send(
            method,
            f"{url}?{urlencode(query)}" if query else url,
            body=content,
            headers={**self._headers, "Content-Type": "application/json"} if content else self._headers,
            spends=spends,
            timeout=PATIENT if patient or spends else BRISK,
            ca_file=self._settings.trusted,
        )
        error = self._error(method, reply, of_key=bool(path), spends=spends)
        if error is not None:
            raise error
        return reply

    def _error(self, method: str, reply: Reply, *, of_key: bool, spends: bool) -> PluginError | None:
        """The meaning of a status, with the vendor's words and type where the body is his (B.5)."""
        what = f"{method} at {self.place}"
        error = status_error(reply, what, spends=spends)
        told = _told(reply.body) if error is not None else {}
        if error is None or not told:
            return error
        said = " ".join(filter(None, (text_of(told.get("message")), text_of(told.get("details")))))
        says, code = self._quote(said), text_of(told.get("type")) or text_of(told.get("code"))
        if of_key and reply.status in OF_THE_KEY and isinstance(error, MisconfiguredError):
            return RefusedError(f"{what}: the key is not known there, or not ours.", vendor_says=says, code=code)
        error.vendor_says, error.code = says, code or error.code
        return error

    def _quote(self, text: str) -> str:
        return text.replace(self._settings.password, "***")[:QUOTE_LIMIT]

    def _unreadable(self, method: str, *, spends: bool) -> PluginError:
        message = f"{method} at {self.place}: the answer is not JSON."
        return unreadable(message, spends=spends)


def _told(body: bytes) -> Mapping[str, Any]:
    """The vendor's own error body; empty where something else answered in his place."""
    try:
        told = structure_of(json.loads(body))
    except (ValueError, RecursionError):
        return {}
    return told if "code" in told or "message" in told else {}
