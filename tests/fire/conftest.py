"""The fleet of all these tests, which lives on through what is done to it; a fresh shop for each of them."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection

from ka_plugins.simulator.running import RunningSimulator
from licenses.models import License
from tests.fire.fleet import DATABASE, Fleet
from tests.fire.proxy import Proxy
from tests.fire.shop import Shop
from tests.fire.web import Door
from tests.services import PostgreSQL, Redis

CONNECTIONS = 60
KEPT = {"django_migrations", "django_content_type", "auth_permission"}  # what migrations have written


@pytest.fixture(scope="session")
def fleet(django_db_setup: None) -> Iterator[Fleet]:  # noqa: ARG001 (comes first)
    """Servers of its own with the tables of the suite's database. What is committed there survives a crash."""
    if settings.EMBEDDED:
        pytest.skip("workers in processes of their own need PostgreSQL and Redis")
    folder = Path(tempfile.mkdtemp(prefix="panel-fire-"))  # pytest's own folders are closed to other users
    folder.chmod(0o755)  # the database's passes through
    database = PostgreSQL(folder / "postgresql", f"max_connections={CONNECTIONS}")
    broker = Redis(folder / "redis")
    database.start()
    broker.start()
    _copy_tables(database)
    with Proxy(database.port) as door:
        fleet = Fleet(folder, database, broker, door)
        try:
            yield fleet
        finally:
            left = fleet.end()
            broker.stop()
            database.stop()
            shutil.rmtree(folder, ignore_errors=True)
    assert left == []


def _copy_tables(database: PostgreSQL) -> None:
    programs, server = database.programs, os.environ["DATABASE_URL"].rpartition("/")[0]
    ours = f"postgres://postgres@127.0.0.1:{database.port}"
    database.create(DATABASE)
    theirs: list[Any] = [programs / "pg_dump", f"{server}/{connection.settings_dict['NAME']}"]
    load: list[Any] = [programs / "psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", f"{ours}/{DATABASE}"]
    with subprocess.Popen(theirs, stdout=subprocess.PIPE) as dump:
        subprocess.run(load, stdin=dump.stdout, stdout=subprocess.DEVNULL, check=True)
    assert dump.returncode == 0


@pytest.fixture
def _here(
    fleet: Fleet,
    transactional_db: None,  # noqa: ARG001 (opens and, after this, ends the suite's own database)
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[None]:
    """This process, too, speaks to the fleet's servers: to the database directly, not by the fleet's door."""
    usual = {name: connection.settings_dict[name] for name in ("HOST", "PORT", "NAME")}
    monkeypatch.setenv("CELERY_BROKER_URL", fleet.broker_url)
    connection.close()
    connection.settings_dict.update(HOST="127.0.0.1", PORT=fleet.database.port, NAME=DATABASE)
    yield
    connection.close()
    connection.settings_dict.update(usual)


@pytest.fixture
def shop(fleet: Fleet, simulator: RunningSimulator, tmp_path: Path, _here: None) -> Iterator[Shop]:
    """Empty tables, a working fleet, and a vendor; in the end the invariants, by the command that operators run."""
    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - KEPT
    for statement in connection.ops.sql_flush(no_style(), sorted(tables), allow_cascade=True):
        with connection.cursor() as cursor:
            cursor.execute(statement)
    for name, start in (("first", fleet.worker), ("beat", fleet.beat)):
        if not fleet.is_running(name):
            start()
    yield Shop(simulator, tmp_path)
    call_command("check_ledger")
    secrets = {one.activation_code for one in License.objects.exclude(activation_code=None)} - {""}
    said = "".join(log.read_text() for log in fleet.folder.glob("*.log"))
    assert not [secret for secret in secrets if secret in said], "a log tells an activation code"


@pytest.fixture
def door(fleet: Fleet, shop: Shop) -> Door:  # noqa: ARG001 (empties the tables before)
    """The panel's API, by a store that may call it."""
    return Door(fleet.web())
