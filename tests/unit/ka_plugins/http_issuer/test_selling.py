"""The HTTP issuer's plug-in against the reference implementation: what it sells, settles and is refused."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ka_plugins.addresses import Reach
from ka_plugins.contract import (
    AdditionalOrder,
    Key,
    KeyStatus,
    MisconfiguredError,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)
from ka_plugins.http import VendorClient
from ka_plugins.http_issuer.signing import signed_headers

from .desk import MAIL_SCANNER

if TYPE_CHECKING:
    from ka_plugins.http_issuer.plugin import HttpIssuerPlugin

    from .desk import Desk


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
        {"base_path": "/issuer/v1/deeper"},
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
        async with VendorClient(reach=Reach.PRIVATE) as http:
            return (await http.send("GET", desk.vendor.http + path, headers=headers)).status

    assert asyncio.run(ask()) == status


def test_clocks_that_differ_are_said_and_heal_by_themselves(desk: Desk) -> None:
    before = desk.vendor.sold()
    desk.vendor.fault("putOrder", "clock")
    with pytest.raises(UnavailableError, match="clocks"):
        desk.buy()
    assert desk.vendor.sold() == before
