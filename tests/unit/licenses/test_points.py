"""Fault points: empty unless armed, and named once each."""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings

from licenses.points import point

CALL = re.compile(r'\bpoint\("(\w+)"\)')


def names() -> list[str]:
    files = [*settings.BASE_DIR.glob("licenses/**/*.py"), *settings.BASE_DIR.glob("subscriptions/**/*.py")]
    return [name for file in files for name in CALL.findall(file.read_text())]


def test_each_point_has_a_name_of_its_own() -> None:
    assert [name for name, n in Counter(names()).items() if n > 1] == []
    assert len(names()) >= 9


@pytest.mark.parametrize("name", names())
def test_a_point_that_is_not_armed_does_nothing(name: str) -> None:
    point(name)


def armed(folder: Path, action: str, then: str = "print('on')") -> subprocess.CompletedProcess[str]:
    """A process that comes to the armed point and, if it lives, to the same point again."""
    (folder / "here").write_text(action)
    program = f"from licenses.points import point; point('other'); point('here'); point('here'); {then}"
    environment = {**os.environ, "PBAS_FAULT_POINTS": str(folder)}
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False, timeout=30
    )


def test_an_armed_point_kills_its_process_at_once(tmp_path: Path) -> None:
    died = armed(tmp_path, "kill")
    assert (died.returncode, died.stdout) == (-signal.SIGKILL, "")


def test_an_armed_point_raises(tmp_path: Path) -> None:
    failed = armed(tmp_path, "raise")
    assert failed.returncode == 1
    assert "FaultError: fault point here" in failed.stderr


def test_an_armed_point_sleeps_and_goes_on(tmp_path: Path) -> None:
    start = time.monotonic()
    assert armed(tmp_path, "sleep:0.5").stdout == "on\n"
    assert time.monotonic() - start >= 0.5


def test_a_point_acts_once_and_for_one_process_only(tmp_path: Path) -> None:
    armed(tmp_path, "kill")
    assert list(tmp_path.iterdir()) == []
