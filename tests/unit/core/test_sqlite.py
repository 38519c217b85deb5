"""Who waits to write on SQLite gets in, however busy the other writer is."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from pbas.core.sqlite import base

HELD = 0.25  # seconds; SQLite itself would ask 0.23 and 0.33 s after it began to wait
MOST = 5  # transactions of a busy writer, by when a statement alone that finds the lock taken stands in the turnstile
LATE = 0.05  # it is asked each millisecond now


@pytest.fixture
def connections(tmp_path: Path) -> ConnectionHandler:
    """Each thread has a connection of its own by it."""
    options = {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"}
    given = {"ENGINE": "pbas.core.sqlite", "NAME": tmp_path / "x.sqlite3", "OPTIONS": options}
    return ConnectionHandler({"default": given})


@pytest.fixture
def waiting(connections: ConnectionHandler, django_db_blocker: Any) -> Iterator[BaseDatabaseWrapper]:
    made = connections["default"]
    with django_db_blocker.unblock():
        with made.cursor() as cursor:
            cursor.execute("CREATE TABLE told (text)")
        yield made
        made.close()


def hold(path: Path, began: threading.Event, ended: list[float]) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began.set()
    time.sleep(HELD)
    ended.append(time.monotonic())
    other.execute("ROLLBACK")
    other.close()


def lateness(waiting: BaseDatabaseWrapper, statement: str) -> float:
    """How long after the other writer's end this one is let in."""
    began, ended = threading.Event(), list[float]()
    writer = threading.Thread(target=hold, args=(waiting.settings_dict["NAME"], began, ended))
    writer.start()
    began.wait()
    with waiting.cursor() as cursor:
        cursor.execute(statement)
        late = time.monotonic()
        if waiting.connection.in_transaction:
            cursor.execute("ROLLBACK")
    writer.join()
    return late - ended[0]


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "INSERT INTO told VALUES ('in')"])
def test_who_waits_is_let_in_as_soon_as_the_other_writer_is_done(waiting: BaseDatabaseWrapper, statement: str) -> None:
    assert min(lateness(waiting, statement) for _try in range(5)) < LATE


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "INSERT INTO told VALUES ('in')"])
def test_a_writer_that_never_rests_lets_in_who_waits(
    waiting: BaseDatabaseWrapper, connections: ConnectionHandler, statement: str
) -> None:
    written, is_over = [0], threading.Event()

    def write() -> None:
        with connections["default"].cursor() as cursor:
            while not is_over.is_set():
                cursor.execute("BEGIN IMMEDIATE")
                time.sleep(0.02)
                written[0] += 1
                cursor.execute("COMMIT")
        connections["default"].close()

    writer = threading.Thread(target=write)
    writer.start()
    waits = []
    try:
        for _time in range(10):
            time.sleep(0.05)  # it is under way
            before = written[0]
            with waiting.cursor() as cursor:
                cursor.execute(statement)
                waits.append(written[0] - before)
                if waiting.connection.in_transaction:
                    cursor.execute("ROLLBACK")
    finally:
        is_over.set()
        writer.join()
    assert max(waits) <= MOST, waits


def test_patience_ends_and_says_that_the_database_is_locked(
    waiting: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "PATIENCE", 0.1)
    other = sqlite3.connect(waiting.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with pytest.raises(OperationalError, match="database is locked"), waiting.cursor() as cursor:
        cursor.execute("INSERT INTO told VALUES ('never')")
    assert time.monotonic() - began >= base.PATIENCE
    other.close()


def test_other_errors_are_told_at_once(waiting: BaseDatabaseWrapper) -> None:
    with pytest.raises(OperationalError, match="no such table"), waiting.cursor() as cursor:
        cursor.execute("INSERT INTO gone VALUES ('never')")
