"""Keygen's plug-in against the simulated vendor: what it sells, settles, renews, changes and ends."""

from __future__ import annotations

import asyncio
import dataclasses
import uuid
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
from ka_plugins.keygen.plugin import KeygenPlugin
from ka_plugins.keygen.settings import KeygenSettings
from ka_plugins.keygen.simulator.describing import PUBLIC_KEY
from ka_plugins.keygen.simulator.wares import POLICIES
from ka_plugins.simulator.running import RunningSimulator

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

T = TypeVar("T")
MONTHLY, PRO, YEARLY, PERPETUAL, POOLED, SIGNED = POLICIES
KEY_SECRET = "a secret of the tests that makes keys"
LOGIN = {"account": "demo", "token": "demo", "public_key": PUBLIC_KEY, "key_secret": KEY_SECRET}


class Desk:
    """The plug-in with one configuration, and the vendor that it talks to."""

    def __init__(self, vendor: RunningSimulator) -> None:
        self.vendor = vendor

    def use(self, act: Callable[[KeygenPlugin], Awaitable[T]], **changed: Any) -> T:
        settings = KeygenSettings(**{**LOGIN, **self.vendor.settings(), **changed})

        async def whole() -> T:
            async with VendorClient(allow_private=True) as http:
                return await act(KeygenPlugin(settings, http))

        return asyncio.run(whole())

    def order(self, policy: str = MONTHLY, *features: str) -> LicenseOrder:
        return LicenseOrder(uuid.uuid4().hex, policy, features, intent_at=datetime.now(UTC))

    def buy(self, policy: str = MONTHLY, *features: str) -> Key:
        order = self.order(policy, *features)
        return self.use(lambda plugin: plugin.issue_key(order))

    def sale(self, key: str) -> dict[str, Any]:
        return next(dict(sale) for sale in self.vendor.ledger()["sales"] if sale["number"] == key)


@pytest.fixture(scope="module")
def vendor() -> Iterator[RunningSimulator]:
    with RunningSimulator() as running:
        yield running


@pytest.fixture
def desk(vendor: RunningSimulator) -> Desk:
    vendor.heal()
    return Desk(vendor)


def test_a_license_is_created_under_its_policy_with_its_features(desk: Desk) -> None:
    order = dataclasses.replace(desk.order(MONTHLY, "FIREWALL"), note="for example.org")
    key = desk.use(lambda plugin: plugin.issue_key(order))
    sale = desk.sale(key.number)
    assert (sale["type"], sale["features"], sale["name"]) == (MONTHLY, ["FIREWALL"], "for example.org")
    assert key.created_at is not None
    assert key.expires_at == key.created_at + timedelta(days=30)


@pytest.mark.parametrize("fault", ["drop_after", "500_after", "html_502_after", "half_body", "garbage", "huge_body"])
def test_an_order_sent_again_after_a_lost_answer_adopts_what_was_sold(desk: Desk, fault: str) -> None:
    order, before = desk.order(MONTHLY, "FIREWALL"), desk.vendor.sold()
    desk.vendor.fault("createLicense", fault)
    with pytest.raises(OutcomeUnknownError):
        desk.use(lambda plugin: plugin.issue_key(order))
    key = desk.use(lambda plugin: plugin.issue_key(order))
    assert desk.vendor.sold() == before + 1
    assert desk.sale(key.number)["features"] == ["FIREWALL"]
    assert desk.use(lambda plugin: plugin.find_issued(order)) == (key,)


def test_a_late_answer_is_waited_for(desk: Desk) -> None:
    desk.vendor.fault("createLicense", "late", seconds=0.3)
    assert desk.buy().status is KeyStatus.ACTIVE


def test_two_workers_with_one_order_sell_one_license(desk: Desk) -> None:
    order, before = desk.order(), desk.vendor.sold()

    async def twice(plugin: KeygenPlugin) -> list[Key]:
        return list(await asyncio.gather(plugin.issue_key(order), plugin.issue_key(order)))

    first, second = desk.use(twice)
    assert first.number == second.number
    assert desk.vendor.sold() == before + 1


@pytest.mark.parametrize("fault", ["500_before", "429", "drop_after"])
def test_features_that_fail_after_the_sale_are_added_when_the_order_comes_again(desk: Desk, fault: str) -> None:
    order, before = desk.order(MONTHLY, "FIREWALL", "SITE_BUILDER"), desk.vendor.sold()
    desk.vendor.fault("attach", fault)
    with pytest.raises(OutcomeUnknownError, match="was created, but its features were not added"):
        desk.use(lambda plugin: plugin.issue_key(order))
    key = desk.use(lambda plugin: plugin.issue_key(order))
    assert desk.vendor.sold() == before + 1
    assert desk.sale(key.number)["features"] == ["FIREWALL", "SITE_BUILDER"]


