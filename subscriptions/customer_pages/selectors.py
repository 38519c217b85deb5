"""What a customer may see: what is on his own accounts, and of that only what was delivered to him."""

from typing import Any

from django.db.models import Prefetch, QuerySet

from licenses.models import License, LicenseFile
from subscriptions.models import Subscription

# A license is his once it was proven to be on his server; until then its key and its files are not.
_DELIVERED = [License.State.INSTALLED, License.State.SUSPENDED, License.State.EXPIRED]


def subscriptions_of(user: Any) -> QuerySet[Subscription]:
    """The subscriptions of his accounts."""
    return Subscription.objects.filter(account__user=user).select_related("plan", "order")


def subscription_of(user: Any, pk: int) -> Subscription | None:
    """One of them with services, licenses and their files (no bytes read). Four statements."""
    files = Prefetch("files", LicenseFile.objects.defer("body").order_by("name", "-version"))
    licenses = Prefetch(
        "licenses",
        License.objects.select_related("license_class", "parent").prefetch_related(files).order_by("id"),
    )
    return subscriptions_of(user).prefetch_related("services", licenses).filter(pk=pk).first()


def is_delivered(license_: License) -> bool:
    """Whether its key and its files are the customer's by now."""
    return license_.proven_at is not None and license_.state in _DELIVERED


def delivered_license(user: Any, pk: int) -> License | None:
    """A license that is his."""
    rows = License.objects.filter(proven_at__isnull=False, state__in=_DELIVERED)
    return rows.filter(subscription__account__user=user, pk=pk).select_related("license_class", "subscription").first()


def delivered_file(user: Any, pk: int) -> LicenseFile | None:
    """A file of such a license."""
    rows = LicenseFile.objects.filter(license__proven_at__isnull=False, license__state__in=_DELIVERED)
    found = rows.filter(license__subscription__account__user=user, pk=pk)
    return found.select_related("license__subscription", "request").first()
