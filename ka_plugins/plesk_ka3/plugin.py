"""The plug-in for the Partner API 3.0."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ka_plugins.contract import (
    AdditionalClass,
    AdditionalOrder,
    ClassInfo,
    Delivers,
    Feature,
    HttpClient,
    Key,
    KeyFile,
    KeyStatus,
    LicenseOrder,
    OutcomeUnknownError,
    Plugin,
    PluginError,
    RefusedError,
    Settles,
    UnavailableError,
    Verb,
)
from ka_plugins.key_files import check_xml_or_text
from ka_plugins.plesk_ka3 import keys
from ka_plugins.plesk_ka3.connection import TERMINATED, Connection
from ka_plugins.plesk_ka3.settings import PleskKa3Settings
from ka_plugins.plesk_ka3.wares import ADDITIONS, BASES, FEATURES, of_product

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

STATE: Final = {"return-key-state": "yes"}  # whatever makes or changes a key answers with it
CANDIDATES: Final = 20  # keys of one reference; more means that the vendor did not look for it
AT_ONCE: Final = 8  # questions under way while all keys are read
FILE_NAME: Final = re.compile(r'filename="?([^";]+)')
NOT_A_FILE: Final = ("text/html", "application/json")


class PleskKa3Plugin(Plugin):
    """Buys, fetches, changes, suspends and ends keys by the Partner API 3.0."""

    name = "plesk_ka3"
    label = "Plesk Key Administrator (Partner API 3.0)"
    Settings = PleskKa3Settings
    delivers = Delivers.KEY | Delivers.ACTIVATION_CODE | Delivers.FILES
    verbs: ClassVar[frozenset[Verb]] = frozenset(Verb)
    settles = Settles.BY_REFERENCE
    secret_keys = False
    key_hint = keys.HINT
    timeout = 60.0

    def __init__(self, settings: PleskKa3Settings, http: HttpClient) -> None:
        super().__init__(settings, http)
        self._ka = Connection(settings, http)

    @classmethod
    def clean_key(cls, text: str) -> str:
        """`PREFIX.NNNNNNNN[.RRRR]`; ValueError with a reason for a person."""
        return keys.clean_key(text)

    @classmethod
    def key_identity(cls, key: str) -> str:
        """The number without its revision: upgrades and renewals only raise that."""
        return keys.base_of(key)

    @classmethod
    def check_file(cls, file: KeyFile) -> None:
        """Key files are XML, those of Virtuozzo plain text; ValueError for an archive and what was cut."""
        check_xml_or_text(file)

    # -- what costs nothing

    async def check(self) -> str:
        """Prove login and path with a look-up that finds nothing: the API has no call of its own for that."""
        await self._list(nickname="connection test")
        return f"{self._ka.place} accepts the login {self.settings.login}."

    async def list_classes(self) -> tuple[ClassInfo, ...]:
        """The constants that are known; the vendor has no list of them, but is asked whether he knows the login."""
        await self.check()
        return tuple(
            ClassInfo(
                code=code,
                name=ware.label,
                features=tuple(Feature(one, FEATURES[one].label) for one in of_product(FEATURES, ware.product)),
                additional=tuple(
                    AdditionalClass(one, ADDITIONS[one].label) for one in of_product(ADDITIONS, ware.product)
                ),
            )
            for code, ware in BASES.items()
        )

    async def find_issued(self, order: LicenseOrder) -> tuple[Key, ...]:
        """The living key that carries our reference as its nickname; none means that it was not sold (B.5).

        A key that still lacks an additional one of the order is not that order's sale yet: ordered again, `issue_key`
        finds it and buys only what is missing.
        """
        found = await self._of_reference(order.reference)
        whole = tuple(key for key in found if not _missing(key, order))
        return found if len(found) > 1 else whole

    async def fetch_files(self, key: str) -> tuple[KeyFile, ...]:
        """The key file: the vendor's bytes as they are, under the name that he gives them."""
        reply = await self._ka.fetch("GET", keys.id_of(key), "retrieve", patient=True)
        if not reply.body or reply.headers.get("content-type", "").startswith(NOT_A_FILE):
            raise UnavailableError(f"GET at {self._ka.place}: the answer holds no key file.")
        given = FILE_NAME.search(reply.headers.get("content-disposition", ""))
        name = re.sub(r"[^\w.-]", "", given[1] if given else "", flags=re.ASCII).strip(".") or f"{key}.xml"
        return (KeyFile(name, reply.body),)

    async def describe(self, key: str) -> Key:
        """The key and its additional keys; works for terminated ones too."""
        return await self._described(await self._full(keys.id_of(key)))

    async def list_keys(self) -> AsyncIterator[Key]:
        """Every key of the account, additional ones as keys of their own. The list has ids only: one question each."""
        ids = [keys.text_of(one.get("keyId")) for one in await self._list()]
        for start in range(0, len(ids), AT_ONCE):
            for full in await asyncio.gather(*map(self._full, ids[start : start + AT_ONCE])):
                yield keys.read_key(full)

    async def _list(self, **filters: str) -> tuple[keys.Structure, ...]:
        answer = await self._ka.ask("GET", query=filters, patient=True)
        if not isinstance(answer, list):
            raise UnavailableError(f"GET at {self._ka.place}: the answer is not a list of keys.")
        return keys.structures_of(answer)

    async def _full(self, key_id: str) -> keys.Structure:
        full = keys.structure_of(await self._ka.ask("GET", key_id))
        if not keys.structure_of(full.get("keyIdentifiers")).get("keyNumber"):
            raise UnavailableError(f"GET at {self._ka.place}: the answer describes no key.")
        return full

    async def _described(self, full: keys.Structure) -> Key:
        names = keys.structures_of(full.get("childKeyIdentifiers"))
        children = await asyncio.gather(*(self._full(keys.text_of(one.get("keyId"))) for one in names))
        return keys.read_key(full, tuple(map(keys.read_key, children)))

    async def _of_reference(self, reference: str) -> tuple[Key, ...]:
        """The living main keys whose nickname is this reference, to the letter.

        RefusedError where the vendor lists other ones for it: then he looks otherwise than we think, and what he does
        not list proves nothing.
        """
        listed = await self._list(nickname=reference)
        ids = [keys.text_of(one.get("keyId")) for one in listed if not one.get("parentKeyId")]
        if len(ids) > CANDIDATES:
            raise RefusedError(f"{self._ka.place} answers {len(ids)} keys to one reference. Look for it there.")
        fulls = await asyncio.gather(*map(self._full, ids))
        named = [full for full in fulls if full.get("nickname") == reference]
        if len(named) < len(fulls):
            raise RefusedError(f"{self._ka.place} lists keys for a reference that is not theirs. Look for it there.")
        found = [await self._described(full) for full in named]
        return tuple(key for key in found if key.status is not KeyStatus.TERMINATED)

    # -- what makes, changes and ends

    async def issue_key(self, order: LicenseOrder) -> Key:
        """Buy the key, then each additional key, all with our reference as nickname.

        Each key is a sale of its own here. An order with additional keys may so be left half done, and is therefore
        looked for before it is bought: what is there already is not bought again.
        """
        found = await self._of_reference(order.reference) if order.additional else ()
        if len(found) > 1:
            raise RefusedError(f"{len(found)} keys carry the reference of this order: {_numbers(found)}.")
        key = found[0] if found else await self._buy(order.reference, order.class_code, order.features)
        for one in _missing(key, order):
            key = replace(key, additional=(*key.additional, await self._buy_for(key, order.reference, one)))
        return key

    async def _buy(self, reference: str, code: str, features: tuple[str, ...], parent: str = "") -> Key:
        body: dict[str, Any] = {"nickname": reference, "items": [{"item": one} for one in (code, *features)]}
        if self.settings.client:
            body["ownerId"] = self.settings.client
        if parent:
            body["parentKeyIdentifiers"] = {"keyId": int(keys.id_of(parent))}
        answer = await self._ka.ask("POST", query=STATE, body=body, spends=True)
        key = keys.read_key(keys.structure_of(answer))
        if not key.number:
            raise OutcomeUnknownError(f"POST at {self._ka.place}: the vendor reports a sale, but no key number.")
        return key

    async def _buy_for(self, key: Key, reference: str, one: AdditionalOrder) -> Key:
        """One additional key; whatever fails here comes after a sale, and its error says so."""
        try:
            return await self._buy(reference, one.code, one.features, key.number)
        except PluginError as error:
            kind = RefusedError if isinstance(error, RefusedError) else OutcomeUnknownError
            message = f"{key.number} was sold, but not its additional key {one.code}. {error.message}"
            raise kind(message, vendor_says=error.vendor_says, code=error.code) from None

    async def renew(self, key: str, reference: str) -> Key:  # noqa: ARG002 - a renewal takes no reference
        """A new revision with later dates. A GET that spends: never sent twice."""
        answer = await self._ka.ask("GET", keys.id_of(key), "renew", query=STATE, spends=True)
        renewed = keys.read_key(keys.structure_of(answer))
        return renewed if renewed.number else replace(renewed, number=key)

    async def change(self, key: str, wanted: LicenseOrder) -> Key:
        """Send the target state for what differs (B.4), then make additional keys; safe to repeat."""
        await self._bring(key, wanted.class_code, wanted.features)
        present = await self.describe(key)
        there = {child.class_code: child for child in _living(present)}
        for one in wanted.additional:
            if one.code in there:
                await self._bring(there[one.code].number, one.code, one.features)
            else:
                await self._buy(wanted.reference, one.code, one.features, present.number)
        dropped = ADDITIONS.keys() - {one.code for one in wanted.additional}
        to_end = tuple(child.number for child in _living(present) if child.class_code in dropped)
        return replace(await self.describe(key), to_end=to_end)

    async def _bring(self, key: str, code: str, features: tuple[str, ...]) -> None:
        """Send what the key shall consist of, unless it does already."""
        full = await self._full(keys.id_of(key))
        target = _target(full, code, features)
        if {one["item"] for one in target} != set(keys.constants_of(full)):
            await self._modify(key, items=target)

    async def suspend(self, key: str) -> Key:
        """Stop the key for a time; safe to repeat."""
        return await self._set_suspended(key, wanted=True)

    async def resume(self, key: str) -> Key:
        """End a suspension; safe to repeat."""
        return await self._set_suspended(key, wanted=False)

    async def _set_suspended(self, key: str, *, wanted: bool) -> Key:
        full = await self._full(keys.id_of(key))
        if keys.is_flag(full.get("suspended")) != wanted:
            full = await self._modify(key, suspended=wanted)  # alone: it conflicts with all else in one request
        return await self._described(full)

    async def _modify(self, key: str, **target: Any) -> keys.Structure:
        """One PUT; the key's id goes along as the vendor's guard against hitting another key."""
        body = {"keyIdentifiers": {"keyId": int(keys.id_of(key))}, **target}
        return keys.structure_of(await self._ka.ask("PUT", keys.id_of(key), query=STATE, body=body, patient=True))

    async def terminate(self, key: str) -> None:
        """End the key's additional keys and then itself, as the vendor leaves children alive; safe to repeat."""
        for child in _living(await self.describe(key)):
            await self._end(child.number)
        await self._end(key)

    async def _end(self, key: str) -> None:
        try:
            await self._ka.fetch("DELETE", keys.id_of(key), patient=True)
        except RefusedError as error:
            if error.code != TERMINATED:  # already ended is what was wanted
                raise


def _living(key: Key) -> tuple[Key, ...]:
    return tuple(one for one in key.additional if one.status is not KeyStatus.TERMINATED)


def _missing(key: Key, order: LicenseOrder) -> tuple[AdditionalOrder, ...]:
    """What was ordered with the key and is not there."""
    there = {one.class_code for one in _living(key)}
    return tuple(one for one in order.additional if one.code not in there)


def _numbers(found: tuple[Key, ...]) -> str:
    return ", ".join(key.number for key in found)


def _target(full: keys.Structure, code: str, features: tuple[str, ...]) -> list[Any]:
    """The `items` that the key shall have: those that stay as they came, with their external ids and quantities.

    What has no constant in this API ("unmatched") can be neither bought nor dropped here and goes back unchanged.
    """
    present = {keys.text_of(one.get("item")): one for one in keys.structures_of(full.get("items"))}
    base = keys.base_constant(tuple(present))
    known = {*BASES, *ADDITIONS, *FEATURES}
    unmatched = [one for one in present if one not in known and one != base]
    return [present.get(one, {"item": one}) for one in dict.fromkeys((code or base, *features, *unmatched))]
