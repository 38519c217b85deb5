"""The HTTP issuer's plug-in against the reference implementation: what it sells, settles, renews, changes and ends."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
import uuid
from datetime import timedelta
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
from ka_plugins.http_issuer.plugin import HttpIssuerPlugin
from ka_plugins.http_issuer.settings import HttpIssuerSettings
from ka_plugins.http_issuer.signing import signed_headers
from ka_plugins.simulator.running import RunningSimulator

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

T = TypeVar("T")
MAIL_SCANNER = AdditionalOrder("MAIL_SCANNER", ("MAIL_100",))


class Desk:
    """The plug-in with one configuration, and the issuer that it talks to."""

    def __init__(self, vendor: RunningSimulator) -> None:
        self.vendor = vendor

    def use(self, act: Callable[[HttpIssuerPlugin], Awaitable[T]], **changed: Any) -> T:
        settings = HttpIssuerSettings(**{"client": "demo", "secret": "demo", **self.vendor.settings(), **changed})

        async def whole() -> T:
            async with VendorClient(allow_private=True) as http:
                return await act(HttpIssuerPlugin(settings, http))

        return asyncio.run(whole())

    def order(self, *features: str, code: str = "PANEL", additional: tuple[AdditionalOrder, ...] = ()) -> LicenseOrder:
        return LicenseOrder(uuid.uuid4().hex, code, features, additional, address="192.0.2.10")

    def buy(self, *features: str, **more: Any) -> Key:
        order = self.order(*features, **more)
        return self.use(lambda plugin: plugin.issue_key(order))

    def sale(self, number: str) -> dict[str, Any]:
        return next(dict(sale) for sale in self.vendor.ledger()["sales"] if sale["number"] == number)


@pytest.fixture(scope="module")
def vendor() -> Iterator[RunningSimulator]:
    with RunningSimulator() as running:
        yield running


@pytest.fixture
def desk(vendor: RunningSimulator) -> Desk:
    vendor.heal()
    return Desk(vendor)


def test_a_license_is_sold_with_all_that_was_ordered(desk: Desk) -> None:
    order = desk.order("SITES_30", "BACKUP", additional=(MAIL_SCANNER,))
    key = desk.use(lambda plugin: plugin.issue_key(order))
    (extra,) = key.additional
    assert (key.class_code, key.features, key.address) == ("PANEL", ("SITES_30", "BACKUP"), "192.0.2.10")
    assert (extra.class_code, extra.features, extra.parent) == ("MAIL_SCANNER", ("MAIL_100",), key.number)
    assert key.activation_code not in repr(key)
    assert key.renew_at is not None
    assert key.expires_at == key.renew_at + timedelta(days=10)
    assert desk.sale(key.number)["reference"] == order.reference


def test_a_group_that_has_to_be_chosen_from_has_its_default(desk: Desk) -> None:
    assert desk.buy("BACKUP").features == ("BACKUP", "SITES_10")


@pytest.mark.parametrize("fault", ["drop_after", "500_after", "html_502_after", "half_body", "garbage", "huge_body"])
def test_an_order_sent_again_after_a_lost_answer_is_answered_with_the_first_sale(desk: Desk, fault: str) -> None:
    order, before = desk.order("SITES_30", additional=(MAIL_SCANNER,)), desk.vendor.sold()
    desk.vendor.fault("putOrder", fault)
    with pytest.raises(OutcomeUnknownError):
        desk.use(lambda plugin: plugin.issue_key(order))
    key = desk.use(lambda plugin: plugin.issue_key(order))
    assert desk.vendor.sold() == before + 1
    assert desk.use(lambda plugin: plugin.find_issued(order)) == (key,)


def test_a_late_answer_is_waited_for(desk: Desk) -> None:
    desk.vendor.fault("putOrder", "late", seconds=0.3)
    assert desk.buy().status is KeyStatus.ACTIVE


def test_two_workers_with_one_order_buy_one_license(desk: Desk) -> None:
    order, before = desk.order(), desk.vendor.sold()

    async def twice(plugin: HttpIssuerPlugin) -> list[Key]:
        return list(await asyncio.gather(plugin.issue_key(order), plugin.issue_key(order)))

    first, second = desk.use(twice)
    assert first == second
    assert desk.vendor.sold() == before + 1


def test_an_order_that_was_never_sold_is_not_found(desk: Desk) -> None:
    order = desk.order()
    assert desk.use(lambda plugin: plugin.find_issued(order)) == ()


def test_one_reference_for_two_different_orders_is_refused(desk: Desk) -> None:
    order = desk.order("SITES_30", "BACKUP")
    key = desk.use(lambda plugin: plugin.issue_key(order))
    same = dataclasses.replace(order, features=("BACKUP", "SITES_30"), note="in other words", address="192.0.2.99")
    assert desk.use(lambda plugin: plugin.issue_key(same)).number == key.number
    with pytest.raises(RefusedError) as caught:
        desk.use(lambda plugin: plugin.issue_key(dataclasses.replace(order, features=("SITES_10",))))
    assert caught.value.code == "reference_reused"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"class_code": "NO_SUCH_CLASS"}, "unknown_class"),
        ({"features": ("NO_SUCH_FEATURE",)}, "unknown_feature"),
        ({"features": ("SITES_10", "SITES_30")}, "not_applicable"),
        ({"additional": (AdditionalOrder("AGENT"),)}, "not_applicable"),
        ({"additional": (MAIL_SCANNER, MAIL_SCANNER)}, "not_applicable"),
        ({"additional": (AdditionalOrder("MAIL_SCANNER", ("SITES_10",)),)}, "unknown_feature"),
        ({"reference": "x" * 101}, "malformed"),
    ],
)
def test_an_order_that_the_issuer_does_not_take_is_refused_in_his_words(
    desk: Desk, changed: dict[str, Any], code: str
) -> None:
    order, before = dataclasses.replace(desk.order(), **changed), desk.vendor.sold()
    with pytest.raises(RefusedError) as caught:
        desk.use(lambda plugin: plugin.issue_key(order))
    assert caught.value.code == code
    assert caught.value.vendor_says
    assert desk.vendor.sold() == before


def test_a_rate_limit_sells_nothing_and_says_how_long_to_wait(desk: Desk) -> None:
    before = desk.vendor.sold()
    desk.vendor.fault("putOrder", "429", seconds=17)
    with pytest.raises(UnavailableError) as caught:
        desk.buy()
    assert caught.value.retry_after == 17
    assert desk.vendor.sold() == before


@pytest.mark.parametrize(
    "changed",
    [
        {"client": "nobody"},
        {"secret": "wrong-Sesame"},
        {"client": "limited", "secret": "limited"},
        {"base_path": "/elsewhere"},
    ],
)
def test_a_wrong_client_secret_role_or_path_is_the_configurations_fault(desk: Desk, changed: dict[str, str]) -> None:
    order = desk.order()
    with pytest.raises(MisconfiguredError) as caught:
        desk.use(lambda plugin: plugin.issue_key(order), **changed)
    assert "Sesame" not in f"{caught.value} {caught.value.vendor_says}"


@pytest.mark.parametrize(("seconds", "status"), [(-310, 401), (-200, 200), (0, 200), (200, 200), (310, 401)])
def test_a_request_is_good_for_five_minutes_by_either_clock(desk: Desk, seconds: int, status: int) -> None:
    path = "/issuer/v1/account"
    headers = signed_headers("demo", "demo", "GET", path, b"", now=time.time() + seconds)

    async def ask() -> int:
        async with VendorClient(allow_private=True) as http:
            return (await http.send("GET", desk.vendor.http + path, headers=headers)).status

    assert asyncio.run(ask()) == status


def test_clocks_that_differ_are_said_and_heal_by_themselves(desk: Desk) -> None:
    before = desk.vendor.sold()
    desk.vendor.fault("putOrder", "clock")
    with pytest.raises(UnavailableError, match="clocks"):
        desk.buy()
    assert desk.vendor.sold() == before


def test_classes_come_with_groups_features_and_additional_ones(desk: Desk) -> None:
    panel, agent = desk.use(lambda plugin: plugin.list_classes())
    (sites,) = panel.groups
    assert (sites.name, sites.required, sites.default) == ("Sites", True, "SITES_10")
    assert [one.code for one in panel.features] == ["BACKUP", "SITE_BUILDER"]
    assert [one.code for one in panel.additional] == ["MAIL_SCANNER", "FIREWALL"]
    assert [one.code for one in panel.additional[0].groups[0].options] == ["MAIL_100", "MAIL_500"]
    assert (agent.code, agent.groups) == ("AGENT", ())


def test_a_file_is_named_after_its_license_and_marked_as_simulated(desk: Desk) -> None:
    key = desk.buy("SITES_30", additional=(MAIL_SCANNER,))
    for number in (key.number, key.additional[0].number):
        (file,) = desk.use(lambda plugin, number=number: plugin.fetch_files(number))  # type: ignore[misc]
        assert file.name == f"{number}.json"
        assert json.loads(file.body)["marker"] == "SIMULATED, NOT A LICENSE"


@pytest.mark.parametrize("fault", ["", "drop_after", "500_after"])
def test_a_renewal_is_made_once_however_often_it_is_sent(desk: Desk, fault: str) -> None:
    key = desk.buy(additional=(MAIL_SCANNER,))
    assert key.expires_at is not None
    if fault:
        desk.vendor.fault("putRenewal", fault)
        with pytest.raises(OutcomeUnknownError):
            desk.use(lambda plugin: plugin.renew(key.number, "first"))
    for _ in range(2):
        renewed = desk.use(lambda plugin: plugin.renew(key.number, "first"))
        assert renewed.expires_at == key.expires_at + timedelta(days=30)
        assert renewed.additional[0].expires_at == renewed.expires_at
    again = desk.use(lambda plugin: plugin.renew(key.number, "second"))
    assert again.expires_at == key.expires_at + timedelta(days=60)


def test_what_has_no_term_cannot_be_renewed(desk: Desk) -> None:
    agent, extra = desk.buy(code="AGENT"), desk.buy(additional=(MAIL_SCANNER,)).additional[0]
    assert agent.expires_at is None
    for number in (agent.number, extra.number):
        with pytest.raises(RefusedError) as caught:
            desk.use(lambda plugin, number=number: plugin.renew(number, "first"))  # type: ignore[misc]
        assert caught.value.code == "not_renewable"


def test_a_change_adds_takes_away_and_leaves_the_rest_however_often_it_is_sent(desk: Desk) -> None:
    key = desk.buy("SITES_10", additional=(MAIL_SCANNER,))
    wanted = desk.order("SITES_30", "BACKUP", additional=(AdditionalOrder("FIREWALL"),))
    desk.vendor.fault("putContents", "drop_after")
    with pytest.raises(OutcomeUnknownError):
        desk.use(lambda plugin: plugin.change(key.number, wanted))
    for _ in range(2):
        changed = desk.use(lambda plugin: plugin.change(key.number, wanted))
        assert (changed.number, set(changed.features)) == (key.number, {"SITES_30", "BACKUP"})
        assert {one.class_code: one.status for one in changed.additional} == {
            "MAIL_SCANNER": KeyStatus.TERMINATED,
            "FIREWALL": KeyStatus.ACTIVE,
        }


def test_a_change_to_another_class_is_refused(desk: Desk) -> None:
    key, wanted = desk.buy(), desk.order(code="AGENT")
    with pytest.raises(RefusedError) as caught:
        desk.use(lambda plugin: plugin.change(key.number, wanted))
    assert caught.value.code == "not_applicable"


def test_suspending_resuming_and_terminating_may_be_repeated_and_take_additional_ones_along(desk: Desk) -> None:
    key = desk.buy(additional=(MAIL_SCANNER,))
    for _ in range(2):
        suspended = desk.use(lambda plugin: plugin.suspend(key.number))
        assert [suspended.status, suspended.additional[0].status] == [KeyStatus.SUSPENDED] * 2
    for _ in range(2):
        assert desk.use(lambda plugin: plugin.resume(key.number)).status is KeyStatus.ACTIVE
    for _ in range(2):
        desk.use(lambda plugin: plugin.terminate(key.number))
    assert all(desk.sale(one.number)["terminated"] for one in (key, *key.additional))


def test_what_has_ended_does_not_come_back(desk: Desk) -> None:
    key = desk.buy()
    wanted = desk.order("SITES_30")
    desk.use(lambda plugin: plugin.terminate(key.number))
    for act in (
        lambda plugin: plugin.resume(key.number),
        lambda plugin: plugin.renew(key.number, "first"),
        lambda plugin: plugin.change(key.number, wanted),
        lambda plugin: plugin.fetch_files(key.number),
    ):
        with pytest.raises(RefusedError) as caught:
            desk.use(act)
        assert caught.value.code == "terminated"


@pytest.mark.parametrize(("mark", "status"), [("problem", KeyStatus.PROBLEM), ("expired", KeyStatus.EXPIRED)])
def test_what_the_issuer_marked_is_described_so(desk: Desk, mark: str, status: KeyStatus) -> None:
    key = desk.buy()
    desk.vendor.mark(key.number, **{mark: True})
    assert desk.use(lambda plugin: plugin.describe(key.number)).status is status


def test_a_number_that_is_not_there_is_a_refusal(desk: Desk) -> None:
    for act in (lambda plugin: plugin.describe("PANEL-1"), lambda plugin: plugin.terminate("PANEL-1")):
        with pytest.raises(RefusedError) as caught:
            desk.use(act)
        assert caught.value.code == "unknown_license"


def test_all_licenses_are_listed_over_all_pages_with_their_additional_ones(desk: Desk) -> None:
    orders = [desk.order(additional=(MAIL_SCANNER,)) for _ in range(405)]

    async def buy_and_list(plugin: HttpIssuerPlugin) -> tuple[set[str], list[Key]]:
        bought = await asyncio.gather(*map(plugin.issue_key, orders))
        return {key.number for key in bought}, [key async for key in plugin.list_keys()]

    bought, listed = desk.use(buy_and_list)
    numbers = [key.number for key in listed]
    assert bought <= set(numbers)
    assert len(numbers) == len(set(numbers))
    assert all(key.additional for key in listed if key.number in bought)


def test_what_was_sold_outlives_a_power_cut(tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    with RunningSimulator(state=state) as vendor:
        desk = Desk(vendor)
        order = desk.order("SITES_30", additional=(MAIL_SCANNER,))
        key = desk.use(lambda plugin: plugin.issue_key(order))
        vendor.kill()
    with RunningSimulator(state=state) as vendor:
        desk = Desk(vendor)
        assert desk.use(lambda plugin: plugin.issue_key(order)) == key
        assert vendor.sold() == 1
