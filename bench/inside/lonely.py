"""A lonely request: what the panel adds to the time that its vendor takes."""

import time
from collections.abc import Callable
from functools import partial

from django.db import connection, transaction

from bench.services import wait_for
from ka_plugins.installing import Target
from licenses.models import LicenseRequest
from pbas.celery import app
from pbas.core.story import SYSTEM
from pbas.embedded import EmbeddedWorker
from subscriptions.models import Subscription
from subscriptions.services import service_ready

PATIENCE = 30.0
LOOK = 0.002  # seconds between two looks at the row, which the result includes


def by_notify(*, place: str) -> list[float]:
    """Seconds from the moment before the commit that makes a request due until it shows as done; a worker lingers."""
    wait_for(lambda: bool(app.control.ping(timeout=1.0)), "The worker does not start")
    return _one_after_the_other(lambda pk: _ready(pk, place))


def embedded(*, place: str) -> list[float]:
    """The same with the embedded worker in this process."""
    worker = EmbeddedWorker()
    worker.start()
    taken = _one_after_the_other(lambda pk: _ready(pk, place))
    worker.stop()
    return taken


def chained() -> list[float]:
    """The same by the naive chain."""
    from bench import naive  # its Celery application would take the place of ours

    wait_for(lambda: bool(naive.app.control.ping(timeout=1.0)), "The naive worker does not start")

    def start(pk: int) -> float:
        began = time.perf_counter()
        naive.send(pk)
        return began

    return _one_after_the_other(start)


def _ready(pk: int, place: str) -> float:
    """Report the hosting service of a subscription ready, as its provisioner would."""
    subscription = Subscription.objects.get(pk=pk)
    with transaction.atomic():
        target = Target("directory", f"{place}/{pk}")
        service_ready(subscription=subscription, name="hosting", target=target, actor=SYSTEM)
        return time.perf_counter()


def _one_after_the_other(start: Callable[[int], float]) -> list[float]:
    """The first request is left out: it finds everything cold."""
    taken = []
    for pk in LicenseRequest.objects.order_by("pk").values_list("pk", flat=True):
        began = start(pk)
        wait_for(partial(_is_done, pk), f"Request {pk} is not done", PATIENCE, every=LOOK)
        taken.append(time.perf_counter() - began)
        time.sleep(0.05)
    return taken[1:]


def _is_done(pk: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT state FROM licenses_licenserequest WHERE id = %s", [pk])
        return bool(cursor.fetchone()[0] == "done")
