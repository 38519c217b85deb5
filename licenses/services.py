"""What staff and the store's side may ask of requests and licenses. All writes by hand; the engine's are its own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from licenses import bell, doubts, moves
from licenses.hand import (
    end_by_hand,
    move_by_hand,
    onwards,
    refusal,
    set_held,
    waits_for_end_by_hand,
    waits_for_vendor,
)
from licenses.models import InstallTarget, License, LicenseClass, LicenseRequest, PluginConfiguration
from licenses.moves import event_of
from licenses.options import checked
from licenses.owed import MOST_AT_ONCE, check_sold, check_stock, made_by_form, owed, uids_of, what_is_wrong
from licenses.owner import has_open_services, subscription_or_problem
from licenses.ready_keys.serving import serve_requests
from licenses.retry import PATIENCE
from licenses.verbs import ask_for
from pbas.core.models import Event
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.story import Actor

State, Kind = LicenseRequest.State, LicenseRequest.Kind


# --- new requests -----------------------------------------------------------------------------------------------


def new_licenses(
    *,
    configuration: PluginConfiguration,
    license_class: LicenseClass,
    number: int,
    subscription_id: int | None,
    options: dict[str, Any] | None = None,
    actor: Actor,
    once: UUID | None = None,
) -> list[LicenseRequest]:
    """New License: ask for a number of equal licenses of one class, for one subscription or (None) for stock.

    The same `once` again asks for nothing more and answers what it made first: a form sent twice buys once.
    Raises Problem at the field `license_class`, `number`, `subscription` or `options`.
    """
    if made := made_by_form(once):
        return made
    check_sold(configuration, license_class)
    if not 1 <= number <= MOST_AT_ONCE:
        raise Problem("The number of licenses is between 1 and %(most)s.", most=MOST_AT_ONCE, field="number")
    if subscription_id is None:
        check_stock(configuration)
    wanted = checked(license_class, options or {})
    try:
        with transaction.atomic():
            owner = None if subscription_id is None else subscription_or_problem(subscription_id, locked=True)
            return request_licenses(
                license_class=license_class,
                uids=uids_of(once, number),
                subscription_id=subscription_id,
                options=wanted,
                order_number=owner.order.number if owner else "",
                start=owner is None or not has_open_services(owner),
                actor=actor,
            )
    except IntegrityError:  # it was sent a moment before
        return made_by_form(once)


def request_licenses(
    *,
    license_class: LicenseClass,
    uids: Sequence[UUID],
    subscription_id: int | None,
    options: dict[str, Any],
    order_number: str,
    start: bool,
    actor: Actor,
) -> list[LicenseRequest]:
    """Owe a license for each uid to a subscription (None: to the stock), in the caller's transaction.

    They wait for its services unless `start`. What was paid for is owed even if its options are wrong: then nothing
    is bought and a person decides. Raises IntegrityError where a uid is known.
    """
    rows = owed(
        license_class,
        uids,
        subscription_id=subscription_id,
        options=options,
        order_number=order_number,
        start=start,
    )
    with transaction.atomic():
        requests = LicenseRequest.objects.bulk_create(rows)
        waits = "It waits for its key." if start else "It waits for the other services of the subscription."
        Event.objects.bulk_create(
            event_of(one, actor, "requested", f"{license_class.name} was requested. {one.problem_text or waits}")
            for one in requests
        )
        if start:
            bell.ring()
            requests = serve_requests(requests)
    return requests


def services_ready(*, subscription_id: int, actor: Actor) -> int:
    """All services of a subscription are ready: start its waiting requests, answer how many. Twice is a no-op."""
    with transaction.atomic():
        waiting = LicenseRequest.objects.filter(subscription_id=subscription_id, state=State.SERVICES)
        requests = list(waiting.select_related("configuration", "license", "license_class"))
        won = moves.make([onwards(request) for request in requests])
        LicenseRequest.objects.filter(pk__in=won).update(deadline=timezone.now() + PATIENCE)
        Event.objects.bulk_create(
            event_of(request, actor, "services_ready", "All services of the subscription are ready.")
            for request in requests
            if request.pk in won
        )
        bell.ring()
        serve_requests(requests)
    return len(won)


# --- what a person may do with a request --------------------------------------------------------------------------


def retry_request(*, request: LicenseRequest, actor: Actor, reason: str = "") -> LicenseRequest:
    """Try now: a request that waits is due at once, one that needs attention goes back to where it stopped."""
    if problem := why_not_retry(request):
        raise problem
    to = request.stopped_in if request.state == State.ATTENTION else request.state
    if to == State.BUYING:  # the intent was there: whether it was sold is asked before anything is bought
        to = State.IN_DOUBT
    event = event_of(request, actor, "retried", "Tried again by hand.", reason)
    return move_by_hand(request, to, event=event, wait=0)


def why_not_retry(request: LicenseRequest) -> Problem | None:
    """Why a request would not be tried now; None where it would."""
    if request.held:
        return refusal(request, "Request %(request)s is on hold. Release it first.")
    if request.state in {State.SERVICES, *LicenseRequest.FINAL}:
        return refusal(request, "Request %(request)s cannot be tried now: %(state)s.")
    if not request.configuration.is_online and request.state in {State.KEY, State.FILES}:
        return refusal(request, "Request %(request)s waits for an upload: its plug-in is offline.")
    if request.problem_kind == "options" and (wrong := what_is_wrong(request.license_class, request.options)):
        return ConflictProblem("%(wrong)s Cancel the request and make a new one.", wrong=wrong)
    return None


def hold_request(*, request: LicenseRequest, actor: Actor, reason: str = "") -> LicenseRequest:
    """Stop the clock of an open request until it is released. Refused while a worker has it."""
    if problem := why_not_hold(request):
        raise problem
    return set_held(request, held=True, event=event_of(request, actor, "held", "Put on hold.", reason))


def why_not_hold(request: LicenseRequest) -> Problem | None:
    """Why a request would not be put on hold; None where it would."""
    if request.is_final or request.held:
        return refusal(request, "Request %(request)s cannot be held: %(state)s.")
    return None


def release_request(*, request: LicenseRequest, actor: Actor, reason: str = "") -> LicenseRequest:
    """End a hold; what the request would do by itself it does now."""
    if problem := why_not_release(request):
        raise problem
    released = set_held(request, held=False, event=event_of(request, actor, "released", "Released.", reason))
    return serve_requests([released])[0]


def why_not_release(request: LicenseRequest) -> Problem | None:
    """Why a request would not be released; None where it would."""
    return None if request.held else refusal(request, "Request %(request)s is not on hold.")


def install_request(*, request: LicenseRequest, actor: Actor) -> LicenseRequest:
    """Install by hand what was bought or uploaded: the engine does it now, and proves it."""
    if request.is_final:
        raise refusal(request, "Request %(request)s is %(state)s; nothing is to install.")
    if request.held:
        raise refusal(request, "Request %(request)s is on hold. Release it first.")
    if request.kind != Kind.ISSUE and waits_for_vendor(request) and not request.files.exists():
        raise refusal(request, "Request %(request)s has to get an answer first: %(state)s.")
    if request.license_id is None:
        raise Problem("Request %(request)s has no key yet. Upload it first.", request=request.pk, field="key")
    if not InstallTarget.objects.filter(subscription_id=request.subscription_id or 0).exists():
        raise Problem("The subscription has no install target yet. Give its kind and address first.", field="target")
    if not request.license.files.exists() and not request.license.activation_code:  # type: ignore[union-attr]
        raise Problem("There is neither a license file nor an activation code to install.", field="files")
    event = event_of(request, actor, "install_asked", "Install asked for by hand.")
    return move_by_hand(request, State.INSTALL, event=event, wait=0)


def write_down_end(*, request: LicenseRequest, actor: Actor, reason: str) -> LicenseRequest:
    """A person has ended with the vendor what the panel could not: its license is terminated, with its additional keys.

    Raises Problem without a reason, ConflictProblem where the request waits for no such word.
    """
    if not reason.strip():
        raise Problem("Say how you know that the license has ended; it stays in its story.", field="reason")
    if not waits_for_end_by_hand(request):
        raise refusal(request, "Request %(request)s does not wait for an end by hand: %(state)s.")
    return end_by_hand(request, actor, reason.strip())


# Giving up, ordering again, adopting: what needs to know first what the vendor sold.
adopt_key, cancel_request, order_again = doubts.adopt_key, doubts.cancel_request, doubts.order_again


# --- what a person may do with a license --------------------------------------------------------------------------


def renew_license(
    *,
    license: License,  # noqa: A002
    actor: Actor,
    once: UUID | None = None,
    ends: datetime | None = None,
) -> LicenseRequest:
    """Ask the vendor to extend a license by its term. One at a time.

    With `ends`, only if it still ends then: whoever renews what is due asks once a period, however often he asks.
    """
    with transaction.atomic():
        if ends is not None:
            # locked: a renewal that is being kept right now has a new end, or none has been asked for yet
            now = License.objects.select_for_update().values_list("expires_at", flat=True).get(pk=license.pk)
            if now != ends:
                said = "License %(name)s no longer ends then: it was renewed meanwhile. Nothing was asked for."
                raise ConflictProblem(said, name=license.key)
        return ask_for(license, Kind.RENEW, actor=actor, text="Renewal asked for.", once=once)


def change_license(
    *,
    license: License,  # noqa: A002 (the blueprint's word)
    options: dict[str, Any],
    actor: Actor,
    reason: str = "",
    once: UUID | None = None,
) -> LicenseRequest:
    """Bring a license to other options (`features`, `additional`) at the vendor and on its server.

    What the license has already may stay, even where its class no longer offers it. Raises Problem at `options`.
    """
    wanted = checked(license.license_class, options, license_=license)
    return ask_for(license, Kind.CHANGE, wanted, actor=actor, text="Change asked for.", detail=reason, once=once)


def suspend_license(
    *,
    license: License,  # noqa: A002
    actor: Actor,
    reason: str = "",
    once: UUID | None = None,
) -> LicenseRequest:
    """Stop a license and its additional keys at the vendor until it is resumed."""
    return ask_for(license, Kind.SUSPEND, actor=actor, text="Suspension asked for.", detail=reason, once=once)


def resume_license(*, license: License, actor: Actor, once: UUID | None = None) -> LicenseRequest:  # noqa: A002
    """End a suspension."""
    return ask_for(license, Kind.RESUME, actor=actor, text="Resumption asked for.", once=once)


def terminate_license(
    *,
    license: License,  # noqa: A002
    actor: Actor,
    reason: str = "",
    once: UUID | None = None,
) -> LicenseRequest:
    """End a license and its additional keys at the vendor for good; with an offline plug-in a person has done that."""
    with transaction.atomic():
        request = ask_for(license, Kind.TERMINATE, actor=actor, text="Termination asked for.", detail=reason, once=once)
        return request if request.configuration.is_online or request.is_final else end_by_hand(request, actor)
