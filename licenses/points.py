"""Fault points: places between two steps where a test can ask a process to die, stop, fail or wait.

Empty in production. PBAS_FAULT_POINTS names a folder: a file there arms the point of its name, for the first process
that comes to it. The file says what happens to that process: `kill`, `stop`, `raise` or `sleep:SECONDS`.
"""

import os
import signal
import time
from pathlib import Path

_FOLDER = os.environ.get("PBAS_FAULT_POINTS", "")
_SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


class FaultError(Exception):
    """What an armed point raises."""


def point(name: str) -> None:
    """Stand between two steps; `name` is unique in the code, and the tests loop over all of them."""
    if _FOLDER and (action := _disarmed(Path(_FOLDER, name))):
        _act(name, action)


def _disarmed(file: Path) -> str:
    """What is to happen here; nothing where the point is not armed, or another process came to it first."""
    try:
        action = file.read_text()
        file.unlink()
    except FileNotFoundError:
        return ""
    return action


def _act(name: str, action: str) -> None:
    if action in _SIGNALS:
        os.kill(os.getpid(), _SIGNALS[action])
    elif action.startswith("sleep:"):
        time.sleep(float(action.removeprefix("sleep:")))
    else:
        message = f"fault point {name}"
        raise FaultError(message)
