"""When again."""

import random
from datetime import timedelta

PATIENCE = timedelta(days=7)  # how long a request tries by itself before it comes to a person
SETTLE_MARGIN = 10.0  # seconds beyond a call's time-out before "not found" can mean "not sold"
_FIRST, _CAP = 2.0, 900.0


def wait_after(failures: int) -> float:
    """Seconds to wait after so many failures in a row: doubling from 2 s to 15 minutes, spread by a fifth."""
    wait = min(_CAP, _FIRST * 2 ** max(0, failures - 1)) if failures < 12 else _CAP  # noqa: PLR2004 (2**12 s > cap)
    return wait * random.uniform(0.8, 1.2)  # noqa: S311 (spread, not secrecy)
