"""Cases 2 and 17, and the end of workers in order: whatever becomes of an engine, each license is bought once."""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event as Signal
from threading import Thread

import pytest

from licenses import bell
from licenses.models import NEVER, LicenseRequest, PluginConfiguration
from pbas.core.models import Event
from tests.fire.fleet import WARM_SECONDS, Fleet, wait_until
from tests.fire.shop import Shop

SEED = 20_260_801
WHOLE_WORKER = 0.2  # how often not an engine alone but its whole worker is killed
HALF = 0.5

pytestmark = pytest.mark.processes


class Killer(Thread):
    """Kills engines, and now and then a whole worker, at random moments; starts again what nobody else starts.

    It waits until something was bought since the last kill: a fleet that only starts is not under load.
    """

    def __init__(self, fleet: Fleet, shop: Shop, *, every: tuple[float, float]) -> None:
        super().__init__(name="killer")
        self.fleet, self.shop, self.every = fleet, shop, every
        self.random = random.Random(SEED)  # noqa: S311 (to be repeated, not to be secret)
        self.over = Signal()
        self.kills = self.bought = 0

    def run(self) -> None:
        while not self.over.wait(self.random.uniform(*self.every)):
            name = self.random.choice([one for one in self.fleet.running if one not in {"beat", "web"}])
            if not self.fleet.is_running(name):  # a kill in the middle of its start ends it
                self.fleet.worker(name)
            before, self.bought = self.bought, self.shop.bought()
            if self.bought > before:
                self._kill(name)

    def _kill(self, name: str) -> None:
        if self.random.random() < WHOLE_WORKER:
            self.fleet.kill(name)
            self.fleet.worker(name)
        elif children := self.fleet.children(name):
            os.kill(self.random.choice(children), signal.SIGKILL)
        self.kills += 1


@contextmanager
def killing(fleet: Fleet, shop: Shop, *, every: tuple[float, float]) -> Iterator[Killer]:
    """While the context lasts."""
    killer = Killer(fleet, shop, every=every)
    killer.start()
    try:
        yield killer
    finally:
        killer.over.set()
        killer.join()


def test_random_kills_buy_nothing_twice_and_lose_nothing(fleet: Fleet, shop: Shop) -> None:
    shop.simulator.latency(150)
    license_class = shop.issuer(limit=8)
    with killing(fleet, shop, every=(0.3, 1.0)) as killer:
        shop.sell(license_class, 60)
        shop.wait_until_done()
    assert killer.kills >= 2
    shop.check_bought_once()


@pytest.mark.long
def test_two_thousand_orders_under_random_kills_at_half_the_speed_at_least(fleet: Fleet, shop: Shop) -> None:
    shop.simulator.latency(200)
    fleet.worker("second")
    speeds: dict[str, float] = {}
    for way, every in (("undisturbed", (3600.0, 3600.0)), ("under kills", (1.0, 5.0))):
        license_class = shop.issuer()
        vendor = PluginConfiguration.objects.filter(pk=license_class.configuration_id)
        vendor.update(parked_until=NEVER)  # until all orders are there: the engines are measured, not the store
        shop.sell(license_class, 2000)
        with killing(fleet, shop, every=every) as killer:
            vendor.update(parked_until=None)
            began = time.monotonic()
            shop.wait_until_done(900)
        speeds[way] = 2000 / (time.monotonic() - began)
        print(f"{way}: {speeds[way]:.1f} licenses/s, {killer.kills} kills")  # noqa: T201 (the figures of a long test)
    fleet.stop("second")
    shop.check_bought_once()
    assert speeds["under kills"] >= HALF * speeds["undisturbed"]


def test_a_worker_stopped_beyond_its_lease_wins_nothing_when_it_goes_on(fleet: Fleet, shop: Shop) -> None:
    with fleet.armed("after_purchase", "stop") as has_struck:
        shop.sell(shop.issuer(), 1)
        shop.wait_for(has_struck, "an engine stops after its purchase")
    (zombie,) = [pid for pid in fleet.children("first") if state_of(pid) == "T"]
    try:
        bell.call_worker()
        shop.wait_for(lambda: shop.done() == 1, "another engine takes over")
    finally:
        os.kill(zombie, signal.SIGCONT)
    wait_until(lambda: Event.objects.filter(kind="late_answer").exists(), "the late answer is told")
    assert Event.objects.filter(kind="key_issued").count() == 1
    shop.check_bought_once()


def state_of(pid: int) -> str:
    """T is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


def test_a_worker_that_is_asked_to_stop_hands_over_in_seconds(fleet: Fleet, shop: Shop) -> None:
    shop.simulator.latency(400)
    shop.sell(shop.issuer(), 40)
    shop.wait_for(lambda: shop.bought() > 5, "orders are under way")
    assert fleet.stop("first") < WARM_SECONDS
    left = LicenseRequest.objects.exclude(state="done")
    assert left.exists()
    assert not left.filter(leased=True).exclude(state="buying").exists(), "all others are due at once"
    fleet.worker()
    shop.wait_until_done()
    shop.check_bought_once()


@pytest.mark.long
def test_engines_whose_worker_was_killed_end_with_their_work(fleet: Fleet, shop: Shop) -> None:
    shop.simulator.latency(100)
    shop.sell(shop.issuer(), 10)
    shop.wait_for(shop.bought, "orders are under way")
    engines = [Path(f"/proc/{pid}") for pid in fleet.children("first")]
    worker = fleet.running.pop("first")
    worker.kill()
    worker.wait(WARM_SECONDS)
    fleet.worker()
    shop.wait_until_done()
    wait_until(lambda: not any(engine.exists() for engine in engines), "the old engines are gone")
    shop.check_bought_once()
