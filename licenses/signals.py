"""The one signal: news that requests ended well. It never starts work."""

from django.dispatch import Signal

# sender=LicenseRequest, subscription_ids: set[int]; sent in the transaction that made the requests done.
request_finished = Signal()
