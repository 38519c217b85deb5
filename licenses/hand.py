"""How a person's decision becomes a move: guarded like the engine's, refused while a worker has the request."""

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from licenses import bell, ending, intake, moves
from licenses.models import License, LicenseRequest
from licenses.moves import Move, Trouble, event_of
from licenses.signals import requests_at_rest
from pbas.core.models import Event
from pbas.core.problems import ConflictProblem, inside
from pbas.core.story import Actor

State, Kind = LicenseRequest.State, LicenseRequest.Kind


def move_by_hand(
    request: LicenseRequest,
    to: str,
    *,
    event: Event,
    wait: float | None = None,
    license_: License | None = None,
) -> LicenseRequest:
    """Make one move for a person and tell it. Raises ConflictProblem where the request has moved on meanwhile."""
    if to != request.state and to not in moves.ends(request.state, by_hand=True):
        raise refusal(request, "Request %(request)s cannot do that now: %(state)s.")
    made = Move(
        *(request.pk, request.attempt, request.state, to),
        wait=wait,
        by_hand=True,
        license=license_.pk if license_ else None,
    )
    with transaction.atomic():
        if not moves.make([made]):
            raise moved_on(request)
        request.refresh_from_db()
        event.license_id = request.license_id
        event.save()
        if wait is not None:
            bell.ring()
        _tell_at_rest(request)
    return request


def _tell_at_rest(request: LicenseRequest) -> None:
    if request.subscription_id is not None:
        requests_at_rest.send(sender=LicenseRequest, subscription_ids={request.subscription_id})


def waits_for_end_by_hand(request: LicenseRequest) -> bool:
    """Whether it asks for an end that a person has to bring about: its plug-in is offline, or could not do it."""
    if request.kind != Kind.TERMINATE or request.held:
        return False
    return request.state == State.ATTENTION or (request.state == State.KEY and not request.configuration.is_online)


def end_by_hand(request: LicenseRequest, actor: Actor, reason: str = "") -> LicenseRequest:
    """Write down that a person has ended a license with its vendor, and its additional keys. No vendor is asked."""
    text = gettext_noop("Written down as ended. Its plug-in is offline: no vendor was asked.")
    if request.configuration.is_online:
        text = gettext_noop("Written down as ended: a person has ended it with the vendor.")
    with transaction.atomic():
        family = License.objects.filter(Q(pk=request.license_id) | Q(parent=request.license_id))
        ended = list(family.exclude(state=License.State.TERMINATED).values_list("pk", flat=True))
        License.objects.filter(pk__in=ended).update(state=License.State.TERMINATED)
        ending.take_out(ended)
        ending.close_stock(ended)
        return move_by_hand(request, State.DONE, event=event_of(request, actor, "license_changed", text, reason))


def set_held(request: LicenseRequest, *, held: bool, event: Event) -> LicenseRequest:
    """Hold and release are no moves: the state stays, only the clock stops and goes on."""
    free = LicenseRequest.objects.filter(
        pk=request.pk, attempt=request.attempt, state=request.state, held=not held, leased=False
    )
    due = timezone.now() if not held and goes_by_itself(request) else None
    with transaction.atomic():
        if not free.update(held=held, due_at=due):
            raise moved_on(request)
        request.refresh_from_db()
        event.save()
        if due:
            bell.ring()
        _tell_at_rest(request)
    return request


def bring_to_a_person(requests: QuerySet[LicenseRequest], actor: Actor) -> None:
    """Before a configuration that was offline buys by itself: somebody may have ordered these from the vendor by hand.

    In the caller's transaction.
    """
    text = "Its plug-in is online now. Try again to have the key bought, or upload what was ordered by hand."
    trouble = Trouble("online", text, "this panel")
    waiting = list(requests.filter(state__in=[State.KEY, State.FILES], leased=False).select_related("configuration"))
    made = [Move(one.pk, one.attempt, one.state, State.ATTENTION, by_hand=True, trouble=trouble) for one in waiting]
    won = moves.make(made)
    Event.objects.bulk_create(event_of(one, actor, "needs_attention", text) for one in waiting if one.pk in won)


def goes_by_itself(request: LicenseRequest) -> bool:
    """Whether the engine works on a request in this state; an offline one waits for a person's upload and install."""
    if request.state in {State.SERVICES, State.ATTENTION, *LicenseRequest.FINAL}:
        return False
    return request.configuration.is_online


def onwards(request: LicenseRequest) -> Move:
    """From waiting for services to whatever is missing next; a person's turn where the configuration is offline."""
    to = intake.first_state(request, request.license)
    wait = 0 if request.configuration.is_online else None
    return Move(request.pk, request.attempt, request.state, to, wait=wait, by_hand=True)


def waits_for_vendor(request: LicenseRequest) -> bool:
    """Whether what it asks of the vendor is still to come, also where a person has to help."""
    return (request.stopped_in or request.state) in {State.SERVICES, State.KEY, State.BUYING, State.IN_DOUBT}


def was_bought(request: LicenseRequest) -> bool:
    """Whether giving the request up would lose what costs money: then its license is what has to be ended first."""
    if request.kind == Kind.ISSUE:
        return request.license is not None and request.license.state != License.State.TERMINATED
    return request.intent_at is not None and not waits_for_vendor(request)


def says(request: LicenseRequest) -> str:
    """How a request stands, for the middle of a sentence."""
    words = inside(request.get_state_display())
    return gettext("%(state)s, on hold") % {"state": words} if request.held else words


def refusal(request: LicenseRequest, text: str, field: str = "", **words: object) -> ConflictProblem:
    """Why a request cannot do what it was asked; the text may name its %(request)s and %(state)s."""
    return ConflictProblem(text, request=request.pk, state=says(request), field=field, **words)


def moved_on(request: LicenseRequest) -> ConflictProblem:
    """Why a person's decision came too late."""
    now = LicenseRequest.objects.get(pk=request.pk)
    if now.leased:
        return busy(now)
    return refusal(now, "Request %(request)s has moved on meanwhile: %(state)s. Look at it again.")


def busy(request: LicenseRequest) -> ConflictProblem:
    """Why nothing can be decided while a worker has the request."""
    return refusal(request, "A worker is busy with request %(request)s right now. Try again in a moment.")
