"""cPanel's plug-in against the simulated Manage2: what it buys, finds, changes and ends, and what it reads."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from ka_plugins.addresses import Reach
from ka_plugins.contract import (
    AdditionalOrder,
    Delivers,
    Key,
    KeyStatus,
    LicenseOrder,
    MisconfiguredError,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)
from ka_plugins.cpanel_manage2 import answers
from ka_plugins.cpanel_manage2.plugin import CpanelManage2Plugin
from ka_plugins.cpanel_manage2.settings import CpanelManage2Settings
from ka_plugins.http import VendorClient
from ka_plugins.simulator.running import RunningSimulator

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

T = TypeVar("T")
SOLO, ADMIN, PRO, LINUX = "761", "21159", "21163", "6140"
NUMBERS = itertools.count(1)


class Desk:
    """The plug-in with one configuration, and the vendor that it talks to."""

    def __init__(self, vendor: RunningSimulator) -> None:
        self.vendor = vendor

    def use(self, act: Callable[[CpanelManage2Plugin], Awaitable[T]], **changed: Any) -> T:
        login = {"login": "demo", "password": "demo", "group": "1"}
        settings = CpanelManage2Settings(**{**login, **self.vendor.settings(), **changed})

        async def whole() -> T:
            async with VendorClient(reach=Reach.PRIVATE) as http:
                return await act(CpanelManage2Plugin(settings, http))

        return asyncio.run(whole())

    def order(self, **changed: Any) -> LicenseOrder:
        number = next(NUMBERS)
        order = LicenseOrder(f"{number:032x}", ADMIN, address=f"10.1.{number}.1", intent_at=datetime.now(UTC))
        return dataclasses.replace(order, **changed)

    def buy(self, order: LicenseOrder | None = None) -> Key:
        wanted = order or self.order()
        return self.use(lambda plugin: plugin.issue_key(wanted))

    def find(self, order: LicenseOrder) -> list[str]:
        return [key.number for key in self.use(lambda plugin: plugin.find_issued(order))]

    def describe(self, key: Key) -> Key:
        return self.use(lambda plugin: plugin.describe(key.number))

    def change(self, key: Key, **changed: Any) -> Key:
        wanted = LicenseOrder("f" * 32, **{"class_code": ADMIN, **changed})
        return self.use(lambda plugin: plugin.change(key.number, wanted))

    def calls(self, method: str) -> int:
        return int(self.vendor.ledger()["calls"].get(method, 0))

    def sales_at(self, address: str) -> list[dict[str, Any]]:
        return [sale for sale in self.vendor.ledger()["sales"] if sale["bound"] == address]


@pytest.fixture(scope="module")
def vendor() -> Iterator[RunningSimulator]:
    with RunningSimulator() as running:
        yield running


@pytest.fixture
def desk(vendor: RunningSimulator) -> Desk:
    vendor.heal()
    return Desk(vendor)


def test_a_license_is_bound_to_the_address_with_our_reference_in_its_notes(desk: Desk) -> None:
    order = desk.order()
    key = desk.buy(order)
    (sale,) = desk.sales_at(order.address)
    assert (sale["number"], sale["type"], sale["client"]) == (key.number, ADMIN, "1")
    assert sale["notes"] == [order.reference]
    assert CpanelManage2Plugin.delivers == Delivers.ADDRESS_BINDING


def test_an_account_with_one_group_need_not_name_it(desk: Desk) -> None:
    order = desk.order()
    desk.use(lambda plugin: plugin.issue_key(order), group="")
    assert desk.sales_at(order.address)[0]["client"] == "1"


def test_the_sale_comes_after_a_dry_run(desk: Desk) -> None:
    before = desk.calls("XMLlicenseAdd"), desk.calls("XMLlicenseAdd.dryrun")
    desk.buy()
    assert (desk.calls("XMLlicenseAdd"), desk.calls("XMLlicenseAdd.dryrun")) == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize(
    ("changed", "settings", "words"),
    [
        ({"class_code": "999"}, {}, "Package 999"),
        ({"address": "2001:db8::1"}, {}, "IP address"),
        ({}, {"group": "7"}, "Group 7"),
        ({}, {"login": "limited", "password": "limited"}, "not allowed"),
    ],
)
def test_what_the_vendor_would_refuse_he_refuses_in_the_dry_run(
    desk: Desk, changed: dict[str, Any], settings: dict[str, Any], words: str
) -> None:
    before, order = desk.calls("XMLlicenseAdd"), desk.order(**changed)
    with pytest.raises(RefusedError) as raised:
        desk.use(lambda plugin: plugin.issue_key(order), **settings)
    assert words in raised.value.vendor_says
    assert desk.calls("XMLlicenseAdd") == before
    assert desk.sales_at(order.address) == []


@pytest.mark.parametrize(
    "changed", [{"address": ""}, {"features": ("X",)}, {"additional": (AdditionalOrder("X"),)}], ids=str
)
def test_what_cannot_be_bought_here_is_refused_without_asking(desk: Desk, changed: dict[str, Any]) -> None:
    before = desk.calls("XMLlicenseAdd.dryrun")
    with pytest.raises(RefusedError):
        desk.buy(desk.order(**changed))
    assert desk.calls("XMLlicenseAdd.dryrun") == before


@pytest.mark.parametrize("fault", ["500_before", "html_502", "drop_before", "503", "garbage", "429"])
def test_trouble_in_the_dry_run_is_no_open_sale(desk: Desk, fault: str) -> None:
    order = desk.order()
    desk.vendor.fault("XMLlicenseAdd.dryrun", fault)
    with pytest.raises(UnavailableError):
        desk.buy(order)
    assert desk.sales_at(order.address) == []


@pytest.mark.parametrize("fault", ["drop_after", "500_after", "html_502_after", "half_body", "garbage", "huge_body"])
def test_a_sale_whose_answer_is_lost_is_found_at_its_address(desk: Desk, fault: str) -> None:
    order = desk.order()
    desk.vendor.fault("XMLlicenseAdd", fault)
    with pytest.raises(OutcomeUnknownError):
        desk.buy(order)
    assert desk.find(order) == [desk.sales_at(order.address)[0]["number"]]


def test_one_address_carries_one_license_so_that_a_second_order_buys_nothing(desk: Desk) -> None:
    order = desk.order()
    desk.buy(order)
    with pytest.raises(RefusedError, match="refused") as raised:
        desk.buy(order)
    assert "already" in raised.value.vendor_says
    assert len(desk.sales_at(order.address)) == 1
    desk.buy(dataclasses.replace(order, class_code=LINUX))  # another product may come beside it


def test_an_address_that_had_a_license_before_needs_the_providers_word(desk: Desk) -> None:
    order = desk.order()
    first = desk.buy(order)
    desk.use(lambda plugin: plugin.terminate(first.number))
    with pytest.raises(RefusedError):
        desk.buy(order)
    assert desk.use(lambda plugin: plugin.issue_key(order), reactivate="yes").number != first.number


def test_only_licenses_of_this_order_or_of_nobody_are_candidates(desk: Desk) -> None:
    order = desk.order()
    assert desk.find(order) == []
    desk.buy(order)
    assert desk.find(order) != []
    assert desk.find(dataclasses.replace(order, reference="a" * 32)) == []
    assert desk.find(dataclasses.replace(order, class_code=PRO)) == []
    assert desk.find(dataclasses.replace(order, intent_at=datetime.now(UTC) + timedelta(hours=1))) == []
    by_hand = dataclasses.replace(order, reference="made by hand", class_code=LINUX)
    made = desk.buy(by_hand)
    assert desk.find(dataclasses.replace(by_hand, reference="b" * 32)) == [made.number]
    for unknown in ({"address": ""}, {"intent_at": None}):
        with pytest.raises(RefusedError):
            desk.find(dataclasses.replace(order, **unknown))


def test_a_change_takes_another_package_and_another_address_and_may_be_repeated(desk: Desk) -> None:
    key, address = desk.buy(), f"10.2.{next(NUMBERS)}.1"
    for _ in range(2):
        changed = desk.change(key, class_code=PRO, address=address)
        assert (changed.number, changed.class_code, changed.address) == (key.number, PRO, address)
    assert desk.change(key, class_code=PRO) == changed


def test_a_change_that_cannot_be_is_refused_and_leaves_all_as_it_was(desk: Desk) -> None:
    key, other = desk.buy(), desk.buy()
    before = desk.describe(key)
    for wanted in ({"class_code": LINUX}, {"address": other.address}, {"features": ("X",)}):
        with pytest.raises(RefusedError):
            desk.change(key, **wanted)
    assert desk.describe(key) == before
    desk.use(lambda plugin: plugin.terminate(key.number))
    with pytest.raises(RefusedError, match="ended"):
        desk.change(key, class_code=PRO)


def test_a_lost_transfer_is_safely_asked_for_again(desk: Desk) -> None:
    key, address = desk.buy(), f"10.3.{next(NUMBERS)}.1"
    desk.vendor.fault("XMLtransfer", "drop_after")
    with pytest.raises(UnavailableError):
        desk.change(key, address=address)
    before = desk.calls("XMLtransfer")
    assert desk.change(key, address=address).address == address
    assert desk.calls("XMLtransfer") == before


def test_an_ended_license_is_described_and_listed_as_ended(desk: Desk) -> None:
    key, living = desk.buy(), desk.buy()
    for _ in range(2):
        desk.use(lambda plugin: plugin.terminate(key.number))
    assert desk.describe(key).status is KeyStatus.TERMINATED

    async def collect(plugin: CpanelManage2Plugin) -> dict[str, KeyStatus]:
        return {one.number: one.status async for one in plugin.list_keys()}

    listed = desk.use(collect)
    assert (listed[key.number], listed[living.number]) == (KeyStatus.TERMINATED, KeyStatus.ACTIVE)
    with pytest.raises(RefusedError, match="99999999"):
        desk.describe(Key("99999999"))


def test_a_group_that_is_not_there_is_the_configurations_fault(desk: Desk) -> None:
    for group in ("1", "G1", ""):
        assert "Demo" in desk.use(lambda plugin: plugin.check(), group=group)
    with pytest.raises(MisconfiguredError, match="group 7"):
        desk.use(lambda plugin: plugin.check(), group="7")


def test_packages_are_classes(desk: Desk) -> None:
    classes = {one.code: one.name for one in desk.use(lambda plugin: plugin.list_classes())}
    assert classes[ADMIN] == "cPanel Admin Cloud"
    assert SOLO in classes


@pytest.mark.parametrize("fault", ["login", "denied"])
def test_the_vendors_own_refusals_are_told_apart(desk: Desk, fault: str) -> None:
    desk.vendor.fault("XMLpackageInfo", fault)
    with pytest.raises(MisconfiguredError if fault == "login" else RefusedError):
        desk.use(lambda plugin: plugin.list_classes())


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"scheme": "ftp"}, "scheme"),
        ({"host": "a b"}, "host"),
        ({"port": 0}, "port"),
        ({"group": "Example"}, "group"),
        ({"reactivate": "maybe"}, "reactivate"),
        ({"password": ""}, "password"),
        ({"login": "a:b"}, "login"),
    ],
)
def test_settings_that_cannot_work_name_their_field(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=f"^{named}: "):
        CpanelManage2Settings(**{"login": "demo", "password": "demo", "group": "1", **changed})


@pytest.mark.parametrize(("written", "clean"), [(" 10742947\n", "10742947"), ("L761", "761"), ("0761", "761")])
def test_a_license_is_named_by_its_digits(written: str, clean: str) -> None:
    assert CpanelManage2Plugin.clean_key(written) == clean
    assert CpanelManage2Plugin.key_identity(written.strip()) == clean


@pytest.mark.parametrize("odd", [None, True, [], {}, "x", "1.5", -1, "٣", 10**30])
def test_what_is_no_number_is_read_as_none(odd: Any) -> None:
    assert answers.number_of(odd) == ""
    assert answers.read_key({"licenseid": odd, "adddate": odd, "expiredon": None}).created_at is None
