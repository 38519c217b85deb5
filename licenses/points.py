"""Fault points: places between two steps where a test can ask this process to die, fail or wait. Empty in production.

PBAS_FAULT_POINT=`NAME=kill`, `NAME=raise` or `NAME=sleep:SECONDS` arms one point of the processes that inherit it.
"""

import os
import signal
import time

_NAME, _, _ACTION = os.environ.get("PBAS_FAULT_POINT", "").partition("=")


class FaultError(Exception):
    """What an armed point raises."""


def point(name: str) -> None:
    """Stand between two steps; `name` is unique in the code, and the tests loop over all of them."""
    if name != _NAME:
        return
    if _ACTION == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif _ACTION == "raise":
        message = f"fault point {name}"
        raise FaultError(message)
    elif _ACTION.startswith("sleep:"):
        time.sleep(float(_ACTION.removeprefix("sleep:")))
