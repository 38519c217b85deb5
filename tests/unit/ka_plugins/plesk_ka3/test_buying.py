"""What the plug-in of the Partner API 3.0 buys, and how a lost answer is settled."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from ka_plugins.contract import (
    LicenseOrder,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)

from .desk import MONITORING, PACKS, PRO, SITEJET, Desk


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


def test_a_vendor_who_lists_keys_of_other_references_proves_nothing_by_it(desk: Desk) -> None:
    order = desk.order()
    desk.use(lambda plugin: plugin.issue_key(order))
    desk.vendor.fault("keys.list", "unfiltered")
    with pytest.raises(RefusedError, match="Look for it there"):
        desk.use(lambda plugin: plugin.find_issued(dataclasses.replace(order, reference="f" * 32)))
