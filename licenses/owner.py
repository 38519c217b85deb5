"""What this leg has to know of the subscription that owns a request; read through the foreign key, never imported."""

from typing import TYPE_CHECKING, cast

from django.core.exceptions import ObjectDoesNotExist

from licenses.models import LicenseRequest
from pbas.core.problems import Problem

if TYPE_CHECKING:
    from subscriptions.models import Subscription


def subscription_or_problem(pk: int) -> "Subscription":
    """The subscription that may get licenses; Problem at field "subscription" where there is none or it has ended."""
    model = LicenseRequest._meta.get_field("subscription").related_model  # noqa: SLF001 (Django's public name)
    try:
        found = cast("Subscription", model._default_manager.select_related("order").get(pk=pk))  # noqa: SLF001
    except ObjectDoesNotExist:
        raise Problem("There is no subscription %(pk)s.", pk=pk, field="subscription") from None
    if found.state == "ended":
        raise Problem(
            "Subscription %(found)s has ended; it gets no more licenses.", found=found.name, field="subscription"
        )
    return found


def has_open_services(subscription: "Subscription") -> bool:
    """Whether licenses of the subscription still have to wait for its other services."""
    return subscription.services.exclude(state="ready").exists()
