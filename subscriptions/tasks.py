"""What Celery runs of this leg. Messages say "look", the rows say what; each task is safe to run twice."""

from celery import shared_task

from subscriptions import ending


@shared_task
def go_on_ending() -> None:
    """Go on with the end of subscriptions: covers what nobody told of."""
    ending.go_on_with_all()
