"""One configuration's way to Manage2: a function is called once and answers with its fields, or by an error."""

from __future__ import annotations

import json
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from ka_plugins.contract import HttpClient, PluginError, RefusedError
from ka_plugins.cpanel_manage2.answers import Fields, fields_of, text_of
from ka_plugins.settings import basic_login
from ka_plugins.statuses import status_error, unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ka_plugins.cpanel_manage2.settings import CpanelManage2Settings

# Seconds. A purchase is a dry run and the sale: both together stay below Plugin.timeout.
PATIENT: Final = 40.0
BRISK: Final = 15.0
QUOTE_LIMIT: Final = 500  # characters of the vendor's words that are kept
DONE: Final = "1"
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class Connection:
    """Carries calls of Manage2's functions. Errors name function and place, never login or password."""

    def __init__(self, settings: CpanelManage2Settings, http: HttpClient) -> None:
        self._settings, self._http = settings, http
        self.place = settings.place
        login = basic_login(settings.login, settings.password)
        self._headers = {"Authorization": login, "Accept": "application/json"}

    async def ask(
        self, function: str, query: Mapping[str, str] = NOTHING, *, spends: bool = False, patient: bool = False
    ) -> Fields:
        """Call a function by GET, as the vendor has it, and answer with its fields.

        A failure is HTTP 200 with status 0 and prose (RefusedError): the function did nothing.
        """
        fields = await self._fields(function, query, spends=spends, patient=patient)
        if text_of(fields["status"]) != DONE:
            said = text_of(fields.get("reason"))
            raise RefusedError(f"{function} at {self.place}: the vendor refused.", vendor_says=self._quote(said))
        return fields

    async def look_up(self, function: str, query: Mapping[str, str]) -> Fields:
        """The same for a question whose answer may be nothing: the vendor then answers with status 0, too."""
        return await self._fields(function, query, spends=False, patient=True)

    async def _fields(self, function: str, query: Mapping[str, str], *, spends: bool, patient: bool) -> Fields:
        reply = await self._http.send(
            "GET",
            f"{self._settings.url}/{function}.cgi?{urlencode({'output': 'json', **query})}",
            headers=self._headers,
            spends=spends,
            timeout=PATIENT if patient or spends else BRISK,
            ca_file=self._settings.trusted,
        )
        if reply.status != HTTPStatus.OK:
            error = status_error(reply, f"{function} at {self.place}", spends=spends)
            raise error or self._unreadable(function, spends=spends)
        try:
            fields = fields_of(json.loads(reply.body))
        except (ValueError, RecursionError):
            fields = {}
        if "status" not in fields:
            raise self._unreadable(function, spends=spends)
        return fields

    def _quote(self, text: str) -> str:
        return text.replace(self._settings.password, "***")[:QUOTE_LIMIT]

    def _unreadable(self, function: str, *, spends: bool) -> PluginError:
        message = f"{function} at {self.place}: the answer is not JSON with a status."
        return unreadable(message, spends=spends)