def test_a_sale_that_was_made_before_and_cannot_be_looked_up_is_unknown(desk: Desk) -> None:
    order = desk.order()
    desk.use(lambda plugin: plugin.issue_key(order))
    desk.vendor.fault("retrieveLicense", "503")
    with pytest.raises(OutcomeUnknownError, match="was created before"):
        desk.use(lambda plugin: plugin.issue_key(order))


def test_a_rate_limit_sells_nothing_and_says_how_long_to_wait(desk: Desk) -> None:
    order, before = desk.order(), desk.vendor.sold()
    desk.vendor.fault("createLicense", "429", seconds=17)
    with pytest.raises(UnavailableError) as caught:
        desk.use(lambda plugin: plugin.issue_key(order))
    assert caught.value.retry_after == 17
    assert desk.vendor.sold() == before


def test_a_proxys_page_instead_of_an_answer_is_unavailable(desk: Desk) -> None:
    desk.vendor.fault("whoAmI", "html_502")
    with pytest.raises(UnavailableError):
        desk.use(lambda plugin: plugin.check())


def test_policies_whose_keys_cannot_be_chosen_are_neither_listed_nor_sold(desk: Desk) -> None:
    classes = desk.use(lambda plugin: plugin.list_classes())
    assert [one.code for one in classes] == [MONTHLY, PRO, YEARLY, PERPETUAL]
    assert {feature.code for feature in classes[0].features} >= {"FIREWALL", "MAIL_SCANNER"}
    before = desk.vendor.sold()
    for policy in (POOLED, SIGNED):
        with pytest.raises(RefusedError, match="key that they are ordered with"):
            desk.buy(policy)
    assert desk.vendor.sold() == before


def test_a_policy_that_is_gone_is_a_refusal_in_the_vendors_words(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="no such policy") as caught:
        desk.buy("00000009-0000-4000-8000-000000000009")
    assert caught.value.code == "NOT_FOUND"
    assert caught.value.vendor_says.startswith("Not found: The requested policy")


def test_additional_keys_are_refused_before_anything_is_asked(desk: Desk) -> None:
    order = dataclasses.replace(desk.order(), additional=(AdditionalOrder("X"),))
    with pytest.raises(RefusedError, match="no additional keys"):
        desk.use(lambda plugin: plugin.issue_key(order))


@pytest.mark.parametrize("changed", [{"token": "nobody-Sesame"}, {"token": "limited"}, {"account": "elsewhere"}])
def test_a_wrong_token_role_or_account_is_the_configurations_fault(desk: Desk, changed: dict[str, str]) -> None:
    key, order = desk.buy(), desk.order()
    for act in (lambda plugin: plugin.issue_key(order), lambda plugin: plugin.terminate(key.number)):
        with pytest.raises(MisconfiguredError) as caught:
            desk.use(act, **changed)
        assert "Sesame" not in f"{caught.value} {caught.value.vendor_says}"
    assert not desk.sale(key.number)["terminated"]


def test_a_license_file_is_signed_for_this_key_and_named_by_its_id(desk: Desk) -> None:
    key = desk.buy(MONTHLY, "FIREWALL")
    (file,) = desk.use(lambda plugin: plugin.fetch_files(key.number))
    assert file.name == f"{desk.sale(key.number)['id']}.lic"
    assert file.body.startswith(b"-----BEGIN LICENSE FILE-----\n")


def test_a_file_that_another_account_signed_is_the_configurations_fault(desk: Desk) -> None:
    key = desk.buy()
    with pytest.raises(MisconfiguredError, match="not signed by the public key"):
        desk.use(lambda plugin: plugin.fetch_files(key.number), public_key="00" * 31 + "01")


@pytest.mark.parametrize("fault", ["half_body", "garbage", "huge_body", "500_after"])
def test_a_file_that_does_not_arrive_whole_is_unavailable(desk: Desk, fault: str) -> None:
    key = desk.buy()
    desk.vendor.fault("checkOutLicense", fault)
    with pytest.raises(UnavailableError):
        desk.use(lambda plugin: plugin.fetch_files(key.number))


