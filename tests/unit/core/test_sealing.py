"""Sealed events: nothing of them can be changed without being found, and sealing never comes before a late commit."""

import importlib
import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from pbas.core.models import Event, Seal
from pbas.core.sealing import newest_seal, seal_events, sealer, unsealed, verify
from pbas.core.sealing.blocks import BEFORE_ALL, COLUMNS, FORM, block, digests, signature
from pbas.core.story import SYSTEM, tell

CHANGES = {
    "at": "'2020-01-01 00:00:00.000000+00:00'",
    "actor_kind": "'staff'",
    "actor": "'somebody'",
    "address": "'192.0.2.7'",
    "kind": "'other'",
    "text": "text || '.'",
    "detail": "'more'",
    **dict.fromkeys(("attempt", "milliseconds"), "7"),
    **dict.fromkeys(("order_id", "subscription_id", "request_id", "license_id", "configuration_id"), "7"),
}
TRIGGERS = importlib.import_module("pbas.core.migrations.0004_seals")


def told(number: int = 5) -> list[Event]:
    """So many events, with signs of all kinds."""
    return [tell(SYSTEM, "requested", f"Line {n}: “ü\\ \n\t🔑”.", detail="Why") for n in range(number)]


def fault() -> str:
    return next((step.fault for step in verify() if step.fault), "")


