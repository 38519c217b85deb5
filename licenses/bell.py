"""Waking the engine. The row is the message: a lost ring costs one sweep, a doubled one an empty claim."""

import logging
from collections.abc import Callable

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

CHANNEL = "panel_engine"
DRAIN = "licenses.tasks.drain"

_here: set[Callable[[], None]] = set()  # engines that run in this process


def ring() -> None:
    """Wake engines once the current transaction commits: running ones by NOTIFY or directly, idle ones by Celery."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")
    transaction.on_commit(_ring_now)


def _ring_now() -> None:
    if _here:
        wake_here()
    else:
        call_worker()


def wake_here() -> None:
    """Wake the engines of this process."""
    for wake in tuple(_here):
        wake()


def call_worker() -> None:
    """Ask any idle Celery worker to drain."""
    send(DRAIN, [], queue="engine")


def send(task: str, arguments: list[int], *, queue: str | None = None) -> None:
    """Send a message that says "look at this row". A broker that is down is no error: the sweep finds the row."""
    try:
        current_app.send_task(task, arguments, queue=queue, expires=settings.SWEEP_SECONDS, retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("No worker could be woken (%s); the next sweep finds what is due.", type(error).__name__)


def listen(wake: Callable[[], None]) -> None:
    """From now on call `wake` (thread-safe) whenever this process rings."""
    _here.add(wake)


def leave(wake: Callable[[], None]) -> None:
    """End `listen`."""
    _here.discard(wake)