@pytest.mark.parametrize("fault", ["", "drop_after", "500_after"])
def test_a_renewal_is_made_once_however_often_it_is_sent(desk: Desk, fault: str) -> None:
    key = desk.buy()
    assert key.expires_at is not None
    if fault:
        desk.vendor.fault("updateLicense", fault)
        with pytest.raises(OutcomeUnknownError):
            desk.use(lambda plugin: plugin.renew(key.number, "first"))
    for _ in range(2):
        renewed = desk.use(lambda plugin: plugin.renew(key.number, "first"))
        assert renewed.expires_at == key.expires_at + timedelta(days=30)
    again = desk.use(lambda plugin: plugin.renew(key.number, "second"))
    assert again.expires_at == key.expires_at + timedelta(days=60)
    assert again.number == key.number


def test_a_license_that_never_expires_cannot_be_renewed(desk: Desk) -> None:
    key = desk.buy(PERPETUAL)
    assert key.expires_at is None
    with pytest.raises(RefusedError, match="never expires"):
        desk.use(lambda plugin: plugin.renew(key.number, "first"))


def test_suspending_and_resuming_may_be_repeated(desk: Desk) -> None:
    key = desk.buy()
    for _ in range(2):
        assert desk.use(lambda plugin: plugin.suspend(key.number)).status is KeyStatus.SUSPENDED
    for _ in range(2):
        assert desk.use(lambda plugin: plugin.resume(key.number)).status is KeyStatus.ACTIVE


@pytest.mark.parametrize(("mark", "status"), [("problem", KeyStatus.PROBLEM), ("expired", KeyStatus.EXPIRED)])
def test_what_the_vendor_marked_is_described_so(desk: Desk, mark: str, status: KeyStatus) -> None:
    key = desk.buy()
    desk.vendor.mark(key.number, **{mark: True})
    assert desk.use(lambda plugin: plugin.describe(key.number)).status is status


def test_an_ended_license_is_gone_and_counts_as_terminated(desk: Desk) -> None:
    order = desk.order()
    key = desk.use(lambda plugin: plugin.issue_key(order))
    desk.use(lambda plugin: plugin.terminate(key.number))
    assert desk.use(lambda plugin: plugin.describe(key.number)).status is KeyStatus.TERMINATED
    assert desk.use(lambda plugin: plugin.find_issued(order)) == ()


@pytest.mark.parametrize("key", ["NO-SUCH-KEY-1", "with/slash and space?", "0123456789abcdef0123456789abcdef"])
def test_a_key_that_is_not_there_is_refused_without_being_quoted(desk: Desk, key: str) -> None:
    for act in (lambda plugin: plugin.fetch_files(key), lambda plugin: plugin.suspend(key)):
        with pytest.raises(RefusedError) as caught:
            desk.use(act)
        assert key not in f"{caught.value} {caught.value.vendor_says}"
        assert "'***'" in caught.value.vendor_says


def test_a_change_moves_to_another_policy_and_other_features(desk: Desk) -> None:
    key = desk.buy(MONTHLY, "FIREWALL")
    wanted = desk.order(PRO, "SITE_BUILDER")
    for _ in range(2):
        changed = desk.use(lambda plugin: plugin.change(key.number, wanted))
        assert changed.number == key.number
        assert (changed.class_code, set(changed.features)) == (PRO, {"MAIL_SCANNER", "SITE_BUILDER"})
    assert desk.sale(key.number)["features"] == ["SITE_BUILDER"]


def test_a_change_that_the_vendor_does_not_take_changes_nothing(desk: Desk) -> None:
    key = desk.buy(MONTHLY, "FIREWALL")
    for wanted in (desk.order(SIGNED), desk.order(MONTHLY, "NO_SUCH_FEATURE")):
        with pytest.raises(RefusedError):
            desk.use(lambda plugin, wanted=wanted: plugin.change(key.number, wanted))  # type: ignore[misc]
    assert (desk.sale(key.number)["type"], desk.sale(key.number)["features"]) == (MONTHLY, ["FIREWALL"])


def test_all_licenses_are_listed_over_all_pages(desk: Desk) -> None:
    orders = [desk.order(YEARLY) for _ in range(205)]

    async def buy_and_list(plugin: KeygenPlugin) -> tuple[set[str], list[str]]:
        bought = await asyncio.gather(*map(plugin.issue_key, orders))
        return {key.number for key in bought}, [key.number async for key in plugin.list_keys()]

    bought, listed = desk.use(buy_and_list)
    assert bought <= set(listed)
    assert len(listed) == len(set(listed))


def test_what_was_sold_outlives_a_power_cut(tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    with RunningSimulator(state=state) as vendor:
        key = Desk(vendor).buy(MONTHLY, "FIREWALL")
        sales = vendor.ledger()["sales"]
        vendor.kill()
    with RunningSimulator(state=state) as vendor:
        assert vendor.ledger()["sales"] == sales
        assert set(Desk(vendor).use(lambda plugin: plugin.describe(key.number)).features) == {"FIREWALL"}
