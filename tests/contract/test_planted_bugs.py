"""The suite is worth something: each bug planted into a working plug-in is caught by the promise that it breaks."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, Any

import pytest

from ka_plugins.contract import (
    ClassInfo,
    Key,
    KeyFile,
    LicenseOrder,
    MisconfiguredError,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)
from ka_plugins.plesk_ka.plugin import PleskKaPlugin
from ka_plugins.plesk_ka.settings import PleskKaSettings
from ka_plugins.testing import PluginContract, Workbench

if TYPE_CHECKING:
    from ka_plugins.workbench import BundledSimulator


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


PLANTED: list[tuple[type[PleskKaPlugin], str]] = [
    (SendsAgain, "test_a_lost_answer_to_a_sale_is_an_unknown_outcome"),
    (TakesLostForUnavailable, "test_a_lost_answer_to_a_sale_is_an_unknown_outcome"),
    (QuotesThePassword, "test_a_wrong_password_is_the_configurations_fault"),
    (TakesAWrongPasswordForARefusal, "test_a_wrong_password_is_the_configurations_fault"),
    (BlocksTheLoop, "test_a_slow_vendor_does_not_hold_up_the_loop"),
    (ChangesTheBytes, "test_files_are_the_same_bytes_each_time"),
    (NamesFilesByPath, "test_files_are_the_same_bytes_each_time"),
    (EndsOnce, "test_a_license_ends_and_may_be_ended_twice"),
    (RepeatsACode, "test_classes_and_all_their_options_have_codes_and_names"),
    (FindsNothing, "test_a_sale_with_a_lost_answer_is_found"),
    (FindsWhatIsOlder, "test_nothing_older_than_the_intent_is_found"),
    (WritesKeysInLowerCase, "test_a_bought_key_is_well_formed_and_sold_once"),
    (ForgetsTheZone, "test_times_are_utc"),
    (TakesAnyKey, "test_an_impossible_key_is_refused_with_a_reason"),
]


def bench(ka: BundledSimulator, plugin: type[PleskKaPlugin]) -> Workbench:
    place: dict[str, Any] = ka.running.settings()
    return Workbench(
        plugin=plugin,
        settings=PleskKaSettings(login="demo", password="demo", client="1", **place),
        wrong_settings=PleskKaSettings(login="demo", password="wrong-Sesame", client="1", **place),
        order=LicenseOrder("R-1", "PLESK_10_AND_LATER", address="192.0.2.11"),
        refused_order=LicenseOrder("R-2", "NO_SUCH_TYPE"),
        simulator=ka,
        secrets=("wrong-Sesame",),
    )


@pytest.mark.parametrize(("planted", "promise"), PLANTED, ids=[planted.__name__ for planted, _ in PLANTED])
def test_a_planted_bug_breaks_its_promise(ka: BundledSimulator, planted: Any, promise: str) -> None:
    ka.running.heal()
    getattr(PluginContract(), promise)(bench(ka, PleskKaPlugin))
    with pytest.raises((AssertionError, RefusedError)):
        getattr(PluginContract(), promise)(bench(ka, planted))
    ka.running.heal()
