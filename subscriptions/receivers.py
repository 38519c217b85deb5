"""The only receiver: news from `licenses` that requests are over, or wait again."""

from typing import Any

from django.dispatch import receiver

from licenses.signals import requests_at_rest
from subscriptions import statements
from subscriptions.ending import go_on
from subscriptions.services import tell_active


@receiver(requests_at_rest)
def follow_requests(*, subscription_ids: set[int], **_: Any) -> None:
    """Whatever has all that it is owed is active, and what is being ended goes on; in the requests' transaction."""
    locked = statements.locked(sorted(subscription_ids))
    tell_active(statements.activate_served([pk for pk, state in locked.items() if state == "pending"]))
    go_on([pk for pk, state in locked.items() if state == "ending"])
