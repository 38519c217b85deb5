"""Case 28: the embedded mode's database, written by two processes of which one is killed in the middle."""

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from tests.processes.commands import ROOT, environment

ORDERS = 15
# Places and pays one order after the other, and says the number of each once it is committed.
WRITE = """
import django
django.setup()
from tests.factories import make_order, make_plan, make_subscription
plan = make_plan()
while True:
    print(make_subscription(make_order(plan)).order.number, flush=True)
"""
Writer = subprocess.Popen[str]

pytestmark = pytest.mark.processes


def test_two_writers_wait_for_each_other_and_a_killed_one_leaves_all_that_it_committed(tmp_path: Path) -> None:
    told = environment(PBAS_DATA=str(tmp_path), DJANGO_SETTINGS_MODULE="pbas.settings", PYTHONWARNINGS="ignore")
    manage(told, "migrate", "--verbosity", "0")
    with (tmp_path / "said").open("w") as said, writer(told, said) as first, writer(told, said) as second:
        try:
            numbers = [number(one) for _ in range(ORDERS) for one in (first, second)]
            first.kill()
            first.wait()
            numbers += [number(second) for _ in range(ORDERS)]
        finally:
            first.kill()
            second.kill()
    assert (tmp_path / "said").read_text() == "", "nobody was told that the database is locked"
    with sqlite3.connect(tmp_path / "panel.sqlite3") as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        paid = {row[0] for row in database.execute("SELECT number FROM subscriptions_order WHERE state = 'paid'")}
    database.close()
    assert set(numbers) <= paid
    assert "invariants hold" in manage(told, "check_ledger")


def writer(told: dict[str, str], said: IO[str]) -> Writer:
    command = [sys.executable, "-c", WRITE]
    return subprocess.Popen(command, env=told, cwd=ROOT, stdout=subprocess.PIPE, stderr=said, text=True)


def number(writer: Writer) -> str:
    """The next order that it says is there."""
    assert writer.stdout is not None
    return writer.stdout.readline().strip()


def manage(told: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, env=told, cwd=ROOT, capture_output=True, text=True, check=True, timeout=90).stdout
