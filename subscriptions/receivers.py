"""The only receiver: news from `licenses` that requests ended well."""

from typing import Any

from django.dispatch import receiver

from licenses.signals import request_finished
from subscriptions.services import activate_served


@receiver(request_finished)
def activate_subscriptions(*, subscription_ids: set[int], **_: Any) -> None:
    """Whatever has all that it is owed is active; in the transaction that finished its last request."""
    activate_served(sorted(subscription_ids))
