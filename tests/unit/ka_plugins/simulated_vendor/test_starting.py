"""The simulator's program, started by a stranger: what it cannot use it says in one line."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from ka_plugins.simulator.running import RunningSimulator


def _told(*options: str) -> list[str]:
    """What it says when it does not start."""
    command = [sys.executable, "-m", "ka_plugins.simulator", *options]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Traceback" not in ended.stderr
    return ended.stderr.splitlines()


def test_a_port_that_is_taken_is_named(vendor: RunningSimulator) -> None:
    taken = str(urlsplit(vendor.http).port)
    for option in ("--port", "--tls-port"):
        (line,) = _told(option, taken)
        assert taken in line
        assert "address already in use" in line


@pytest.mark.parametrize("port", ["70000", "-1", "http"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    assert f"'{port}' is no port" in _told(f"--port={port}")[-1]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (line,) = _told("--state", str(tmp_path / "file" / "state"))
    assert "file" in line
