"""Keygen's plug-in against the simulated vendor: what it sells, settles and is refused."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ka_plugins.contract import (
    AdditionalOrder,
    Key,
    KeyStatus,
    MisconfiguredError,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)

from .desk import MONTHLY, PERPETUAL, POOLED, PRO, SIGNED, YEARLY

if TYPE_CHECKING:
    from ka_plugins.keygen.plugin import KeygenPlugin

    from .desk import Desk


def test_a_license_is_created_under_its_policy_with_its_features(desk: Desk) -> None:
    order = dataclasses.replace(desk.order(MONTHLY, "FIREWALL"), note="for example.org")
    key = desk.use(lambda plugin: plugin.issue_key(order))
    sale = desk.sale(key.number)
    assert (sale["type"], sale["features"], sale["notes"]) == (MONTHLY, ["FIREWALL"], ["for example.org"])
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


def test_features_that_are_refused_after_the_sale_come_to_a_person_who_may_try_again(desk: Desk) -> None:
    order, before = desk.order(MONTHLY, "FIREWALL"), desk.vendor.sold()
    desk.vendor.fault("attach", "refused")
    with pytest.raises(RefusedError, match="was created, but its features were not added") as caught:
        desk.use(lambda plugin: plugin.issue_key(order))
    assert caught.value.vendor_says == "Unprocessable resource: is refused (simulated)"
    key = desk.use(lambda plugin: plugin.issue_key(order))
    assert desk.vendor.sold() == before + 1
    assert desk.sale(key.number)["features"] == ["FIREWALL"]


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
