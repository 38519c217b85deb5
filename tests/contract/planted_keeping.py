"""Working plug-ins with one bug each, in what follows a purchase."""

from __future__ import annotations

import asyncio
import dataclasses

from ka_plugins.contract import Key, KeyFile, LicenseOrder, OutcomeUnknownError, RefusedError, UnavailableError
from ka_plugins.plesk_ka.plugin import PleskKaPlugin


class TrimsFiles(PleskKaPlugin):
    async def fetch_files(self, key: str) -> tuple[KeyFile, ...]:
        return tuple(KeyFile(file.name, file.body.strip()[:-1]) for file in await super().fetch_files(key))


class TakesAQuestionForAPurchase(PleskKaPlugin):
    async def fetch_files(self, key: str) -> tuple[KeyFile, ...]:
        try:
            return await super().fetch_files(key)
        except UnavailableError as error:
            raise OutcomeUnknownError(error.message) from None


class DescribesAnotherClass(PleskKaPlugin):
    async def describe(self, key: str) -> Key:
        return dataclasses.replace(await super().describe(key), class_code="ANOTHER")


class SellsWithoutAnEnd(PleskKaPlugin):
    async def issue_key(self, order: LicenseOrder) -> Key:
        return dataclasses.replace(await super().issue_key(order), expires_at=None, renew_at=None)


class RenewsIntoAnother(PleskKaPlugin):
    async def renew(self, key: str, reference: str) -> Key:
        return dataclasses.replace(await super().renew(key, reference), number="PLSK.00000000.0001")


class TakesALostRenewalForUnavailable(PleskKaPlugin):
    async def renew(self, key: str, reference: str) -> Key:
        try:
            return await super().renew(key, reference)
        except OutcomeUnknownError as error:
            raise UnavailableError(error.message) from None


class BuysWhereItShouldChange(PleskKaPlugin):
    async def change(self, key: str, wanted: LicenseOrder) -> Key:
        await self.issue_key(wanted)
        return await super().change(key, wanted)


class TakesALostChangeForARefusal(PleskKaPlugin):
    async def change(self, key: str, wanted: LicenseOrder) -> Key:
        try:
            return await super().change(key, wanted)
        except UnavailableError as error:
            raise RefusedError(error.message) from None


class EndsBeforeTheProof(PleskKaPlugin):
    async def change(self, key: str, wanted: LicenseOrder) -> Key:
        changed = await super().change(key, wanted)
        await asyncio.gather(*map(self.terminate, changed.to_end))
        return changed