@pytest.fixture
def administrator() -> Iterator[Any]:
    """Somebody who gets past the triggers, and whose changes are undone."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE core_event DISABLE TRIGGER event_is_append_only")
        else:
            cursor.execute("DROP TRIGGER event_never_update")
        yield cursor.execute
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_the_database_itself_refuses_to_change_or_delete_an_event() -> None:
    event = told(1)[0]
    if connection.vendor == "sqlite":  # taken away for the flush between tests
        with connection.cursor() as cursor:
            cursor.execute(TRIGGERS.SQLITE.format(verb="delete"))
    with pytest.raises(DatabaseError, match="Events are never changed"), transaction.atomic():
        Event.objects.filter(pk=event.pk).update(text="Nothing happened.")
    with pytest.raises(DatabaseError, match="Events are never changed"), transaction.atomic():
        Event.objects.filter(pk=event.pk).delete()
    event.refresh_from_db()
    assert event.text.startswith("Line 0")


@pytest.mark.django_db
def test_whatever_is_changed_of_a_sealed_event_is_found_and_the_event_is_named(
    administrator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealer, "MOST", 2)
    events = told()
    assert (seal_events(), seal_events()) == (5, 0)
    assert [(one.position, one.count) for one in Seal.objects.order_by("position")] == [(1, 2), (2, 2), (3, 1)]
    assert [(step.seal, step.events, step.fault) for step in verify()] == [(1, 2, ""), (2, 4, ""), (3, 5, "")]
    assert set(CHANGES) | {"id"} == set(COLUMNS[FORM])
    third = events[2].pk
    for column, value in {**CHANGES, "id": "id + 1000"}.items():
        with transaction.atomic():
            administrator(f"UPDATE core_event SET {column} = {value} WHERE id = %s", [third])  # noqa: S608
            what = "is missing" if column == "id" else "was changed"
            assert f"Seal 2 of {newest_seal().sealed_at:%Y-%m-%d}" in fault(), column  # type: ignore[union-attr]
            assert f"event {third} {what}." in fault()
            transaction.set_rollback(True)
    assert fault() == ""


@pytest.mark.django_db
def test_a_block_that_was_sealed_in_an_older_form_is_verified_by_that_form() -> None:
    told(2)
    older = block(digests(BEFORE_ALL, Event.objects.latest("id").pk, 1), None, 1)
    assert older is not None
    older.save()
    told(1)
    seal_events()
    assert [(one.position, one.form) for one in Seal.objects.order_by("position")] == [(1, 1), (2, FORM)]
    assert fault() == ""
    Seal.objects.filter(position=2).update(form=99)
    assert fault() == "Seal 2 is of form 99, which this version of the panel does not know."


@pytest.mark.django_db
def test_an_event_that_is_taken_out_or_slipped_in_is_found_and_so_is_a_seal_that_was_made_to_fit(
    administrator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealer, "MOST", 3)
    events = told(6)
    seal_events()
    first, second = (events[n].pk for n in (0, 1))
    columns = ", ".join(column for column in COLUMNS[FORM] if column != "id")
    copy = f"INSERT INTO core_event (id, {columns}) SELECT {{}}, {columns} FROM core_event WHERE id = %s"  # noqa: S608
    with transaction.atomic():
        administrator("DELETE FROM core_event WHERE id = %s", [second])
        assert f"event {second} is missing" in fault()
        administrator(copy.format(second), [first])
        assert f"event {second} was changed" in fault()
        transaction.set_rollback(True)
    with transaction.atomic():
        administrator(copy.format(-5), [first])
        assert "event -5 was inserted" in fault()
        transaction.set_rollback(True)
    with transaction.atomic():
        Seal.objects.filter(position=1).update(digest="0" * 64)
        assert "the seal itself was changed" in fault()
        Seal.objects.filter(position=1).delete()
        assert fault() == "Seal 1 is missing."
        assert [(step.seal, step.fault) for step in verify(after=1)] == [(1, "There is no seal 1 to go on from.")]
        transaction.set_rollback(True)
    assert [step.seal for step in verify(after=1)] == [2]


@pytest.mark.django_db
def test_whoever_makes_the_whole_chain_anew_without_the_field_keys_is_found(administrator: Any, settings: Any) -> None:
    told(2)
    seal_events()
    kept = newest_seal()
    assert kept is not None
    administrator("UPDATE core_event SET text = 'Nothing happened.'")
    Seal.objects.all().delete()
    ring = settings.PBAS_FIELD_KEYS
    settings.PBAS_FIELD_KEYS = "hmac:" + "A" * 43 + "=,k1:" + "B" * 42 + "A="
    seal_events()
    settings.PBAS_FIELD_KEYS = ring
    assert fault() == "Seal 1 was not made with this installation's field keys."
    forged = newest_seal()
    assert forged is not None
    Seal.objects.update(signature=signature(1, forged.digest))  # with them, only a digest kept elsewhere tells
    assert fault() == ""
    assert forged.digest != kept.digest


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sealed_while_a_lower_event_may_still_come() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time.")
    added, late, go_on = threading.Event(), threading.Event(), threading.Event()

    def tell_slowly() -> None:
        with transaction.atomic():
            tell(SYSTEM, "requested", "Committed late.")
            added.set()
            go_on.wait(10)
        connection.close()

    def seal() -> None:
        seal_events(patience=10)
        late.set()
        connection.close()

    threads = [threading.Thread(target=tell_slowly), threading.Thread(target=seal)]
    threads[0].start()
    added.wait(10)
    told(3)
    assert seal_events(patience=0.2) == 0
    assert unsealed()[0] == 3
    threads[1].start()
    time.sleep(0.5)
    assert not late.is_set()
    told(1)  # younger than the highest id that this sealer knows
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert fault() == ""
    assert [seal.count for seal in Seal.objects.all()] == [4]
    assert seal_events() == 1
    assert fault() == ""


@pytest.mark.django_db(transaction=True)
def test_many_writers_and_sealers_at_once_leave_one_whole_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealer, "MOST", 7)
    done = threading.Event()

    def write() -> None:
        for n in range(20):
            with transaction.atomic():
                tell(SYSTEM, "requested", f"Line {n}.")
                tell(SYSTEM, "intent", f"Line {n}.")
        connection.close()

    def seal() -> None:
        while not done.is_set():
            seal_events(patience=1)
        connection.close()

    writers = [threading.Thread(target=write) for _ in range(4)]
    sealers = [threading.Thread(target=seal) for _ in range(2)]
    for thread in writers + sealers:
        thread.start()
    for thread in writers:
        thread.join(30)
    done.set()
    for thread in sealers:
        thread.join(30)
    seal_events()
    assert fault() == ""
    assert sum(Seal.objects.values_list("count", flat=True)) == Event.objects.count() == 160


@pytest.mark.django_db
def test_the_commands_say_how_far_the_seals_hold_and_what_does_not(
    administrator: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="Nothing is sealed yet"):
        call_command("seal_events", show=True)
    events = told(3)
    call_command("seal_events")
    call_command("seal_events", show=True)
    told(2)
    call_command("check_ledger")
    said = capsys.readouterr().out
    seal = newest_seal()
    assert seal is not None
    assert "3 events sealed." in said
    assert f"seal 1 event {events[2].pk} sha256 {seal.digest} {seal.sealed_at:%Y-%m-%dT}" in said
    assert "The seals hold up to 1: 3 events in " in said
    assert re.search(r"2 events are not sealed yet, the oldest of them \d s old\.", said)
    administrator("UPDATE core_event SET at = '2020-01-01 00:00:00.000000+00:00'")
    with pytest.raises(CommandError, match="2 rows break an invariant"):
        call_command("check_ledger")
    said = capsys.readouterr().out
    assert "I5 events are sealed within minutes: 2 events are not sealed" in said
    assert f"I5 no event was changed: Seal 1 of {seal.sealed_at:%Y-%m-%d %H:%M} UTC does not match: event" in said
