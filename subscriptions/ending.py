"""The end of a subscription: nothing more is bought for it, all that it has is ended, and nothing of it is forgotten.

What a worker has, or what may have been sold, is waited for: whatever comes of it, the end goes on from there, in the
transaction in which the request comes to rest. Nobody waits here for a request that somebody else has locked: whoever
has it goes on with the end after him.
"""

from collections.abc import Collection, Sequence
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from licenses import moves
from licenses.doubts import is_doubtful
from licenses.ending import end_licenses
from licenses.models import License, LicenseRequest
from licenses.moves import Move, event_of
from pbas.core.models import Event
from pbas.core.problems import Problem
from pbas.core.story import SYSTEM, Actor, tell
from subscriptions import statements
from subscriptions.models import Subscription

Kind, State = LicenseRequest.Kind, LicenseRequest.State

_UNDER_WAY = frozenset({State.BUYING, State.IN_DOUBT, State.PROOF})  # what comes of these is waited for
_HOLDS_NO_END_UP = frozenset({State.ATTENTION, State.PROOF})  # a license ends before a person has decided


def end_subscription(*, subscription: Subscription, actor: Actor, reason: str) -> bool:
    """End a subscription with all that it has; answers whether this call began it. Twice is a no-op.

    It has ended when no request of it is open and no license lives; until then it is being ended. Raises Problem
    without a reason.
    """
    if not reason.strip():
        raise Problem("Say why the subscription is ended; it stays in its story.", field="reason")
    with transaction.atomic():
        going = Subscription.objects.filter(pk=subscription.pk, state__in=["pending", "active"])
        won = bool(going.update(state=Subscription.State.ENDING))
        if won:
            text = gettext_noop("The end of the subscription was asked for.")
            tell(actor, "subscription_ending", text, detail=reason.strip(), subscription=subscription)
            _go_on(subscription.pk, actor, reason.strip())
            transaction.on_commit(partial(go_on, [subscription.pk]))
        subscription.refresh_from_db(fields=["state"])
    return won


def go_on(subscription_ids: Sequence[int]) -> None:
    """Take those of these subscriptions that are being ended as far as they go now. Safe to repeat."""
    if not subscription_ids:
        return
    with transaction.atomic():
        for pk, state in statements.locked(subscription_ids).items():
            if state == Subscription.State.ENDING:
                _go_on(pk, SYSTEM, "")


def go_on_with_all() -> None:
    """The same with every one: covers what nobody told of."""
    for pk in Subscription.objects.filter(state=Subscription.State.ENDING).values_list("pk", flat=True):
        go_on([pk])


def _go_on(pk: int, actor: Actor, reason: str) -> None:
    """In a transaction that has the subscription locked."""
    _give_up(_free_requests(pk), actor, reason)
    if licenses := list(licenses_to_end(pk, _waited_for(pk))):
        text = gettext_noop("Its subscription is being ended, and so is the license.")
        number = Subscription.objects.values_list("order__number", flat=True).get(pk=pk)
        end_licenses(licenses, order_number=number, text=text, actor=actor, reason=reason)
    for ended in statements.end_emptied([pk]):
        text = gettext_noop("The subscription has ended: no request of it is open, no license lives.")
        tell(SYSTEM, "subscription_ended", text, subscription=Subscription(pk=ended))


def is_given_up(request: LicenseRequest) -> bool:
    """Whether the end of its subscription cancels an open request as it stands; else it is waited for."""
    return not (request.leased or request.state in _UNDER_WAY or is_doubtful(request))


def is_waited_for(request: LicenseRequest) -> bool:
    """Whether the end of a license is asked for only when this request of it has come to rest."""
    return not is_given_up(request) and request.state not in _HOLDS_NO_END_UP


def licenses_to_end(pk: int, waited_for: Collection[int] = ()) -> QuerySet[License]:
    """The licenses whose end is still to be asked for; an additional key ends with its license. One statement."""
    rows = License.objects.filter(subscription=pk).exclude(state=License.State.TERMINATED)
    rows = rows.filter(Q(parent=None) | Q(parent__state=License.State.TERMINATED)).exclude(pk__in=waited_for)
    asked = _open_requests(pk).filter(kind=Kind.TERMINATE).values("license")
    return rows.exclude(pk__in=asked).select_related("configuration", "license_class").order_by("pk")


def _open_requests(pk: int) -> QuerySet[LicenseRequest]:
    return LicenseRequest.objects.filter(subscription=pk, finished_at__isnull=True)


def _free_requests(pk: int) -> list[LicenseRequest]:
    """What is open beside the ends themselves, and nobody else has at this moment; locked."""
    rows = _open_requests(pk).exclude(kind=Kind.TERMINATE).select_related("configuration", "license").order_by("pk")
    return list(rows.select_for_update(of=("self",), no_key=True, skip_locked=True))


def _waited_for(pk: int) -> set[int]:
    """The licenses of which a worker or the vendor has a request: it comes to rest first."""
    rows = _open_requests(pk).exclude(kind=Kind.TERMINATE).exclude(state__in=_HOLDS_NO_END_UP)
    return {one for one in rows.values_list("license", flat=True) if one is not None}


def _give_up(requests: Sequence[LicenseRequest], actor: Actor, reason: str) -> None:
    over = {one.pk: one for one in requests if is_given_up(one)}
    won = moves.make([Move(one.pk, one.attempt, one.state, State.CANCELLED, by_hand=True) for one in over.values()])
    text = gettext_noop("Cancelled: its subscription is being ended.")
    Event.objects.bulk_create(event_of(over[one], actor, "cancelled", text, reason) for one in sorted(won))
