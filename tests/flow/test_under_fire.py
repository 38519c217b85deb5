"""Whatever a plug-in does, and whatever a newer version of the panel has written, stops nothing else."""

import asyncio

import pytest
from django.db import connection

from ka_plugins.contract import Key, LicenseOrder
from ka_plugins.plesk_ka.plugin import PleskKaPlugin
from ka_plugins.simulator.running import RunningSimulator
from licenses.models import LicenseRequest
from tests.flow.conftest import Buy, Work, request_of

BAD = ("raises", "exits", "hangs", "eats")


async def misbehave(way: str) -> None:
    """What a plug-in should not do."""
    if way == "raises":
        raise ZeroDivisionError
    if way == "exits":
        raise SystemExit(3)
    if way == "hangs":
        await asyncio.sleep(600)
    raise MemoryError


def test_bad_plugins_fail_their_own_requests_only_and_the_engine_lives(
    buy: Buy, work: Work, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, before = PleskKaPlugin.issue_key, simulator.sold()
    bad = {request_of(buy()).uid.hex: way for way in BAD}
    good = [buy() for _ in range(4)]

    async def issue_key(plugin: PleskKaPlugin, order: LicenseOrder) -> Key:
        if way := bad.get(order.reference):
            await misbehave(way)
        return await real(plugin, order)

    monkeypatch.setattr(PleskKaPlugin, "issue_key", issue_key)
    monkeypatch.setattr(PleskKaPlugin, "timeout", 1.0)
    work()
    assert [request_of(one).state for one in good] == ["done"] * 4
    found = {bad[one.uid.hex]: one for one in LicenseRequest.objects.exclude(state="done")}
    assert {way: one.state for way, one in found.items()} == {
        "raises": "attention",
        "exits": "attention",
        "hangs": "in_doubt",  # it may have bought
        "eats": "attention",
    }
    assert "SystemExit" in found["exits"].problem_text
    assert simulator.sold() == before + 4


@pytest.mark.parametrize("column", ["state", "kind"])
def test_a_request_that_only_a_newer_version_knows_is_left_alone(
    column: str, buy: Buy, work: Work, simulator: RunningSimulator
) -> None:
    before = simulator.sold()
    newer, known = request_of(buy()), request_of(buy())
    constraint = f"request_{column}_known"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"ALTER TABLE licenses_licenserequest DROP CONSTRAINT {constraint}")
        else:
            cursor.execute("PRAGMA ignore_check_constraints = ON")
        cursor.execute(f"UPDATE licenses_licenserequest SET {column} = 'later' WHERE id = %s", [newer.pk])  # noqa: S608 (a column named in this test)
    try:
        work()
        newer.refresh_from_db()
        known.refresh_from_db()
        assert known.state == "done"
        assert (getattr(newer, column), newer.attempt, newer.leased) == ("later", 0, False)
        assert newer.due_at is not None
        assert simulator.sold() == before + 1
    finally:
        LicenseRequest.objects.filter(pk=newer.pk).update(state="key", kind="issue")
        restore(constraint)


def restore(name: str) -> None:
    """The constraint as it was."""
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = OFF")
        return
    (constraint,) = [one for one in LicenseRequest._meta.constraints if one.name == name]
    with connection.schema_editor() as editor:
        editor.add_constraint(LicenseRequest, constraint)
