"""A fleet as in production: Celery workers and beat over Redis and PostgreSQL, one of them killed at work."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection

from ka_plugins.installing import Target
from ka_plugins.simulator.running import RunningSimulator
from licenses.models import License, LicenseFile, LicenseRequest
from pbas.core.models import Event
from pbas.core.story import SYSTEM
from subscriptions.models import Subscription
from subscriptions.services import service_ready
from tests.factories import make_class, make_configuration, make_order, make_plan, make_subscription
from tests.processes.commands import ROOT, environment

ORDERS = 60
AT_ONCE = 12  # the vendor's limit, so that there is a middle to kill in
LATENCY_MS = 400
LEASE_SECONDS = 5  # of a worker that is gone; longer than any call here takes
PATIENCE = 120.0

pytestmark = [
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(settings.EMBEDDED, reason="workers in processes of their own need PostgreSQL and Redis"),
]


@contextmanager
def celery(folder: Path, name: str, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """`celery -A pbas ...` on the database of this test, in a process group of its own."""
    to = {word: os.environ[word] for word in os.environ if word.startswith(("PBAS_", "CELERY_", "CACHE_"))}
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    to["DATABASE_URL"] = f"{server}/{connection.settings_dict['NAME']}"
    to["PBAS_ENGINE_LEASE_SECONDS"] = str(LEASE_SECONDS)
    command = [sys.executable, "-m", "celery", "-A", "pbas", *arguments]
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment(**to), cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )
    with process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                kill(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End a process and its children as a power cut would."""
    os.killpg(process.pid, signal.SIGKILL)


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until, f"{what}: {states()}"
        time.sleep(0.1)


def states() -> list[tuple[str, str]]:
    return list(LicenseRequest.objects.exclude(state="done").values_list("state", "problem_text"))


def done() -> int:
    return LicenseRequest.objects.filter(state="done").count()


def unsold() -> int:
    """Requests whose worker died between the intent and the call: this vendor cannot prove that it sold nothing."""
    return LicenseRequest.objects.filter(state="attention", problem_text__startswith="No key").count()


def make_paid(simulator: RunningSimulator, folder: Path) -> None:
    """Paid orders whose services are ready, each with an address by which the vendor finds its key again."""
    plan = make_plan(make_class(make_configuration(simulator, limit=AT_ONCE)), services=["hosting"])
    for number in range(ORDERS):
        subscription = make_subscription(make_order(plan))
        place = folder / str(subscription.pk)
        place.mkdir()
        target = Target("directory", str(place), {"ip": f"192.0.2.{number + 1}"})
        service_ready(subscription=subscription, name="hosting", target=target, actor=SYSTEM)


def test_every_license_is_bought_once_though_a_worker_is_killed(tmp_path: Path) -> None:
    redis.Redis.from_url(settings.CELERY_BROKER_URL).flushdb()
    worker = ("worker", "-Q", "panel,engine", "-c", "2", "--loglevel", "warning", "-n")
    with ExitStack() as parts:
        simulator = parts.enter_context(RunningSimulator(latency_ms=LATENCY_MS))
        parts.enter_context(celery(tmp_path, "beat", "beat", "--schedule", str(tmp_path / "schedule")))
        first = parts.enter_context(celery(tmp_path, "first", *worker, "first@localhost"))
        make_paid(simulator, tmp_path)
        wait_until(lambda: done() > 0, "the first worker does not begin")
        parts.enter_context(celery(tmp_path, "second", *worker, "second@localhost"))
        wait_until(lambda: simulator.sold() > License.objects.count(), "nothing is being bought")
        kill(first)
        assert done() < ORDERS
        wait_until(lambda: done() + unsold() == ORDERS, "an order was lost")
        sold = simulator.ledger()["sales"]
    numbers = sorted(License.objects.values_list("key", flat=True))
    assert len(set(numbers)) == done()
    assert sorted(sale["number"] for sale in sold) == numbers
    assert Subscription.objects.filter(state="active").count() == done()
    assert Event.objects.filter(kind="adopted").exists()  # what the killed worker was buying was found by asking
    for file in LicenseFile.objects.select_related("license"):
        assert file.license is not None
        place = tmp_path / str(file.license.subscription_id) / file.name
        assert hashlib.sha256(place.read_bytes()).hexdigest() == file.sha256
