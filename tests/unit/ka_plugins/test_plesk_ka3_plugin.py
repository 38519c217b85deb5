"""The Partner API 3.0's plug-in against the simulated vendor: what it buys, finds, changes, suspends and ends."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from ka_plugins.contract import (
    AdditionalOrder,
    Key,
    KeyStatus,
    LicenseOrder,
    MisconfiguredError,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)
from ka_plugins.http import VendorClient
from ka_plugins.plesk_ka3.plugin import PleskKa3Plugin
from ka_plugins.plesk_ka3.settings import LONG_PATH, PleskKa3Settings
from ka_plugins.simulator.running import RunningSimulator

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

T = TypeVar("T")
ADMIN, PRO, HOST = (f"PLESK-12-WEB-{edition}-1M" for edition in ("ADMIN", "PRO", "HOST"))
PACKS = "FT-PLESK-5-LANGUAGE-PACKS-1M"
MONITORING, SITEJET = "360-MON-PRO-1M", "SJ-PLSK-BIZ-1M"
REFERENCES = itertools.count(1)


class Desk:
    """The plug-in with one configuration, and the vendor that it talks to."""

    def __init__(self, vendor: RunningSimulator) -> None:
        self.vendor = vendor

    def use(self, act: Callable[[PleskKa3Plugin], Awaitable[T]], **changed: Any) -> T:
        settings = PleskKa3Settings(**{"login": "demo", "password": "demo", **self.vendor.settings(), **changed})

        async def whole() -> T:
            async with VendorClient(allow_private=True) as http:
                return await act(PleskKa3Plugin(settings, http))

        return asyncio.run(whole())

    def order(self, *features: str, additional: tuple[str, ...] = (), **changed: Any) -> LicenseOrder:
        order = LicenseOrder(
            reference=f"{next(REFERENCES):032x}",
            class_code=PRO,
            features=features,
            additional=tuple(map(AdditionalOrder, additional)),
            intent_at=datetime.now(UTC),
        )
        return dataclasses.replace(order, **changed)

    def buy(self, *features: str, **more: Any) -> Key:
        return self.use(lambda plugin: plugin.issue_key(self.order(*features, **more)))

    def fails(self, order: LicenseOrder, kind: type[Exception]) -> str:
        with pytest.raises(kind) as raised:
            self.use(lambda plugin: plugin.issue_key(order))
        return str(raised.value)

    def sales(self, reference: str) -> list[dict[str, Any]]:
        return [sale for sale in self.vendor.ledger()["sales"] if sale["notes"] == [reference]]

    def calls(self, method: str) -> int:
        return int(self.vendor.ledger()["calls"].get(method, 0))


@pytest.fixture(scope="module")
def vendor() -> Iterator[RunningSimulator]:
    with RunningSimulator() as running:
        yield running


@pytest.fixture
def desk(vendor: RunningSimulator) -> Desk:
    vendor.heal()
    return Desk(vendor)


# --- buying


def test_a_key_is_bought_with_our_reference_as_its_nickname(desk: Desk) -> None:
    order = desk.order(PACKS)
    key = desk.use(lambda plugin: plugin.issue_key(order))
    (sale,) = desk.sales(order.reference)
    assert (sale["type"], sale["features"], sale["number"]) == (PRO, [PACKS], key.number)
    assert key.activation_code.startswith("A")
    assert key.expires_at is not None
    assert key.renew_at is not None
    assert key.expires_at - key.renew_at == timedelta(days=10)


def test_additional_keys_are_bought_for_their_parent_with_the_same_reference(desk: Desk) -> None:
    order = desk.order(additional=(MONITORING, SITEJET))
    key = desk.use(lambda plugin: plugin.issue_key(order))
    assert [one.class_code for one in key.additional] == [MONITORING, SITEJET]
    assert [sale["parent"] for sale in desk.sales(order.reference)] == ["", *[key.number.rpartition(".")[0]] * 2]


def test_an_owner_is_sent_where_one_is_configured(desk: Desk) -> None:
    assert desk.use(lambda plugin: plugin.issue_key(desk.order()), client="demo").number
    with pytest.raises(RefusedError) as raised:
        desk.use(lambda plugin: plugin.issue_key(desk.order()), client="7")
    assert "Owner 7" in raised.value.vendor_says


@pytest.mark.parametrize("fault", ["drop_after", "500_after", "html_502_after", "half_body", "garbage", "huge_body"])
def test_a_sale_whose_answer_is_lost_is_found_by_its_reference(desk: Desk, fault: str) -> None:
    order = desk.order()
    desk.vendor.fault("keys.create", fault)
    desk.fails(order, OutcomeUnknownError)
    (found,) = desk.use(lambda plugin: plugin.find_issued(order))
    assert found.number == desk.sales(order.reference)[0]["number"]


@pytest.mark.parametrize("fault", ["drop_before", "500_before", "html_502", "503"])
def test_a_sale_that_was_not_made_is_not_found(desk: Desk, fault: str) -> None:
    order = desk.order()
    desk.vendor.fault("keys.create", fault)
    desk.fails(order, OutcomeUnknownError)
    assert desk.use(lambda plugin: plugin.find_issued(order)) == ()


def test_a_vendor_with_too_many_calls_names_the_time_and_has_sold_nothing(desk: Desk) -> None:
    order = desk.order()
    desk.vendor.fault("keys.create", "429", seconds=7)
    with pytest.raises(UnavailableError) as raised:
        desk.use(lambda plugin: plugin.issue_key(order))
    assert raised.value.retry_after == 7
    assert desk.sales(order.reference) == []


def test_a_sale_broken_off_between_two_keys_is_finished_and_not_made_twice(desk: Desk) -> None:
    order = desk.order(additional=(MONITORING, SITEJET))
    key = _broken_off(desk, order, after=1)
    assert desk.use(lambda plugin: plugin.find_issued(order)) == ()
    whole = desk.use(lambda plugin: plugin.issue_key(order))
    assert whole.number == key
    assert sorted(one.class_code for one in whole.additional) == [MONITORING, SITEJET]
    assert len(desk.sales(order.reference)) == 3


def _broken_off(desk: Desk, order: LicenseOrder, *, after: int) -> str:
    """Order all, with the answer of the key lost and so only the first `after` keys sold."""
    desk.vendor.fault("keys.create", "drop_after")
    desk.fails(order, OutcomeUnknownError)
    sales = desk.sales(order.reference)
    assert len(sales) == after
    return str(sales[0]["number"])


def _described(desk: Desk, number: str) -> Key:
    return desk.use(lambda plugin: plugin.describe(number))


def test_a_lost_additional_key_leaves_the_outcome_open_and_names_what_was_sold(desk: Desk) -> None:
    order = desk.order(additional=(MONITORING,))
    number = _broken_off(desk, order, after=1)
    desk.vendor.fault("keys.create", "drop_after")
    text = desk.fails(order, OutcomeUnknownError)
    assert f"{number} was sold, but not its additional key {MONITORING}" in text
    (found,) = desk.use(lambda plugin: plugin.find_issued(order))
    assert [one.class_code for one in found.additional] == [MONITORING]
    assert len(desk.sales(order.reference)) == 2


def test_a_refused_additional_key_is_refused_by_name_and_the_key_is_not_bought_again(desk: Desk) -> None:
    order = desk.order(additional=("NO-SUCH",))
    for _ in range(2):
        assert "NO-SUCH" in desk.fails(order, RefusedError)
    assert len(desk.sales(order.reference)) == 1


def test_two_keys_of_one_reference_are_both_shown_and_none_is_added(desk: Desk) -> None:
    order = desk.order(additional=(MONITORING,))
    for _ in range(2):
        desk.use(lambda plugin: plugin.issue_key(dataclasses.replace(order, additional=())))
    assert len(desk.use(lambda plugin: plugin.find_issued(order))) == 2
    assert "2 keys" in desk.fails(order, RefusedError)


def test_an_ended_key_is_not_taken_for_the_sale(desk: Desk) -> None:
    order = desk.order()
    key = desk.use(lambda plugin: plugin.issue_key(order))
    desk.use(lambda plugin: plugin.terminate(key.number))
    assert desk.use(lambda plugin: plugin.find_issued(order)) == ()


# --- reading


def test_the_long_path_serves_the_same_and_a_wrong_password_is_the_configurations_fault(desk: Desk) -> None:
    key = desk.buy()
    assert desk.use(lambda plugin: plugin.describe(key.number), path=LONG_PATH).number == key.number
    with pytest.raises(MisconfiguredError):
        desk.use(lambda plugin: plugin.check(), login="limited", password="x")


def test_a_key_that_is_not_ours_or_unknown_parks_no_configuration(desk: Desk) -> None:
    for number in ("PLSK.10000002.0001", "PLSK.99999999.0001"):
        with pytest.raises(RefusedError):
            desk.use(lambda plugin, number=number: plugin.describe(number))  # type: ignore[misc]


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


# --- changing, suspending, ending


def test_a_change_sends_the_target_state_and_raises_the_revision(desk: Desk) -> None:
    key = desk.buy(PACKS)
    changed = desk.use(lambda plugin: plugin.change(key.number, desk.order(class_code=HOST)))
    assert (changed.class_code, changed.features) == (HOST, ())
    assert changed.number == f"{key.number.rpartition('.')[0]}.0002"
    assert _described(desk, key.number) == changed


def test_a_change_makes_and_ends_additional_keys(desk: Desk) -> None:
    key = desk.buy(additional=(MONITORING,))
    wanted = desk.order(PACKS, additional=(SITEJET,))
    for _ in range(2):
        changed = desk.use(lambda plugin: plugin.change(key.number, wanted))
        states = {one.class_code: one.status for one in changed.additional}
        assert states == {MONITORING: KeyStatus.TERMINATED, SITEJET: KeyStatus.ACTIVE}
    assert len(desk.sales(wanted.reference)) == 1


def test_a_lost_change_is_safely_asked_for_again(desk: Desk) -> None:
    key, wanted = desk.buy(), desk.order(PACKS)
    desk.vendor.fault("keys.modify", "drop_after")
    with pytest.raises(UnavailableError):
        desk.use(lambda plugin: plugin.change(key.number, wanted))
    before = desk.calls("keys.modify")
    assert desk.use(lambda plugin: plugin.change(key.number, wanted)).features == (PACKS,)
    assert desk.calls("keys.modify") == before


def test_a_key_is_suspended_and_resumed_each_as_often_as_asked(desk: Desk) -> None:
    key = desk.buy(additional=(MONITORING,))
    for verb, status in (("suspend", KeyStatus.SUSPENDED), ("resume", KeyStatus.ACTIVE)):
        for _ in range(2):
            now = desk.use(lambda plugin, verb=verb: getattr(plugin, verb)(key.number))  # type: ignore[misc]
            assert now.status is status
            assert [one.class_code for one in now.additional] == [MONITORING]


def test_additional_keys_end_with_their_key_and_an_ended_key_stays_so(desk: Desk) -> None:
    order = desk.order(additional=(MONITORING,))
    key = desk.use(lambda plugin: plugin.issue_key(order))
    desk.use(lambda plugin: plugin.terminate(key.number))
    assert {sale["terminated"] for sale in desk.sales(order.reference)} == {True}
    for verb in ("renew", "suspend"):
        with pytest.raises(RefusedError) as raised:
            desk.use(lambda plugin, verb=verb: getattr(plugin, verb)(key.number, *["r"][: verb == "renew"]))  # type: ignore[misc]
        assert raised.value.code == "24204"


def test_a_renewal_whose_answer_is_lost_was_made_once_and_is_open(desk: Desk) -> None:
    key = desk.buy()
    before = desk.calls("keys.renew")
    desk.vendor.fault("keys.renew", "drop_after")
    with pytest.raises(OutcomeUnknownError):
        desk.use(lambda plugin: plugin.renew(key.number, "r"))
    assert desk.calls("keys.renew") == before + 1
