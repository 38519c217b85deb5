"""Waking the engine. The row is the message: a lost ring costs one sweep, a doubled one an empty claim."""

import logging
import time
from collections.abc import Callable

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from kombu import Connection
from kombu.exceptions import LimitExceeded, OperationalError
from kombu.pools import producers

logger = logging.getLogger(__name__)

CHANNEL = "panel_engine"
DRAIN = "licenses.tasks.drain"

_PATIENCE = 1.0  # seconds for each of: a place in the pool, the connection, an answer
_IMPATIENT = {"max_retries": 0, "socket_connect_timeout": _PATIENCE, "socket_timeout": _PATIENCE}
_deaf = {"until": 0.0}  # the broker did not answer: nobody is sent to it before this time of the monotonic clock

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
    """Send a message that says "look at this row". A broker that is down is no error: the sweep finds the row.

    A broker that does not answer costs its caller at most some seconds, and for the time of a sweep nobody else.
    """
    if time.monotonic() < _deaf["until"]:
        return
    try:
        with producers[_line()].acquire(block=True, timeout=_PATIENCE) as producer:
            current_app.send_task(
                task, arguments, queue=queue, expires=settings.SWEEP_SECONDS, retry=False, producer=producer
            )
    except (OperationalError, LimitExceeded, OSError) as error:
        _deaf["until"] = time.monotonic() + settings.SWEEP_SECONDS
        logger.warning("No worker could be woken (%s); the next sweep finds what is due.", type(error).__name__)


def is_answered() -> bool:
    """Whether the broker takes messages now; one that does not answer costs some seconds."""
    try:
        with _line() as line:
            line.channel()
    except Exception as error:  # noqa: BLE001 (each broker's client has its own ways to say no)
        logger.warning("The broker does not answer (%s).", type(error).__name__)
        return False
    return True


def _line() -> Connection:
    """How to reach the broker: as Celery does, but without waiting for one that is away; pages wait for this."""
    options = {**current_app.conf.broker_transport_options, **_IMPATIENT}
    return current_app.connection_for_write(transport_options=options)


def listen(wake: Callable[[], None]) -> None:
    """From now on call `wake` (thread-safe) whenever this process rings."""
    _here.add(wake)


def leave(wake: Callable[[], None]) -> None:
    """End `listen`."""
    _here.discard(wake)
