"""What Celery runs for lists and story. Messages say "look", the rows say what; each task is safe to run twice."""

from celery import shared_task

from pbas.core import sealing
from pbas.core.lists import bulk


@shared_task
def go_on_with_run(pk: int) -> None:
    """Do rows of a run."""
    bulk.go_on(pk)


@shared_task
def resume_runs() -> None:
    """Wake a worker for each run that none has: its worker crashed, or its message was lost."""
    for pk in bulk.open_runs():
        bulk.wake(pk)


@shared_task
def seal_events() -> None:
    """Seal the story so far."""
    sealing.seal_events()
