"""The plug-in for issuers who implement the HTTP issuer protocol 1."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import quote

from ka_plugins.contract import (
    AdditionalOrder,
    ClassInfo,
    Delivers,
    HttpClient,
    Key,
    KeyFile,
    KeyStatus,
    LicenseOrder,
    Plugin,
    RefusedError,
    Settles,
    UnavailableError,
    Verb,
)
from ka_plugins.http_issuer import wire
from ka_plugins.http_issuer.connection import Connection
from ka_plugins.http_issuer.settings import HttpIssuerSettings
from ka_plugins.settings import shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

UNKNOWN_ORDER: Final = "unknown_order"
PAGE: Final = 200  # licenses of a list that are asked for at a time


def _page(content: Mapping[str, Any]) -> tuple[list[Key], str]:
    licenses, following = content.get("licenses"), content.get("next")
    if not isinstance(licenses, list):
        raise wire.UnreadableError("no list of licenses")
    if following is not None and wire.NUMBER.fullmatch(str(following)) is None:
        raise wire.UnreadableError("a cursor that cannot be asked for")
    return [wire.read_license(one) for one in licenses if isinstance(one, dict)], str(following or "")


class HttpIssuerPlugin(Plugin):
    """Orders, fetches, renews, changes and ends licenses. Every request names a state, so all may be repeated."""

    name = "http_issuer"
    label = "HTTP issuer"
    Settings = HttpIssuerSettings
    delivers = Delivers.KEY | Delivers.ACTIVATION_CODE | Delivers.FILES
    verbs: ClassVar[frozenset[Verb]] = frozenset(Verb)
    settles = Settles.IDEMPOTENT
    secret_keys = False
    key_hint = "PANEL-2048.A"

    def __init__(self, settings: HttpIssuerSettings, http: HttpClient) -> None:
        super().__init__(settings, http)
        self._issuer = Connection(settings, http)

    @classmethod
    def clean_key(cls, text: str) -> str:
        """A license number; ValueError with a reason for a person."""
        number = text.strip()
        if wire.NUMBER.fullmatch(number) is None:
            raise ValueError(
                shown("A license number has up to 100 letters, digits, dots, hyphens, tildes and underscores.")
            )
        return number

    async def check(self) -> str:
        """GET account."""
        name = await self._issuer.ask(lambda content: str(content.get("name") or ""), "GET", "/account")
        account = " ".join(name.split())[:100] or self.settings.client
        return f"{self._issuer.place} accepts the client {self.settings.client} of the account {account}."

    async def list_classes(self) -> tuple[ClassInfo, ...]:
        """GET classes."""
        return await self._issuer.ask(wire.read_classes, "GET", "/classes")

    async def issue_key(self, order: LicenseOrder) -> Key:
        """PUT orders/REFERENCE: the first one sells, each further one answers with that sale."""
        content = {**wire.write_contents(order), "address": order.address, "note": order.note}
        return await self._issuer.ask(wire.read_license, "PUT", _order(order.reference), content, spends=True)

    async def find_issued(self, order: LicenseOrder) -> tuple[Key, ...]:
        """GET orders/REFERENCE."""
        try:
            return (await self._issuer.ask(wire.read_license, "GET", _order(order.reference)),)
        except RefusedError as error:
            if error.code != UNKNOWN_ORDER:
                raise
            return ()

    async def fetch_files(self, key: str) -> tuple[KeyFile, ...]:
        """GET licenses/NUMBER/files; each file's digest is checked."""
        return await self._issuer.ask(wire.read_files, "GET", _license(key, "/files"))

    async def describe(self, key: str) -> Key:
        """GET licenses/NUMBER."""
        return await self._issuer.ask(wire.read_license, "GET", _license(key))

    async def renew(self, key: str, reference: str) -> Key:
        """PUT licenses/NUMBER/renewals/REFERENCE: one term, however often it is sent."""
        path = _license(key, f"/renewals/{quote(reference, safe='')}")
        return await self._issuer.ask(wire.read_license, "PUT", path, {}, spends=True)

    async def change(self, key: str, wanted: LicenseOrder) -> Key:
        """PUT licenses/NUMBER/contents: the issuer finds out what differs.

        He would end what is not named, so additional licenses that are not wanted any more are named as they are.
        """
        codes = {one.code for one in wanted.additional}
        dropped = [one for one in (await self.describe(key)).additional if one.class_code not in codes]
        living = [one for one in dropped if one.status is not KeyStatus.TERMINATED]
        kept = tuple(AdditionalOrder(one.class_code, one.features) for one in living)
        content = wire.write_contents(replace(wanted, additional=(*wanted.additional, *kept)))
        path = _license(key, "/contents")
        changed = await self._issuer.ask(wire.read_license, "PUT", path, content, spends=True)
        return replace(changed, to_end=tuple(one.number for one in living))

    async def suspend(self, key: str) -> Key:
        """PUT licenses/NUMBER/state."""
        return await self._bring(key, "suspended")

    async def resume(self, key: str) -> Key:
        """PUT licenses/NUMBER/state."""
        return await self._bring(key, "active")

    async def terminate(self, key: str) -> None:
        """PUT licenses/NUMBER/state; the issuer ends its additional licenses with it."""
        await self._bring(key, "terminated")

    async def _bring(self, key: str, state: str) -> Key:
        return await self._issuer.ask(wire.read_license, "PUT", _license(key, "/state"), {"state": state})

    async def list_keys(self) -> AsyncIterator[Key]:
        """GET licenses, page by page until one names no next."""
        cursor, seen = "", set[str]()
        while cursor not in seen:
            seen.add(cursor)
            more = f"&cursor={cursor}" if cursor else ""
            keys, cursor = await self._issuer.ask(_page, "GET", f"/licenses?limit={PAGE}{more}")
            for key in keys:
                yield key
            if not cursor:
                return
        raise UnavailableError(f"{self._issuer.place}: the list of licenses comes round to a page that was there.")


def _order(reference: str) -> str:
    return f"/orders/{quote(reference, safe='')}"


def _license(key: str, rest: str = "") -> str:
    return f"/licenses/{quote(key, safe='')}{rest}"
