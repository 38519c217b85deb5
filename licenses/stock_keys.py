"""The stock of ready keys: brought from files, served to requests of their class, looked at and taken out by people."""

import base64
import json
import logging
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from django.db import IntegrityError, transaction
from django.utils import timezone

from ka_plugins.contract import Key
from licenses import bell, intake, moves
from licenses.hand import event_of
from licenses.key_rules import check_pattern, what_is_wrong
from licenses.models import ClassStock, InstallTarget, License, LicenseClass, LicenseFile, LicenseRequest, StockKey
from licenses.moves import Move
from licenses.plugins import plugin_class
from licenses.tables import Row
from pbas.core.crypto import CannotDecryptError, keyring, new_uid
from pbas.core.models import Event
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.story import SYSTEM, Actor, tell

_log = logging.getLogger(__name__)

MAX_CODE = 200
MOST_AT_ONCE = 500
SECONDS_TO_CONFIRM = 3600

State, Kind = LicenseRequest.State, LicenseRequest.Kind


@dataclass(frozen=True, slots=True)
class Found:
    """What a file would bring: `new` keys, and the rows that are here already or cannot be keys, with the reason."""

    new: tuple[tuple[str, str], ...] = ()  # key, activation code
    duplicates: tuple[tuple[int, str], ...] = ()  # line, reason
    malformed: tuple[tuple[int, str], ...] = ()


# --- bringing keys ------------------------------------------------------------------------------------------------


def look_through(license_class: LicenseClass, rows: Sequence[Row]) -> Found:
    """Say of each row whether it is new, a duplicate, or malformed. Stores nothing. Three statements."""
    plugin = plugin_class(license_class.configuration.template)
    stock = ClassStock.objects.filter(license_class=license_class).first()
    malformed, right = [], []
    for row in rows:
        try:
            key = plugin.clean_key(row.key) if not row.problem else ""
            wrong = row.problem or what_is_wrong(stock, key) or _wrong_code(row.activation_code)
        except ValueError as error:
            key, wrong = "", str(error)
        if wrong:
            malformed.append((row.line, wrong))
        else:
            right.append((row, key, intake.fingerprint(plugin, key)))
    known = _known({fingerprint for _, _, fingerprint in right})
    new, duplicates = {}, []
    for row, key, fingerprint in right:
        if fingerprint in known:
            duplicates.append((row.line, known[fingerprint]))
        else:
            new[fingerprint] = (key, row.activation_code)
            known[fingerprint] = f"The same key as in line {row.line}."
    return Found(tuple(new.values()), tuple(duplicates), tuple(malformed))


def seal_found(license_class: LicenseClass, found: Found) -> str:
    """The new keys of a preview, encrypted, for a page to give back: nothing is stored before it is confirmed."""
    content = json.dumps({"at": timezone.now().timestamp(), "keys": found.new}).encode()
    return base64.b64encode(keyring().seal(zlib.compress(content), _context(license_class))).decode()


def import_keys(*, license_class: LicenseClass, confirmed: str, actor: Actor) -> tuple[int, int]:
    """Store what was confirmed, all or nothing, and serve who waits: how many keys came, how many were served.

    Keys that came meanwhile are left out, so twice is a no-op. Raises ConflictProblem where the preview is too old.
    """
    plugin = plugin_class(license_class.configuration.template)
    found = look_through(
        license_class,
        [Row(0, {"key": key, "activation_code": code}) for key, code in _open_found(license_class, confirmed)],
    )
    if found.malformed:
        raise ConflictProblem("The form of the keys was changed meanwhile. Choose the file again.")
    rows = [
        StockKey(
            uid=new_uid(),
            license_class=license_class,
            shown=intake.masked(key) if plugin.secret_keys else key,
            key=key,
            activation_code=code,
            fingerprint=intake.fingerprint(plugin, key),
        )
        for key, code in found.new
    ]
    try:
        with transaction.atomic():
            StockKey.objects.bulk_create(rows, batch_size=MOST_AT_ONCE)
            if rows:
                text = f"{len(rows)} ready keys of {license_class.name} were imported."
                tell(actor, "keys_imported", text, configuration=license_class.configuration)
            return len(rows), len(serve(license_class))
    except IntegrityError:
        message = "Some of these keys were brought by somebody else at this moment. Choose the file again."
        raise ConflictProblem(message) from None


def _wrong_code(code: str) -> str:
    if len(code) > MAX_CODE or not code.isprintable():
        return f"An activation code has at most {MAX_CODE} printable characters."
    return ""


def _known(fingerprints: set[str]) -> dict[str, str]:
    """Where keys are already, by their fingerprint."""
    licenses = License.objects.filter(fingerprint__in=fingerprints).values_list("fingerprint", "pk")
    kept = StockKey.objects.filter(fingerprint__in=fingerprints).values_list("fingerprint", "license_class__name")
    known = {fingerprint: f"It is already on license {pk}." for fingerprint, pk in licenses}
    return known | {fingerprint: f"It is already in the stock of {name}." for fingerprint, name in kept}


def _context(license_class: LicenseClass) -> str:
    return f"stock-import.{license_class.pk}"


