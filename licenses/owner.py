"""What this leg has to know of the subscription that owns a request; read through the foreign key, never imported."""

from typing import TYPE_CHECKING, cast

from django.core.exceptions import ObjectDoesNotExist

from licenses.models import LicenseRequest
from pbas.core.problems import ConflictProblem, Problem

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from subscriptions.models import Subscription


def subscription_or_problem(pk: int, *, locked: bool = False) -> "Subscription":
    """The subscription that may get licenses; Problem at field "subscription" where there is none or it ends.

    `locked`: in the caller's transaction it cannot begin to end before that is committed.
    """
    rows = _subscriptions().select_related("order")
    try:
        found = (rows.select_for_update(of=("self",), no_key=True) if locked else rows).get(pk=pk)
    except ObjectDoesNotExist:
        raise Problem("There is no subscription %(pk)s.", pk=pk, field="subscription") from None
    if problem := why_over(found):
        problem.field = "subscription"
        raise problem
    return found


def why_over(subscription: "Subscription | None") -> ConflictProblem | None:
    """Why nothing new begins in a subscription; None where it may, as in what is in stock."""
    if subscription is None or subscription.state not in {"ending", "ended"}:
        return None
    if subscription.state == "ended":
        return ConflictProblem("Subscription %(found)s has ended: nothing new begins in it.", found=subscription.name)
    return ConflictProblem("Subscription %(found)s is being ended: nothing new begins in it.", found=subscription.name)


def check_goes_on(pk: int | None) -> None:
    """Raises ConflictProblem where the subscription ends; in the caller's transaction it cannot begin to meanwhile."""
    if pk is None:
        return
    if problem := why_over(_subscriptions().select_for_update(no_key=True).get(pk=pk)):
        raise problem


def _subscriptions() -> "QuerySet[Subscription]":
    model = LicenseRequest._meta.get_field("subscription").related_model  # noqa: SLF001 (Django's public name)
    return cast("QuerySet[Subscription]", model._default_manager.all())  # noqa: SLF001


def has_open_services(subscription: "Subscription") -> bool:
    """Whether licenses of the subscription still have to wait for its other services."""
    return subscription.services.exclude(state="ready").exists()
