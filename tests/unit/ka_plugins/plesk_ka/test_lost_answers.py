"""What can be found out after an answer was lost: a sale by its traits, a renewal by its dates (Partner API 1.0)."""

from __future__ import annotations

import dataclasses
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ka_plugins.contract import AdditionalOrder, Key, KeyStatus, OutcomeUnknownError
from ka_plugins.plesk_ka import connection
from ka_plugins.plesk_ka.change import Change

from .desk import KAV

if TYPE_CHECKING:
    from ka_plugins.plesk_ka.plugin import PleskKaPlugin

    from .desk import Desk

CARRIED_OUT = [
    "drop_after",
    "500_after",
    "html_502_after",
    "half_body",
    "300_after",
    "287_after",
    "fault_after",
    "late",
]
NOT_CARRIED_OUT = ["drop_before", "500_before", "html_502", "300_once", "287", "fault", "503"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENT", 0.6)


def renew_into_the_dark(desk: Desk, fault: str) -> tuple[Key, Key]:
    """The key before and after a renewal of which nothing is known."""
    number = desk.use(lambda plugin: plugin.issue_key(desk.order())).number
    before = desk.use(lambda plugin: plugin.describe(number))
    desk.vendor.fault("renewKey", fault)
    with pytest.raises(OutcomeUnknownError):
        desk.use(lambda plugin: plugin.renew(number, "R-1"))
    return before, desk.use(lambda plugin: plugin.describe(number))


@pytest.mark.parametrize("fault", CARRIED_OUT)
def test_a_sale_whose_answer_was_lost_is_found_and_is_the_only_one(desk: Desk, fault: str) -> None:
    order = desk.order("30_DOMAINS")
    desk.vendor.fault("createKey", fault)
    with pytest.raises(OutcomeUnknownError):
        desk.use(lambda plugin: plugin.issue_key(order))
    (found,) = desk.use(lambda plugin: plugin.find_issued(order))
    assert (found.class_code, found.features) == (order.class_code, order.features)
    assert found.activation_code
    assert found.created_at is not None


@pytest.mark.parametrize("fault", NOT_CARRIED_OUT)
def test_where_nothing_was_sold_nothing_is_found(desk: Desk, fault: str) -> None:
    order = desk.order()
    desk.vendor.fault("createKey", fault)
    with pytest.raises(OutcomeUnknownError):
        desk.use(lambda plugin: plugin.issue_key(order))
    assert desk.use(lambda plugin: plugin.find_issued(order)) == ()


@pytest.mark.parametrize("fault", CARRIED_OUT)
def test_a_renewal_whose_answer_was_lost_shows_in_the_dates(desk: Desk, fault: str) -> None:
    before, after = renew_into_the_dark(desk, fault)
    assert before.renew_at is not None
    assert before.expires_at is not None
    assert after.renew_at == before.renew_at + timedelta(days=30)
    assert after.expires_at == before.expires_at + timedelta(days=30)


@pytest.mark.parametrize("fault", NOT_CARRIED_OUT)
def test_a_renewal_that_was_not_carried_out_leaves_the_dates(desk: Desk, fault: str) -> None:
    before, after = renew_into_the_dark(desk, fault)
    assert after == before


def test_an_additional_key_that_arrives_late_is_not_bought_again(desk: Desk) -> None:
    order = desk.order()
    number = desk.use(lambda plugin: plugin.issue_key(order)).number
    wanted = dataclasses.replace(order, additional=(AdditionalOrder(KAV),))
    desk.vendor.fault("createKey", "late_sale", seconds=1.0)
    with pytest.raises(OutcomeUnknownError):
        desk.use(lambda plugin: plugin.change(number, wanted))
    time.sleep(0.8)
    changed = desk.use(lambda plugin: plugin.change(number, wanted))
    assert [(one.class_code, one.status) for one in changed.additional] == [(KAV, KeyStatus.ACTIVE)]


def test_an_additional_key_that_arrives_between_look_and_purchase_is_taken_for_done(desk: Desk) -> None:
    order = desk.order(additional=(KAV,))
    number = desk.use(lambda plugin: plugin.issue_key(order)).number

    async def buy_what_is_there(plugin: PleskKaPlugin) -> None:
        seen_before_it_came = Key(number, class_code=order.class_code)
        await Change(number, order, seen_before_it_came).run(plugin._ka, "1")

    desk.use(buy_what_is_there)
    assert len(desk.use(lambda plugin: plugin.describe(number)).additional) == 1
