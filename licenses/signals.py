"""The one signal: news that requests are over or wait again, with no worker on them. It carries no work to others."""

from django.dispatch import Signal

# sender=LicenseRequest, subscription_ids: set[int]; sent in the transaction that brought the requests there, last.
requests_at_rest = Signal()
