"""Licenses whose time is over."""

from django.db.models.functions import Now

from licenses.models import License


def expire() -> int:
    """Mark delivered licenses whose expiry has passed; answers how many."""
    over = License.objects.filter(
        state__in=[License.State.ISSUED, License.State.INSTALLED, License.State.SUSPENDED], expires_at__lte=Now()
    )
    return over.update(state=License.State.EXPIRED)
