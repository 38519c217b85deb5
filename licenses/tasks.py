"""What Celery runs of this leg. Messages say "look", the rows say what; each task is safe to run twice."""

from contextlib import suppress
from typing import Any

from celery import shared_task
from celery.signals import worker_init, worker_shutting_down

from ka_plugins import registry
from licenses import bell, classes, engine
from licenses.counters import fold
from licenses.expiry import expire
from licenses.failing import alerts, deadlines, deliveries, stuck
from licenses.mass_upload.services import forget_drafts
from licenses.proving import rounds as rounds_of_proof
from licenses.ready_keys.serving import serve_all
from licenses.reconciling import rounds
from pbas.core.api import idempotency
from pbas.core.problems import Problem

PROVING_SECONDS = 25.0  # of one message; the next one goes on


@shared_task
def drain() -> None:
    """Run the engine in this worker process until nothing is due."""
    engine.drain()


@shared_task
def sweep() -> None:
    """Wake a worker, serve ready keys, and fetch classes that are due: covers lost messages.

    A worker is woken though nothing may be due: where the broker goes away, the engine that runs stays and works on.
    """
    bell.call_worker()
    serve_all()
    for pk in classes.due_fetches().values_list("pk", flat=True):
        bell.send(classes.FETCH, [pk])


@shared_task
def fetch_classes(configuration_id: int) -> None:
    """Fetch a configuration's license classes where that is due; the configuration says how it went."""
    with suppress(Problem):  # kept on the configuration, where people read it
        classes.fetch_due(configuration_id)


@shared_task
def reconcile_due() -> None:
    """Have each configuration compared with its vendor whose round is due."""
    for pk in rounds.due_rounds():
        bell.send(rounds.RECONCILE, [pk])


@shared_task
def reconcile(configuration_id: int) -> None:
    """Compare a configuration with its vendor where that is due; its row says how it went."""
    rounds.reconcile(configuration_id, engine.is_stopping)


@shared_task
def watch_failures() -> None:
    """Open, append to and close alerts, and have those told that somebody is to hear of."""
    alerts.watch()
    if deliveries.due_deliveries().exists():
        bell.send(deliveries.DELIVER, [], queue="alerts")


@shared_task
def deliver_alerts() -> None:
    """Tell of alerts by e-mail and webhook; in a queue of its own."""
    deliveries.deliver_due()


@shared_task
def keep_deadlines() -> None:
    """Bring overdue requests of idle plug-ins to a person, and count what nothing will move."""
    deadlines.bring_overdue()
    stuck.count_stuck()


@shared_task
def fold_counters() -> None:
    """Put the rows of the counters together."""
    fold()


@shared_task
def expire_licenses() -> None:
    """Mark licenses whose time is over."""
    expire()


@shared_task
def forget_upload_drafts() -> None:
    """Take away uploads that nobody confirmed."""
    forget_drafts()


@shared_task
def prove() -> None:
    """Read licenses back from their targets that are due for it."""
    for _ in rounds_of_proof.prove_due(PROVING_SECONDS):
        pass


@shared_task
def purge_answers() -> None:
    """Forget the answers to old POSTs with an Idempotency-Key."""
    idempotency.purge_answers()


@worker_init.connect
def refuse_green_threads(sender: Any = None, **_: Any) -> None:
    """Gevent and eventlet turn the ledger's thread into a green one of the same loop: nothing would ever move."""
    engine.allow_to_run()
    pool = getattr(sender, "pool_cls", None)
    name = pool if isinstance(pool, str) else getattr(pool, "__module__", "")
    if any(green in name for green in ("gevent", "eventlet")):
        message = "The license engine needs real threads: start the worker with --pool prefork or --pool threads."
        raise SystemExit(message)


@worker_init.connect
def load_plugins(**_: Any) -> None:
    """Once, before processes fork: they share what it takes, and no first request waits for it."""
    registry.all_plugins()


@worker_shutting_down.connect
def hand_over(**_: Any) -> None:
    """Let the engines of this worker stop in seconds."""
    engine.ask_to_stop()
