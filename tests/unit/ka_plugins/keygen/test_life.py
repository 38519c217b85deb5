"""Keygen's plug-in against the simulated vendor: files, renewals, changes, and a license's life to its end."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ka_plugins.contract import KeyStatus, MisconfiguredError, OutcomeUnknownError, RefusedError, UnavailableError
from ka_plugins.simulator.running import RunningSimulator

from .desk import MONTHLY, PERPETUAL, PRO, SIGNED, YEARLY, Desk

if TYPE_CHECKING:
    from pathlib import Path

    from ka_plugins.keygen.plugin import KeygenPlugin


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
            desk.use(lambda plugin, wanted=wanted: plugin.change(key.number, wanted))  # type: ignore[misc] # mypy infers no default of a lambda
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
