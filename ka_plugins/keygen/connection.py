"""One configuration's way to its Keygen account: a request goes out once and comes back as a document or an error."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from ka_plugins.contract import (
    HttpClient,
    MisconfiguredError,
    PluginError,
    RefusedError,
    Reply,
)
from ka_plugins.keygen import wire
from ka_plugins.statuses import status_error, unreadable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from ka_plugins.keygen.settings import KeygenSettings

SECONDS: Final = 25.0  # for one request; the verbs make up to five, and Plugin.timeout bounds them all
PAGE: Final = 100  # the longest page that the vendor gives
QUOTE_LIMIT: Final = 500  # characters of the vendor's words that are kept
# 404 stands for a license, a policy or the whole account that is not there; only the vendor's words tell them apart.
NOT_FOUND: Final = re.compile(r"requested (\w+) '")


class NoSuchLicenseError(RefusedError):
    """The account has no license of this key: it was never there, or was deleted."""


class Connection:
    """Carries requests to one account. Errors name host and port, never the token or a license key."""

    def __init__(self, settings: KeygenSettings, http: HttpClient) -> None:
        self._settings, self._http, self.place = settings, http, settings.place
        self._base = f"{settings.url}/v1/accounts/{settings.account}"
        self._headers = {"Authorization": f"Bearer {settings.token}", "Accept": wire.MEDIA_TYPE}

    async def call(
        self,
        method: str,
        path: str,
        content: Mapping[str, Any] | None = None,
        *,
        key: str = "",
        spends: bool = False,
    ) -> wire.Document:
        """Send one request, with `key` for `{key}` in its path, and answer with the document; an empty one for 204."""
        typed = {"Content-Type": wire.MEDIA_TYPE} if content is not None else {}
        reply = await self._http.send(
            method,
            self._base + path.replace("{key}", quote(key, safe="")),
            body=b"" if content is None else wire.write(content),
            headers={**self._headers, **typed},
            spends=spends,
            timeout=SECONDS,
            ca_file=self._settings.trusted,
        )
        error = status_error(reply, self.place, spends=spends)
        if error is not None:
            raise self._explained(error, reply, key)
        if reply.status == HTTPStatus.NO_CONTENT:
            return wire.Document({})
        try:
            return wire.read(reply.body)
        except wire.UnreadableError:
            raise self.unreadable(spends=spends) from None

    async def one(self, method: str, path: str, content: Mapping[str, Any] | None = None, **more: Any) -> wire.Resource:
        """The same for a request that is answered with one resource."""
        document = await self.call(method, path, content, **more)
        try:
            return document.one()
        except wire.UnreadableError:
            raise self.unreadable(spends=more.get("spends", False)) from None

    async def pages(self, path: str, *, key: str = "") -> AsyncIterator[wire.Resource]:
        """All resources of a list, page by page; one that slips onto a later page meanwhile comes once."""
        seen: set[str] = set()
        number, goes_on = 0, True
        while goes_on:
            number += 1
            document = await self.call("GET", f"{path}?page[number]={number}&page[size]={PAGE}", key=key)
            try:
                page = document.many()
            except wire.UnreadableError:
                raise self.unreadable() from None
            for resource in page:
                if resource.id not in seen:
                    seen.add(resource.id)
                    yield resource
            goes_on = document.has_next() and bool(page)

    def unreadable(self, *, spends: bool = False) -> PluginError:
        """The error of an answer that was a success by its status and cannot be read."""
        message = f"{self.place}: the answer is not the JSON:API document that belongs to the request."
        return unreadable(message, spends=spends)

    def _explained(self, error: PluginError, reply: Reply, key: str) -> PluginError:
        """The same error with the vendor's words; a license that is not there is no fault of the configuration."""
        try:
            complaint = wire.read(reply.body).complaint()
        except wire.UnreadableError:
            return error
        words = complaint.text[:QUOTE_LIMIT]
        for secret in (self._settings.token, key):
            words = words.replace(secret, "***") if secret else words
        error.vendor_says = words
        missing = NOT_FOUND.search(complaint.text) if reply.status == HTTPStatus.NOT_FOUND else None
        if missing is not None and missing[1] != "account":
            kind = NoSuchLicenseError if missing[1] == "license" else RefusedError
            return kind(f"{self.place}: the account has no such {missing[1]}.", vendor_says=words, code=complaint.code)
        if isinstance(error, RefusedError | MisconfiguredError):
            error.code = complaint.code or error.code
        return error
