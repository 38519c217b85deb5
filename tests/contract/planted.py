"""Working plug-ins with one bug each: what authors get wrong."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ka_plugins.contract import (
    ClassInfo,
    Key,
    KeyFile,
    LicenseOrder,
    MisconfiguredError,
    OutcomeUnknownError,
    RefusedError,
    Settles,
    UnavailableError,
    Verb,
)
from ka_plugins.keygen.plugin import KeygenPlugin
from ka_plugins.plesk_ka.plugin import PleskKaPlugin
from ka_plugins.plesk_ka.settings import PleskKaSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class SendsAgain(PleskKaPlugin):
    async def issue_key(self, order: LicenseOrder) -> Key:
        try:
            return await super().issue_key(order)
        except OutcomeUnknownError:
            return await super().issue_key(order)


class TakesLostForUnavailable(PleskKaPlugin):
    async def issue_key(self, order: LicenseOrder) -> Key:
        try:
            return await super().issue_key(order)
        except OutcomeUnknownError as error:
            raise UnavailableError(error.message) from None


class QuotesThePassword(PleskKaPlugin):
    async def check(self) -> str:
        try:
            return await super().check()
        except MisconfiguredError as error:
            raise MisconfiguredError(f"{error.message} (password {self.settings.password})") from None


class TakesAWrongPasswordForARefusal(PleskKaPlugin):
    async def check(self) -> str:
        try:
            return await super().check()
        except MisconfiguredError as error:
            raise RefusedError(error.message) from None


class BlocksTheLoop(PleskKaPlugin):
    async def check(self) -> str:
        time.sleep(0.6)  # noqa: ASYNC251 - the bug
        return await super().check()


class ChangesTheBytes(PleskKaPlugin):
    async def fetch_files(self, key: str) -> tuple[KeyFile, ...]:
        (file,) = await super().fetch_files(key)
        return (KeyFile(file.name, file.body + str(time.monotonic_ns()).encode()),)


class NamesFilesByPath(PleskKaPlugin):
    async def fetch_files(self, key: str) -> tuple[KeyFile, ...]:
        (file,) = await super().fetch_files(key)
        return (KeyFile("keys/" + file.name, file.body),)


class EndsOnce(PleskKaPlugin):
    async def terminate(self, key: str) -> None:
        if (await self.describe(key)).status is Key("").status.TERMINATED:
            raise RefusedError("already terminated")
        await super().terminate(key)


class RepeatsACode(PleskKaPlugin):
    async def list_classes(self) -> tuple[ClassInfo, ...]:
        classes = await super().list_classes()
        return (*classes, classes[0])


class FindsNothing(PleskKaPlugin):
    async def find_issued(self, order: LicenseOrder) -> tuple[Key, ...]:
        del order
        return ()


class FindsWhatIsOlder(PleskKaPlugin):
    async def find_issued(self, order: LicenseOrder) -> tuple[Key, ...]:
        old = dataclasses.replace(order, intent_at=order.intent_at and order.intent_at.replace(year=2000))
        return await super().find_issued(old)


class WritesKeysInLowerCase(PleskKaPlugin):
    async def issue_key(self, order: LicenseOrder) -> Key:
        key = await super().issue_key(order)
        return dataclasses.replace(key, number=key.number.lower())


class ForgetsTheZone(PleskKaPlugin):
    async def issue_key(self, order: LicenseOrder) -> Key:
        key = await super().issue_key(order)
        return dataclasses.replace(key, expires_at=key.expires_at and key.expires_at.replace(tzinfo=None))


class TakesAnyKey(PleskKaPlugin):
    @classmethod
    def clean_key(cls, text: str) -> str:
        return text


class SwallowsARefusal(PleskKaPlugin):
    async def issue_key(self, order: LicenseOrder) -> Key:
        try:
            return await super().issue_key(order)
        except RefusedError:
            return Key("PLSK.00000000.0001")


class BuysAgainAfterAnErrorPage(PleskKaPlugin):
    async def issue_key(self, order: LicenseOrder) -> Key:
        try:
            return await super().issue_key(order)
        except OutcomeUnknownError as error:
            if error.code == "502":
                return await super().issue_key(order)
            raise


class TakesUnreachableForUnknown(PleskKaPlugin):
    async def issue_key(self, order: LicenseOrder) -> Key:
        try:
            return await super().issue_key(order)
        except UnavailableError as error:
            raise OutcomeUnknownError(error.message) from None


class ForgetsHowLongToWait(PleskKaPlugin):
    async def issue_key(self, order: LicenseOrder) -> Key:
        try:
            return await super().issue_key(order)
        except UnavailableError as error:
            raise UnavailableError(error.message, code=error.code) from None


class MixesPurchases(PleskKaPlugin):
    key = Key("")

    async def issue_key(self, order: LicenseOrder) -> Key:
        self.key = await super().issue_key(order)
        await asyncio.sleep(0.1)
        return self.key


class BlocksTheLoopWhileBuying(PleskKaPlugin):
    async def issue_key(self, order: LicenseOrder) -> Key:
        time.sleep(0.6)  # noqa: ASYNC251 - the bug
        return await super().issue_key(order)


class SwallowsTheEnd(PleskKaPlugin):
    async def check(self) -> str:
        try:
            return await super().check()
        except asyncio.CancelledError:
            return "It works."


class LogsThePassword(PleskKaPlugin):
    async def check(self) -> str:
        logging.getLogger(__name__).debug("login with %s", self.settings.password)
        return await super().check()


class AdoptsWhatHasEnded(PleskKaPlugin):
    bought: ClassVar[list[Key]] = []

    async def issue_key(self, order: LicenseOrder) -> Key:
        self.bought.append(await super().issue_key(order))
        return self.bought[-1]

    async def find_issued(self, order: LicenseOrder) -> tuple[Key, ...]:
        del order
        return tuple(self.bought)


class ShortensKeys(PleskKaPlugin):
    @classmethod
    def clean_key(cls, text: str) -> str:
        return text.strip()[:-1]


class AnswersAtLength(PleskKaPlugin):
    async def check(self) -> str:
        return f"{await super().check()}\nGood bye."


class DeclaresWhatItLacks(PleskKaPlugin):
    verbs = frozenset(Verb)


class CannotFindWhatItPromises(PleskKaPlugin):
    verbs = PleskKaPlugin.verbs - {Verb.FIND_ISSUED}
    settles = Settles.BY_REFERENCE


@dataclass(frozen=True, slots=True)
class TalkativeSettings(PleskKaSettings):
    def __repr__(self) -> str:
        return f"TalkativeSettings({self.password})"


class ShowsItsSecrets(PleskKaPlugin):
    Settings = TalkativeSettings


class SellsEachTimeAnew(KeygenPlugin):
    async def issue_key(self, order: LicenseOrder) -> Key:
        return await super().issue_key(dataclasses.replace(order, reference=uuid.uuid4().hex))


class FindsWhatIsAnothers(KeygenPlugin):
    async def find_issued(self, order: LicenseOrder) -> tuple[Key, ...]:
        del order
        return tuple([key async for key in self.list_keys()])


class SuspendsOnce(KeygenPlugin):
    async def suspend(self, key: str) -> Key:
        if (await self.describe(key)).status is Key("").status.SUSPENDED:
            raise RefusedError("already suspended")
        return await super().suspend(key)


class NamesFilesByKey(KeygenPlugin):
    async def fetch_files(self, key: str) -> tuple[KeyFile, ...]:
        return tuple(KeyFile(f"{key}.lic", file.body) for file in await super().fetch_files(key))


class ListsTwice(KeygenPlugin):
    async def list_keys(self) -> AsyncIterator[Key]:
        async for key in super().list_keys():
            yield key
            yield key
