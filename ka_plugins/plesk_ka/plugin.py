"""The plug-in for Key Administrators that speak the Partner API 1.0."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar, Final

from ka_plugins.contract import (
    ClassInfo,
    Delivers,
    HttpClient,
    Key,
    KeyFile,
    LicenseOrder,
    OutcomeUnknownError,
    Plugin,
    RefusedError,
    Settles,
    UnavailableError,
    Verb,
)
from ka_plugins.key_files import check_xml_or_text
from ka_plugins.plesk_ka import codes, keys
from ka_plugins.plesk_ka.change import Change
from ka_plugins.plesk_ka.classes import build_classes
from ka_plugins.plesk_ka.connection import Connection
from ka_plugins.plesk_ka.settings import PleskKaSettings

BILLING: Final = "billing"  # a monthly lease; what is bought by "purchase" can never be terminated
CLOCK_SKEW: Final = timedelta(minutes=1)  # how far the vendor's clock may be behind ours
CANDIDATES: Final = 100  # calls for one question; the newest, as a sale in doubt is young
WITHOUT_FILES: Final = (codes.NOT_EXPORTABLE, codes.NOT_ACTIVATED)
# A child of these kinds ends with its parent, or is gone already, or is not ours to end.
ENDS_WITH_PARENT: Final = (codes.NOT_TERMINABLE, codes.KEY_NOT_FOUND)


def _server(address: str) -> dict[str, list[str]]:
    """A ServerAddress struct; both arrays have to be there."""
    return {"ips": [address] if address else [], "macs": []}


class PleskKaPlugin(Plugin):
    """Buys, fetches, changes and ends keys at a Key Administrator."""

    name = "plesk_ka"
    label = "Plesk Key Administrator (Partner API 1.0)"
    Settings = PleskKaSettings
    delivers = Delivers.KEY | Delivers.ACTIVATION_CODE | Delivers.FILES
    verbs: ClassVar[frozenset[Verb]] = frozenset(Verb) - {Verb.SUSPEND, Verb.RESUME, Verb.LIST_KEYS}
    settles = Settles.BY_TRAITS
    secret_keys = False
    key_hint = keys.HINT
    timeout = 60.0

    def __init__(self, settings: PleskKaSettings, http: HttpClient) -> None:
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

    async def check(self) -> str:
        """Prove the login with validateLogin."""
        await self._ka.call("validateLogin")
        return f"{self.settings.host}:{self.settings.port} accepts the login {self.settings.login}."

    async def list_classes(self) -> tuple[ClassInfo, ...]:
        """getAvailableKeyTypesAndFeatures: two flat lists, put in order by the names that are known."""
        result = await self._ka.call("getAvailableKeyTypesAndFeatures", self.settings.client, patient=True)
        return build_classes(result.texts("keyTypes"), result.texts("features"))

    async def issue_key(self, order: LicenseOrder) -> Key:
        """CreateKey, for monthly billing; all keys of the order in one call, so that there is one outcome.

        The answer is handed over at once: a note to the key would be a second call, and the key lost if that hangs.
        """
        if any(one.features for one in order.additional):
            raise RefusedError("The Partner API 1.0 cannot buy features of additional keys together with them.")
        additional = tuple(one.code for one in order.additional)
        result = await self._ka.call("createKey", *self._creation(order, additional), spends=True)
        key = keys.read_sale(result, order.class_code, order.features, additional)
        if key is None:
            raise OutcomeUnknownError("createKey: the vendor reports a sale, but no key number.")
        return key

    def _creation(self, order: LicenseOrder, additional: tuple[str, ...]) -> tuple[Any, ...]:
        """The parameters of createKey after the login: five, or eight where additional keys are ordered."""
        start = (_server(order.address), self.settings.client, order.class_code, list(order.features))
        if not additional:
            return (*start, BILLING)
        return (*start, {}, list(additional), {}, BILLING)

    async def find_issued(self, order: LicenseOrder) -> tuple[Key, ...]:
        """Keys of the order's type and address that are not older than its intent (getKeyNumbers, getKeysInfoByIP).

        The vendor keeps no reference of ours and lists keys only by address: an order without one cannot be asked
        about (RefusedError), and finding nothing never proves that nothing was sold (`Settles.BY_TRAITS`). His times
        have no zone and are taken for UTC, his clock may be a minute behind.
        """
        if not order.address or order.intent_at is None:
            raise RefusedError("The key server finds keys by IP address only, and this order has none. Look there.")
        since = order.intent_at - CLOCK_SKEW
        listed, bound = await asyncio.gather(
            self._ka.call("getKeyNumbers", _server(order.address)),
            self._ka.call("getKeysInfoByIP", order.address),
        )
        found = {keys.base_of(key.number): key for key in map(keys.read_key, bound.structs("keysInfo"))}
        unknown = [
            number
            for number in keys.young_numbers(listed.structs("keyInfos"), since)[:CANDIDATES]
            if keys.base_of(number) not in found
        ]
        for key in await asyncio.gather(*map(self.describe, unknown)):
            found[keys.base_of(key.number)] = key
        return tuple(key for key in found.values() if keys.may_come_from(key, order.class_code, since))

    async def fetch_files(self, key: str) -> tuple[KeyFile, ...]:
        """RetrieveKey: the vendor's bytes as they are, named by their number.

        () for types without files (224), and for keys that get theirs only when a server activates them by code (223).
        """
        result = await self._ka.call("retrieveKey", key, patient=True, accept=WITHOUT_FILES)
        if result.number("resultCode") in WITHOUT_FILES:
            return ()
        body = result.octets("key")
        if not body:
            raise UnavailableError("retrieveKey: the vendor's answer holds no key file.")
        number = result.text("keyNumber") or key
        extension = result.text("keyExtension") or "xml"
        return (KeyFile("".join(sign for sign in f"{number}.{extension}" if sign.isalnum() or sign in ".-_"), body),)

    async def describe(self, key: str) -> Key:
        """GetKeyInfo; works for terminated keys too."""
        return keys.read_key((await self._ka.call("getKeyInfo", key)).struct("keyInfo"))

    async def renew(self, key: str, reference: str) -> Key:  # noqa: ARG002 - the vendor keeps no reference
        """RenewKey: a new revision with later dates. Not safe to repeat."""
        result = await self._ka.call("renewKey", key, spends=True)
        return Key(
            number=result.text("keyNumber") or key,
            activation_code=result.known_text("productKey"),
            expires_at=result.time("expirationDate"),
            renew_at=result.time("updateDate"),
        )

    async def terminate(self, key: str) -> None:
        """TerminateKey for the key's additional keys and then for itself, as the vendor leaves children alive."""
        details = await self.describe(key)
        for child in details.additional:
            if child.status is not child.status.TERMINATED:
                await self._end(child.number, *ENDS_WITH_PARENT)
        await self._end(key)

    async def _end(self, key: str, *accept: int) -> None:
        # Already ended is what was wanted: 110 counts as done anyway, 222 is the same in other words.
        await self._ka.call("terminateKey", key, patient=True, accept=(codes.KEY_TERMINATED, *accept))

    async def change(self, key: str, wanted: LicenseOrder) -> Key:
        """UpgradeKey, downgradeKey and createKey for what differs; looks first, so safe to repeat."""
        change = Change(key, wanted, await self.describe(key))
        await change.run(self._ka, self.settings.client)
        return replace(await self.describe(key), to_end=change.to_end)
