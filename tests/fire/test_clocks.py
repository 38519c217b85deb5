"""Case 23: the clock of a worker is wrong. Leases and waits are the database's."""

from pathlib import Path

import pytest

from tests.fire.fleet import Fleet, wait_until
from tests.fire.shop import Shop

HOUR = 3600
LONG_LEASE = {"PBAS_ENGINE_LEASE_SECONDS": "60"}  # only a wrong clock could end it
SHIFT = """
import datetime, os, time

SHIFT = float(os.environ["CLOCK_SHIFT"])
real, real_time = datetime.datetime, time.time


class Alike(type):
    def __instancecheck__(cls, one):
        return isinstance(one, real)


class datetime_(real, metaclass=Alike):
    @classmethod
    def now(cls, tz=None):
        return real.now(tz) + datetime.timedelta(seconds=SHIFT)

    @classmethod
    def utcnow(cls):
        return cls.now(datetime.UTC).replace(tzinfo=None)


datetime.datetime = datetime_
time.time = lambda: real_time() + SHIFT
"""

pytestmark = pytest.mark.processes


@pytest.mark.long
def test_workers_whose_clocks_are_an_hour_off_take_nothing_early_and_leave_nothing(
    fleet: Fleet, shop: Shop, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(SHIFT)
    fleet.stop("first")
    for name, shift in (("early", -HOUR), ("late", HOUR)):
        fleet.worker(name, PYTHONPATH=str(tmp_path), CLOCK_SHIFT=str(shift), **LONG_LEASE)
    try:
        shop.simulator.latency(500)
        wait_until(lambda: fleet.children("early") and fleet.children("late"), "both have begun")
        shop.sell(shop.by_traits(), 20)
        shop.wait_until_done()
    finally:
        fleet.kill("early")
        fleet.kill("late")
    shop.check_bought_once()
    assert shop.claims() == [1]
