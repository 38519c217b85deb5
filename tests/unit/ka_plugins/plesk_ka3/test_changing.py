"""How the plug-in of the Partner API 3.0 changes, suspends, renews and ends keys."""

from __future__ import annotations

import dataclasses

import pytest

from ka_plugins.contract import (
    AdditionalOrder,
    KeyStatus,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)

from .desk import HOST, MONITORING, PACKS, SITEJET, Desk


def test_a_change_sends_the_target_state_and_raises_the_revision(desk: Desk) -> None:
    key = desk.buy(PACKS)
    changed = desk.use(lambda plugin: plugin.change(key.number, desk.order(class_code=HOST)))
    assert (changed.class_code, changed.features) == (HOST, ())
    assert changed.number == f"{key.number.rpartition('.')[0]}.0002"
    assert desk.describe(key.number) == changed


def test_a_change_makes_additional_keys_and_names_those_to_end(desk: Desk) -> None:
    key = desk.buy(additional=(MONITORING,))
    wanted = desk.order(PACKS, additional=(SITEJET,))
    for _ in range(2):
        changed = desk.use(lambda plugin: plugin.change(key.number, wanted))
        states = {one.class_code: one.status for one in changed.additional}
        assert states == {MONITORING: KeyStatus.ACTIVE, SITEJET: KeyStatus.ACTIVE}
        assert changed.to_end == tuple(one.number for one in key.additional)
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
            now = desk.use(lambda plugin, verb=verb: getattr(plugin, verb)(key.number))  # type: ignore[misc] # mypy infers no default of a lambda
            assert now.status is status
            assert [one.class_code for one in now.additional] == [MONITORING]


def test_additional_keys_end_with_their_key_and_an_ended_key_stays_so(desk: Desk) -> None:
    order = desk.order(additional=(MONITORING,))
    key = desk.use(lambda plugin: plugin.issue_key(order))
    desk.use(lambda plugin: plugin.terminate(key.number))
    assert {sale["terminated"] for sale in desk.sales(order.reference)} == {True}
    for verb in ("renew", "suspend"):
        with pytest.raises(RefusedError) as raised:
            desk.use(lambda plugin, verb=verb: getattr(plugin, verb)(key.number, *["r"][: verb == "renew"]))  # type: ignore[misc] # mypy infers no default of a lambda
        assert raised.value.code == "24204"


def test_a_renewal_whose_answer_is_lost_was_made_once_and_is_open(desk: Desk) -> None:
    key = desk.buy()
    before = desk.calls("keys.renew")
    desk.vendor.fault("keys.renew", "drop_after")
    with pytest.raises(OutcomeUnknownError):
        desk.use(lambda plugin: plugin.renew(key.number, "r"))
    assert desk.calls("keys.renew") == before + 1


def test_an_additional_key_that_stays_is_brought_to_its_own_features(desk: Desk) -> None:
    key = desk.buy(additional=(MONITORING,))
    wanted = dataclasses.replace(desk.order(), additional=(AdditionalOrder(MONITORING, (PACKS,)),))
    with pytest.raises(RefusedError) as raised:  # this vendor has no features for it, and is asked
        desk.use(lambda plugin: plugin.change(key.number, wanted))
    assert "not applicable" in raised.value.vendor_says
    assert desk.describe(key.number).additional[0].features == ()
