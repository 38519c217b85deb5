"""Running the project's commands as a person does: in a shell of his own, without what the suite has set."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60.0  # for what takes two on a quiet machine


def environment(**more: str) -> dict[str, str]:
    """What a fresh shell has, and `more`."""
    return {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ} | more


def run(*arguments: str, **told: str) -> "subprocess.CompletedProcess[str]":
    """`script/run` to its end, with `told` in its environment."""
    return subprocess.run(
        [str(ROOT / "script" / "run"), *arguments],
        env=environment(**told),
        cwd="/",
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@contextmanager
def running(*arguments: str, **told: str) -> Iterator[tuple["subprocess.Popen[str]", dict[str, Any]]]:
    """`script/run` as long as the context lasts; gives the process and its ready line."""
    process = subprocess.Popen(
        [ROOT / "script" / "run", *arguments],
        env=environment(**told),
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith('{"ready":'), process.communicate(timeout=SECONDS)
            yield process, json.loads(line)
        finally:
            process.kill()


def processes_on(folder: Path) -> list[str]:
    """Command lines of all processes that have this data folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, told = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if command and f"PBAS_DATA={folder}".encode() in told.split(b"\0"):
            found.append(command.replace(b"\0", b" ").decode())
    return found


def wait_until_gone(folder: Path, seconds: float) -> list[str]:
    """The processes that still have the data folder after at most `seconds`."""
    until = time.monotonic() + seconds
    while (left := processes_on(folder)) and time.monotonic() < until:
        time.sleep(0.05)
    return left