def _open_found(license_class: LicenseClass, confirmed: str) -> list[tuple[str, str]]:
    with suppress(CannotDecryptError, ValueError, IndexError):
        sealed = base64.b64decode(confirmed, validate=True)
        given = json.loads(zlib.decompress(keyring().open(sealed, _context(license_class))))
        if timezone.now().timestamp() - given["at"] < SECONDS_TO_CONFIRM:
            return [(key, code) for key, code in given["keys"]]
    raise ConflictProblem("This preview is out of date or of another class. Choose the file again.")


# --- serving ------------------------------------------------------------------------------------------------------


def waiting_for_keys(license_class: LicenseClass) -> list[int]:
    """Ids, oldest first, of the requests that a ready key serves: of an offline plug-in, and without options.

    What a key was bought with nobody tells, so one with options is a person's. One statement.
    """
    waiting = LicenseRequest.objects.filter(
        license_class=license_class, configuration__mode="offline", state=State.KEY, kind=Kind.ISSUE,
        license=None, held=False, leased=False,
    )  # fmt: skip
    listed = waiting.order_by("pk").values_list("pk", "options")
    return [pk for pk, options in listed if not any((options or {}).values())]


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

    A key leaves the stock in the transaction that makes it a license. Keys and requests that somebody else has at
    this moment are passed over.
    """
    transaction.on_commit(partial(_serve_now, license_class))
    return _serve_now(license_class)


def _serve_now(license_class: LicenseClass) -> set[int]:
    served: set[int] = set()
    while StockKey.objects.filter(license_class=license_class).exists():
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
    before = StockKey.objects.filter(license_class=license_class).count()
    rows = LicenseRequest.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    rows = rows.filter(pk__in=waiting, state=State.KEY, held=False, leased=False, license=None).order_by("pk")
    requests = list(rows.select_related("configuration").prefetch_related("files"))
    taken = License.objects.values("fingerprint")
    free = StockKey.objects.select_for_update(of=("self",), skip_locked=True).filter(license_class=license_class)
    keys = list(free.exclude(fingerprint__in=taken).order_by("pk")[: len(requests)])
    pairs = list(zip(requests, keys, strict=False))
    licenses = License.objects.bulk_create([_license(request, key) for request, key in pairs])
    given = [(request, made) for (request, _), made in zip(pairs, licenses, strict=True)]
    _keep_story(given)
    StockKey.objects.filter(pk__in=[key.pk for key in keys]).delete()
    _warn_when_low(license_class, before, before - len(keys))
    return {request.pk for request, _ in given}


def _license(request: LicenseRequest, key: StockKey) -> License:
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
        text = f"Key {license_.key} came from the stock of ready keys."
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
    stock = ClassStock.objects.filter(license_class=license_class).first()
    if stock is not None and left < stock.low_mark <= before:
        text = f"Only {left} ready keys of {license_class.name} are left; the low mark is {stock.low_mark}."
        tell(SYSTEM, "stock_low", text, configuration=license_class.configuration)


# --- what a person may do with a stock ------------------------------------------------------------------------------


def set_stock(*, license_class: LicenseClass, low_mark: int, pattern: str, example: str, actor: Actor) -> None:
    """Say when a stock is low and how its keys look; keys that are in it stay. Raises Problem at its field."""
    check_pattern(pattern, example)
    given = {"low_mark": low_mark, "pattern": pattern, "example": example}
    with transaction.atomic():
        if low_mark or pattern:
            ClassStock.objects.update_or_create(license_class=license_class, defaults=given)
        else:  # nothing is said any more, so that nothing keeps the plug-in from being deleted
            ClassStock.objects.filter(license_class=license_class).delete()
        form = f"; a key fits {pattern}" if pattern else ""
        text = f"The low mark of {license_class.name} is {low_mark}{form}."
        tell(actor, "stock_set", text, configuration=license_class.configuration)


def reveal_stock_key(*, stock_key: StockKey, actor: Actor) -> tuple[str, str]:
    """Key and activation code in clear; recorded. Raises Problem where they cannot be read any more."""
    try:
        clear = str(stock_key.key), str(stock_key.activation_code)
    except CannotDecryptError as error:
        raise Problem(f"It cannot be read: {error} Ask who keeps the field keys of this panel.") from None
    text = f"Ready key {stock_key.shown} of {stock_key.license_class.name} was shown in clear."
    tell(actor, "key_revealed", text, configuration=stock_key.license_class.configuration)
    return clear


def take_out(*, stock_key: StockKey, actor: Actor) -> None:
    """Remove a key from its stock. Raises ConflictProblem where a request took it meanwhile."""
    license_class = stock_key.license_class
    with transaction.atomic():
        gone, _ = StockKey.objects.filter(pk=stock_key.pk).delete()
        if not gone:
            raise ConflictProblem(f"Key {stock_key.shown} is not in stock any more: a request took it.")
        text = f"Ready key {stock_key.shown} of {license_class.name} was taken out of the stock."
        tell(actor, "key_taken_out", text, configuration=license_class.configuration)
