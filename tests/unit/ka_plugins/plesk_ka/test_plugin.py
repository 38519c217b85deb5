"""The Key Administrator's plug-in against the simulated vendor: what it buys, finds, changes and ends."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ka_plugins.contract import AdditionalOrder, KeyStatus, MisconfiguredError, RefusedError
from ka_plugins.plesk_ka.plugin import PleskKaPlugin

from .desk import KAV, PLESK, UNITY

if TYPE_CHECKING:
    from .desk import Desk


def test_a_key_is_bought_for_billing_with_features_and_address(desk: Desk) -> None:
    order = desk.order("30_DOMAINS", "1_LANGUAGE_PACK")
    key = desk.use(lambda plugin: plugin.issue_key(order))
    sale = desk.sale(key.number)
    assert (sale["type"], sale["features"], sale["client"]) == (PLESK, ["30_DOMAINS", "1_LANGUAGE_PACK"], "1")
    assert sale["addresses"] == [order.address]
    assert key.activation_code.startswith("A")
    assert key.expires_at is not None
    assert key.renew_at is not None
    assert key.expires_at - key.renew_at == timedelta(days=10)


def test_additional_keys_are_bought_in_the_same_call(desk: Desk) -> None:
    before = desk.calls("createKey")
    key = desk.use(lambda plugin: plugin.issue_key(desk.order(additional=(KAV, UNITY))))
    assert [one.class_code for one in key.additional] == [KAV, UNITY]
    assert {one.parent for one in key.additional} == {key.number}
    assert desk.calls("createKey") == before + 1


def test_children_of_a_feature_pack_are_not_taken_for_ordered_ones(desk: Desk) -> None:
    key = desk.use(lambda plugin: plugin.issue_key(desk.order("PLESK_POWER_PACK", additional=(KAV,))))
    assert len(key.additional) == 3
    assert {one.class_code for one in key.additional} == {""}
    described = desk.use(lambda plugin: plugin.describe(key.number))
    assert sorted(one.class_code for one in described.additional) == ["", "", KAV]


def test_features_of_additional_keys_are_refused_before_anything_is_bought(desk: Desk) -> None:
    order = desk.order()
    order = dataclasses.replace(order, additional=(AdditionalOrder(KAV, ("X",)),))
    before = desk.calls("createKey")
    with pytest.raises(RefusedError):
        desk.use(lambda plugin: plugin.issue_key(order))
    assert desk.calls("createKey") == before


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"class_code": "NO_SUCH_TYPE"}, "260"),
        ({"features": ("NO_SUCH_FEATURE",)}, "416"),
        ({"features": ("2CPU_40VPS",)}, "244"),
        ({"additional": ("VIRTUOZZO_TOOLS",)}, "245"),
        ({"address": "not an address"}, "405"),
    ],
)
def test_an_order_that_the_vendor_does_not_take_is_refused_in_his_words(
    desk: Desk, changed: dict[str, Any], code: str
) -> None:
    order = desk.order(**changed)
    with pytest.raises(RefusedError) as caught:
        desk.use(lambda plugin: plugin.issue_key(order))
    assert caught.value.code == code
    assert caught.value.vendor_says


@pytest.mark.parametrize(
    "changed", [{"login": "nobody"}, {"password": "wrong-Sesame"}, {"client": "99"}, {"login": "limited"}]
)
def test_a_wrong_login_password_client_or_role_is_misconfigured(desk: Desk, changed: dict[str, str]) -> None:
    if changed.get("login") == "limited":
        changed = {"login": "limited", "password": "limited"}
    with pytest.raises(MisconfiguredError) as caught:
        desk.use(lambda plugin: plugin.issue_key(desk.order()), **changed)
    assert "wrong-Sesame" not in str(caught.value)


def test_a_login_that_looks_like_a_number_works_as_text(desk: Desk) -> None:
    with pytest.raises(MisconfiguredError):
        desk.use(lambda plugin: plugin.check(), login="12345", password="67890")


def test_the_client_may_be_named_by_login(desk: Desk) -> None:
    assert desk.use(lambda plugin: plugin.list_classes(), client="demo")


def test_what_was_bought_is_found_by_address_type_and_time(desk: Desk) -> None:
    order = desk.order(additional=(KAV,))
    key = desk.use(lambda plugin: plugin.issue_key(order))
    (found,) = desk.use(lambda plugin: plugin.find_issued(order))
    assert found.number == key.number
    assert found.activation_code == key.activation_code
    assert [one.class_code for one in found.additional] == [KAV]


def test_two_alike_are_both_found(desk: Desk) -> None:
    order = desk.order()
    for _ in range(2):
        desk.use(lambda plugin: plugin.issue_key(order))
    assert len(desk.use(lambda plugin: plugin.find_issued(order))) == 2


def test_neither_other_types_nor_addresses_nor_older_nor_ended_keys_are_found(desk: Desk) -> None:
    order = desk.order()
    key = desk.use(lambda plugin: plugin.issue_key(order))
    for other in (
        dataclasses.replace(order, class_code="PLESK_8"),
        dataclasses.replace(order, address="198.51.100.1"),
        dataclasses.replace(order, intent_at=datetime.now(UTC) + timedelta(minutes=2)),
    ):
        assert desk.use(lambda plugin, other=other: plugin.find_issued(other)) == ()  # type: ignore[misc] # mypy infers no default of a lambda
    desk.use(lambda plugin: plugin.terminate(key.number))
    assert desk.use(lambda plugin: plugin.find_issued(order)) == ()


def test_an_order_without_an_address_cannot_be_asked_about_and_says_so(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="by IP address only"):
        desk.use(lambda plugin: plugin.find_issued(dataclasses.replace(desk.order(), address="")))


def test_a_vendors_clock_may_be_a_minute_behind(desk: Desk) -> None:
    order = desk.order()
    desk.use(lambda plugin: plugin.issue_key(order))
    ahead = dataclasses.replace(order, intent_at=datetime.now(UTC) + timedelta(seconds=50))
    assert len(desk.use(lambda plugin: plugin.find_issued(ahead))) == 1


def test_a_key_bound_to_the_address_is_found_once(desk: Desk) -> None:
    order = desk.order()
    key = desk.use(lambda plugin: plugin.issue_key(order))

    async def bind(plugin: PleskKaPlugin) -> None:
        await plugin._ka.call("bindKey", key.number, order.address)

    desk.use(bind)
    (found,) = desk.use(lambda plugin: plugin.find_issued(order))
    assert found.address == order.address


def test_the_file_is_named_after_the_key_and_marked_as_simulated(desk: Desk) -> None:
    key = desk.use(lambda plugin: plugin.issue_key(desk.order()))
    (file,) = desk.use(lambda plugin: plugin.fetch_files(key.number))
    assert file.name == f"{key.number}.xml"
    assert b"SIMULATED, NOT A LICENSE" in file.body
    assert b"parallels" not in file.body.lower()


def test_a_file_can_be_asked_for_without_revision(desk: Desk) -> None:
    key = desk.use(lambda plugin: plugin.issue_key(desk.order()))
    (file,) = desk.use(lambda plugin: plugin.fetch_files(PleskKaPlugin.key_identity(key.number)))
    assert file.name == f"{key.number}.xml"


@pytest.mark.parametrize(
    ("mark", "code", "status"),
    [
        ("problem", "221", KeyStatus.PROBLEM),
        ("terminated", "222", KeyStatus.TERMINATED),
        ("expired", "228", KeyStatus.EXPIRED),
    ],
)
def test_a_marked_key_is_described_and_gives_no_file(desk: Desk, mark: str, code: str, status: KeyStatus) -> None:
    key = desk.use(lambda plugin: plugin.issue_key(desk.order()))
    desk.vendor.mark(key.number, **{mark: True})
    assert desk.use(lambda plugin: plugin.describe(key.number)).status is status
    with pytest.raises(RefusedError) as caught:
        desk.use(lambda plugin: plugin.fetch_files(key.number))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("key", "code"), [("PLSK.99999999.0001", "220"), ("nonsense", "410"), ("PLSK.00000002", "202")]
)
def test_a_key_that_is_not_ours_is_refused(desk: Desk, key: str, code: str) -> None:
    with pytest.raises(RefusedError) as caught:
        desk.use(lambda plugin: plugin.describe(key))
    assert caught.value.code == code


def test_a_key_ends_with_all_its_children(desk: Desk) -> None:
    key = desk.use(lambda plugin: plugin.issue_key(desk.order("PLESK_POWER_PACK", additional=(KAV,))))
    desk.use(lambda plugin: plugin.terminate(key.number))
    assert all(desk.sale(one.number)["terminated"] for one in (key, *key.additional))


def test_a_renewal_moves_the_dates_and_only_the_revision(desk: Desk) -> None:
    key = desk.use(lambda plugin: plugin.issue_key(desk.order()))
    renewed = desk.use(lambda plugin: plugin.renew(key.number, "renewal-1"))
    assert renewed.number == key.number[:-1] + "2"
    assert key.expires_at is not None
    assert renewed.expires_at == key.expires_at + timedelta(days=30)


def test_a_change_adds_replaces_and_names_what_is_to_end(desk: Desk) -> None:
    order = desk.order("30_DOMAINS", "1_LANGUAGE_PACK", additional=(KAV,))
    key = desk.use(lambda plugin: plugin.issue_key(order))
    wanted = dataclasses.replace(
        order, features=("100_DOMAINS", "NEWSFEED_OFF"), additional=(AdditionalOrder(UNITY),), reference="R-2"
    )
    changed = desk.use(lambda plugin: plugin.change(key.number, wanted))
    assert set(changed.features) == {"100_DOMAINS", "NEWSFEED_OFF"}
    alive = {one.class_code: one.number for one in changed.additional if one.status is KeyStatus.ACTIVE}
    assert alive.keys() == {KAV, UNITY}
    assert changed.to_end == (alive[KAV],)
    assert PleskKaPlugin.key_identity(changed.number) == PleskKaPlugin.key_identity(key.number)


def test_a_repeated_change_buys_nothing_more(desk: Desk) -> None:
    order = desk.order()
    key = desk.use(lambda plugin: plugin.issue_key(order))
    wanted = dataclasses.replace(order, features=("30_DOMAINS",), additional=(AdditionalOrder(KAV),))
    desk.use(lambda plugin: plugin.change(key.number, wanted))
    before = {method: desk.calls(method) for method in ("createKey", "upgradeKey", "downgradeKey", "terminateKey")}
    desk.use(lambda plugin: plugin.change(key.number, wanted))
    assert {method: desk.calls(method) for method in before} == before


def test_a_change_leaves_what_a_feature_pack_brought_along(desk: Desk) -> None:
    order = desk.order("PLESK_POWER_PACK")
    key = desk.use(lambda plugin: plugin.issue_key(order))
    changed = desk.use(lambda plugin: plugin.change(key.number, order))
    assert len([one for one in changed.additional if one.status is KeyStatus.ACTIVE]) == 2


def test_a_change_to_another_type_is_refused(desk: Desk) -> None:
    key = desk.use(lambda plugin: plugin.issue_key(desk.order()))
    with pytest.raises(RefusedError):
        desk.use(lambda plugin: plugin.change(key.number, desk.order(class_code="PLESK_8")))
