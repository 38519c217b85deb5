"""Licenses in stock: bought or uploaded before it is known whose they are, and assigned to a subscription later."""

from django.db import transaction
from django.utils import timezone

from licenses.hand import move_by_hand, moved_on
from licenses.models import License, LicenseRequest
from licenses.moves import event_of
from licenses.owner import has_open_services, subscription_or_problem
from licenses.retry import PATIENCE
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.story import Actor

State, Kind = LicenseRequest.State, LicenseRequest.Kind


def is_in_stock(license_: License) -> bool:
    """Whether a license still waits for a subscription; an additional key goes where its parent goes."""
    return license_.subscription_id is None and license_.parent_id is None and license_.state == License.State.ISSUED


def assign_license(*, license: License, subscription_id: int, actor: Actor) -> LicenseRequest:  # noqa: A002
    """Give a license in stock, with its additional keys, to a subscription: its request goes on and installs it.

    Raises Problem at `subscription` where that cannot take it yet, ConflictProblem where the license is not in stock
    any more or a worker is busy with its request.
    """
    with transaction.atomic():
        subscription = subscription_or_problem(subscription_id, locked=True)
        if has_open_services(subscription):
            raise Problem(
                "%(name)s is still being set up. Assign the license when all its services are ready.",
                name=subscription.name,
                field="subscription",
            )
        request = _request_of(license)
        kept = License.objects.select_for_update(of=("self",), no_key=True).get(pk=license.pk)
        if not is_in_stock(kept):
            raise ConflictProblem("License %(kept)s is not in stock any more. Look at it again.", kept=kept.key)
        License.objects.filter(pk=kept.pk).update(subscription=subscription_id)
        kept.children.update(subscription=subscription_id)
        request.subscription_id, request.order_number = subscription_id, subscription.order.number
        request.deadline = timezone.now() + PATIENCE
        request.save(update_fields=["subscription", "order_number", "deadline"])
        event = event_of(request, actor, "assigned", f"Assigned to subscription {subscription.name}.")
        if not _has_content(kept, request):  # whoever brings the file, vendor or person, sends it on
            event.save()
            return request
        return move_by_hand(request, State.INSTALL, event=event, wait=0)


def _request_of(license_: License) -> LicenseRequest:
    """The open request that keeps a license in stock, locked, and before its license, as the engine does."""
    rows = LicenseRequest.objects.select_for_update(of=("self",), no_key=True)
    request = rows.filter(license=license_, kind=Kind.ISSUE, finished_at__isnull=True).first()
    if request is None:
        raise ConflictProblem("License %(license)s is not in stock any more. Look at it again.", license=license_.key)
    if request.leased and request.due_at and request.due_at > timezone.now():
        raise moved_on(request)
    if request.held:
        raise ConflictProblem("Its request %(request)s is on hold. Release it first.", request=request.pk)
    return request


def _has_content(license_: License, request: LicenseRequest) -> bool:
    return request.state in {State.INSTALL, State.ATTENTION} and (
        license_.files.exists() or bool(license_.activation_code)
    )
