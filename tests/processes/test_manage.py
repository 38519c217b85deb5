"""`manage.py` where it cannot do its work: one line says what is wrong."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes.commands import ROOT, SECONDS, environment

pytestmark = pytest.mark.processes


def refused(*arguments: str, **told: str) -> tuple[int, str]:
    """Exit status and what is said."""
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    ended = subprocess.run(
        command, env=environment(**told), cwd="/", capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stderr


@pytest.mark.parametrize("address", [{}, {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing"}])
def test_a_ledger_that_cannot_be_read_is_neither_sound_nor_broken(tmp_path: Path, address: dict[str, str]) -> None:
    secrets = {"PBAS_SECRET_KEY": "s" * 50, "PBAS_FIELD_KEYS": f"hmac:{'A' * 43}=,k1:{'A' * 43}="}
    status, said = refused("check_ledger", PBAS_DATA=str(tmp_path), **secrets, **address)
    assert (status, "The database cannot be read" in said) == (2, True)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"PBAS_SECRET_KEY_FILE": "/no/such/file"}, "PBAS_SECRET_KEY_FILE names a file that cannot be read"),
        ({"DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing"}, "PBAS_SECRET_KEY (or PBAS_SECRET_KEY_FILE)"),
    ],
)
def test_what_is_wrong_with_the_environment_is_named(tmp_path: Path, told: dict[str, str], words: str) -> None:
    status, said = refused("check", PBAS_DATA=str(tmp_path), **told)
    assert status == 1
    assert words in said
