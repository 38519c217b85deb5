"""Case 27: what a migration does to those who work at the same time."""

import time
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from pbas.core.migrating import LONGEST_WAIT, wait_as_usual, wait_shortly

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time anyway"),
]


def asked(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()


def test_a_migration_that_finds_its_table_in_use_gives_up_before_anybody_waits_long() -> None:
    reader = connection.copy()
    try:
        with reader.cursor() as cursor:
            reader.set_autocommit(False)
            cursor.execute("SELECT count(*) FROM licenses_license")  # an export, say; its lock lasts as it does
        wait_shortly(using="default")
        began = time.monotonic()
        with pytest.raises(OperationalError, match="lock timeout"), transaction.atomic():
            asked("ALTER TABLE licenses_license ADD COLUMN later integer")
        assert time.monotonic() - began < LONGEST_WAIT / 1000 + 3  # and the machine's own time
        reader.rollback()
        assert asked("SELECT count(*) FROM information_schema.columns WHERE column_name = 'later'") == (0,)
    finally:
        wait_as_usual(using="default")
        reader.close()


def test_each_run_of_migrations_waits_shortly_and_leaves_the_connection_as_it_was() -> None:
    with CaptureQueriesContext(connection) as ran:
        call_command("migrate", verbosity=0)
    said = [one["sql"] for one in ran if "lock_timeout" in one["sql"]]
    assert len(said) == 2
    assert str(LONGEST_WAIT) in said[0]
    assert asked("SHOW lock_timeout") == ("0",)
