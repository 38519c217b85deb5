"""Ready keys given to the requests that wait for one: the oldest to the oldest, each once."""

import logging
from collections.abc import Sequence
from functools import partial

from django.db import IntegrityError, transaction

from ka_plugins.contract import Key
from licenses import bell, intake, moves
from licenses.models import InstallTarget, License, LicenseClass, LicenseFile, LicenseRequest, ReadyKey, ReadyKeyRule
from licenses.moves import Move, event_of
from licenses.plugins import plugin_class
from licenses.ready_keys.selectors import classes_to_serve, waiting_requests
from pbas.core.crypto import CannotDecryptError
from pbas.core.models import Event
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.story import SYSTEM, tell

_log = logging.getLogger(__name__)

MOST_AT_ONCE = 500

State = LicenseRequest.State


def waiting_for_keys(license_class: LicenseClass) -> list[int]:
    """Ids, oldest first, of the requests that a ready key serves: of an offline plug-in, and without options.

    What a key was bought with nobody tells, so one with options is a person's. One statement.
    """
    listed = waiting_requests().filter(license_class=license_class).order_by("pk").values_list("pk", "options")
    return [pk for pk, options in listed if not any((options or {}).values())]


def serve_all() -> None:
    """Serve whatever waits although there are keys for it: when its ring was lost, or after a hold. One look."""
    for license_class in classes_to_serve():
        serve(license_class)


def serve_requests(requests: Sequence[LicenseRequest]) -> list[LicenseRequest]:
    """Serve the classes of requests that wait for their key now; these requests as they stand after it.

    In the caller's transaction, and once more after it: what two do at the same moment is seen by the later one.
    """
    served: set[int] = set()
    for license_class in {one.license_class for one in requests if not one.configuration.is_online}:
        served |= serve(license_class)
    fresh = LicenseRequest.objects.select_related("configuration", "license_class", "license").in_bulk(list(served))
    return [fresh.get(one.pk, one) for one in requests]


def serve(license_class: LicenseClass) -> set[int]:
    """Give ready keys to the requests that wait for one, the oldest to the oldest; the ids of those served.

    A key stops being ready in the transaction that makes it a license. Keys and requests that somebody else has at
    this moment are passed over.
    """
    transaction.on_commit(partial(_serve_now, license_class))
    return _serve_now(license_class)


def _serve_now(license_class: LicenseClass) -> set[int]:
    served: set[int] = set()
    while ReadyKey.objects.filter(license_class=license_class).exists():
        try:
            with transaction.atomic():
                won = _serve_some(license_class, waiting_for_keys(license_class)[:MOST_AT_ONCE])
        except (IntegrityError, CannotDecryptError, Problem) as error:  # no order fails for it; a person serves then
            _log.warning("Ready keys of license class %s were not served: %s", license_class.pk, type(error).__name__)
            break
        served |= won
        if len(won) < MOST_AT_ONCE:
            break
    return served


def _serve_some(license_class: LicenseClass, waiting: Sequence[int]) -> set[int]:
    if not waiting:
        return set()
    before = ReadyKey.objects.filter(license_class=license_class).count()
    rows = LicenseRequest.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    rows = rows.filter(pk__in=waiting, state=State.KEY, held=False, leased=False, license=None).order_by("pk")
    requests = list(rows.select_related("configuration").prefetch_related("files"))
    taken = License.objects.values("fingerprint")
    free = ReadyKey.objects.select_for_update(of=("self",), skip_locked=True).filter(license_class=license_class)
    keys = list(free.exclude(fingerprint__in=taken).order_by("pk")[: len(requests)])
    pairs = list(zip(requests, keys, strict=False))
    licenses = License.objects.bulk_create([_license(request, key) for request, key in pairs])
    given = [(request, made) for (request, _), made in zip(pairs, licenses, strict=True)]
    _keep_story(given)
    ReadyKey.objects.filter(pk__in=[key.pk for key in keys]).delete()
    _warn_when_low(license_class, before, before - len(keys))
    return {request.pk for request, _ in given}


def _license(request: LicenseRequest, key: ReadyKey) -> License:
    return intake.new_license(
        plugin_class(request.configuration.template),
        Key(str(key.key), activation_code=str(key.activation_code)),
        configuration_id=request.configuration_id,
        license_class_id=request.license_class_id,
        subscription_id=request.subscription_id,
    )


def _keep_story(given: Sequence[tuple[LicenseRequest, License]]) -> None:
    made = [_move(request, license_) for request, license_ in given]
    if len(moves.make(made)) < len(made):  # they are locked: somebody moved one without looking
        raise ConflictProblem("A request that was to get a ready key moved on meanwhile. Try again.")
    events = []
    for request, license_ in given:
        if request.files.all():
            LicenseFile.objects.filter(request=request).update(license=license_)
        request.license = license_
        text = f"Key {license_.key} is one of the ready keys."
        events.append(event_of(request, SYSTEM, "key_served", text))
    Event.objects.bulk_create(events)
    bell.ring()


def _move(request: LicenseRequest, license_: License) -> Move:
    """As after an upload; with an activation code there is nothing to wait for, so the install begins."""
    to = State.INSTALL if license_.activation_code else intake.first_state(request, license_)
    is_ready = to == State.INSTALL and request.subscription_id is not None
    wait = 0 if is_ready and InstallTarget.objects.filter(subscription=request.subscription_id).exists() else None
    return Move(request.pk, request.attempt, request.state, to, wait=wait, by_hand=True, license=license_.pk)


def _warn_when_low(license_class: LicenseClass, before: int, left: int) -> None:
    rule = ReadyKeyRule.objects.filter(license_class=license_class).first()
    if rule is not None and left < rule.low_mark <= before:
        text = f"Ready keys of {license_class.name} that are left: {left}. The low mark is {rule.low_mark}."
        tell(SYSTEM, "ready_keys_low", text, configuration=license_class.configuration)
