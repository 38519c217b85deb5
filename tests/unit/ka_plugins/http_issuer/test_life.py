"""The HTTP issuer's plug-in against the reference implementation: classes, files, and a license's life to its end."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ka_plugins.contract import AdditionalOrder, Key, KeyStatus, OutcomeUnknownError, RefusedError
from ka_plugins.simulator.running import RunningSimulator

from .desk import MAIL_SCANNER, Desk

if TYPE_CHECKING:
    from pathlib import Path

    from ka_plugins.http_issuer.plugin import HttpIssuerPlugin


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
        (file,) = desk.use(lambda plugin, number=number: plugin.fetch_files(number))  # type: ignore[misc] # mypy infers no default of a lambda
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
            desk.use(lambda plugin, number=number: plugin.renew(number, "first"))  # type: ignore[misc] # mypy infers no default of a lambda
        assert caught.value.code == "not_renewable"


def test_a_change_adds_leaves_the_rest_and_names_what_is_to_end_however_often_it_is_sent(desk: Desk) -> None:
    key = desk.buy("SITES_10", additional=(MAIL_SCANNER,))
    wanted = desk.order("SITES_30", "BACKUP", additional=(AdditionalOrder("FIREWALL"),))
    desk.vendor.fault("putContents", "drop_after")
    with pytest.raises(OutcomeUnknownError):
        desk.use(lambda plugin: plugin.change(key.number, wanted))
    for _ in range(2):
        changed = desk.use(lambda plugin: plugin.change(key.number, wanted))
        assert (changed.number, set(changed.features)) == (key.number, {"SITES_30", "BACKUP"})
        assert {one.class_code: one.status for one in changed.additional} == {
            "MAIL_SCANNER": KeyStatus.ACTIVE,
            "FIREWALL": KeyStatus.ACTIVE,
        }
        assert changed.to_end == tuple(one.number for one in key.additional)


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
