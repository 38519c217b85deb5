"""What the plug-in of the Partner API 3.0 reads of keys and files, and whose fault it is when it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ka_plugins.contract import (
    Key,
    KeyStatus,
    MisconfiguredError,
    RefusedError,
)
from ka_plugins.plesk_ka3.settings import LONG_PATH

from .desk import MONITORING, PACKS, Desk

if TYPE_CHECKING:
    from ka_plugins.plesk_ka3.plugin import PleskKa3Plugin


def test_the_long_path_serves_the_same_and_a_wrong_password_is_the_configurations_fault(desk: Desk) -> None:
    key = desk.buy()
    assert desk.use(lambda plugin: plugin.describe(key.number), path=LONG_PATH).number == key.number
    with pytest.raises(MisconfiguredError):
        desk.use(lambda plugin: plugin.check(), login="limited", password="x")


def test_a_key_that_is_not_ours_or_unknown_parks_no_configuration(desk: Desk) -> None:
    for number in ("PLSK.10000002.0001", "PLSK.99999999.0001"):
        with pytest.raises(RefusedError):
            desk.use(lambda plugin, number=number: plugin.describe(number))  # type: ignore[misc] # mypy infers no default of a lambda


def test_a_login_that_may_only_look_is_the_configurations_fault_when_it_buys(desk: Desk) -> None:
    with pytest.raises(MisconfiguredError) as raised:
        desk.use(lambda plugin: plugin.issue_key(desk.order()), login="limited", password="limited")
    assert raised.value.vendor_says


def test_the_file_has_the_vendors_name_and_bytes(desk: Desk) -> None:
    key = desk.buy(PACKS)
    (file,) = desk.use(lambda plugin: plugin.fetch_files(key.number))
    assert file.name == f"{key.number}.xml"
    assert b"SIMULATED" in file.body
    assert PACKS.encode() in file.body


def test_all_keys_are_listed_the_ended_and_the_additional_too(desk: Desk) -> None:
    key, ended = desk.buy(additional=(MONITORING,)), desk.buy()
    desk.use(lambda plugin: plugin.terminate(ended.number))

    async def collect(plugin: PleskKa3Plugin) -> dict[str, Key]:
        return {one.number: one async for one in plugin.list_keys()}

    listed = desk.use(collect)
    assert len(listed) == len([one for one in desk.vendor.ledger()["sales"] if one["vendor"] == "plesk_ka3"])
    assert listed[ended.number].status is KeyStatus.TERMINATED
    assert listed[key.additional[0].number].parent == key.number
