"""Which licenses are looked at next, and what is kept of a look. Every write is guarded: an install meanwhile wins."""

import random
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, DateTimeField, F, Q, QuerySet, Value, When
from django.db.models.functions import Now
from django.utils import timezone

from ka_plugins.contract import KeyFile
from licenses.claimed import Claimed, files_of, hidden, load
from licenses.models import License, LicenseFile, LicenseRequest
from licenses.moves import Line
from licenses.plugins import plugin_class
from licenses.proving.looking import Look, is_bound
from licenses.proving.outcome import Outcome
from licenses.statements import in_seconds
from pbas.core.crypto import CannotDecryptError
from pbas.core.problems import Problem
from pbas.core.story import SYSTEM, tell

Found, State = License.Found, License.State

DAY = 86_400.0
LEASE = 900.0  # seconds after which another worker may look
SOON = 300.0  # seconds: the place is busy or away, or the license is just being installed
FENCE = timedelta(milliseconds=1)  # SQLite's clock writes fewer digits than Django does
LONGEST_WAIT = 6 * 3600.0
TOLD_AFTER = 3  # times in a row that nobody could look: a server that restarts is no story
GIVE_UP = 12  # failed tries of a re-install until it is a person's again: about two days
_MOVING = ("files", "install", "proof")  # of its open request: our newest files are on their way


def claim_due(most: int, only: Collection[int] | None = None) -> list[License]:
    """Lease licenses that are due for a look. Of what is not installed, or is an additional key, looks end here.

    But for what has ended and is still to be taken out.
    """
    looked_at = Q(state=State.INSTALLED, parent=None) | Q(state=State.TERMINATED, found=Found.LEFT)
    looked_at &= Q(subscription__isnull=False)
    due = License.objects.filter(prove_at__lte=Now())
    if only is not None:
        due = due.filter(pk__in=only)
    with transaction.atomic():
        rows = due.select_for_update(of=("self",), no_key=True, skip_locked=True).order_by("prove_at")
        taken = list(rows.values_list("pk", flat=True)[:most])
        lease = Case(When(looked_at, then=in_seconds(LEASE)), default=None, output_field=DateTimeField())
        still = Case(When(looked_at, then=F("found")), default=Value(None))
        License.objects.filter(pk__in=taken).update(prove_at=lease, found=still)
    leased = License.objects.filter(pk__in=taken, prove_at__isnull=False)
    return _at_rest(list(leased.select_related("configuration", "license_class", "subscription")))


def _at_rest(licenses: list[License]) -> list[License]:
    """Those whose files are not on their way just now; the others wait a little."""
    opened = LicenseRequest.objects.filter(license__in=[one.pk for one in licenses], state__in=_MOVING)
    moving = set(opened.values_list("license_id", flat=True))
    put_off([one for one in licenses if one.pk in moving])
    return [one for one in licenses if one.pk not in moving]


def put_off(licenses: Iterable[License], seconds: float = SOON) -> None:
    """Look at them later; nothing was found out."""
    rows = License.objects.filter(pk__in=[one.pk for one in licenses])
    rows.filter(prove_at__isnull=False).update(prove_at=in_seconds(seconds))


def looks_at(licenses: list[License]) -> list[Look]:
    """What is needed to look at them: keys, newest files, targets. Few statements, however many licenses."""
    ours = [_claimed(one) for one in licenses]
    load(ours, {})
    files = files_of([key.license for one in ours for key in one.keys if key.license])
    return [
        _look_at(license_, one, [file for key in one.keys for file in files[key.license or 0]])
        for license_, one in zip(licenses, ours, strict=True)
    ]


def _look_at(license_: License, one: Claimed, files: list[LicenseFile]) -> Look:
    names = {file.name for key in one.keys for file in key.files}
    has_ended = license_.state == State.TERMINATED
    over = [file for file in files if file.cleared_at is None and (has_ended or file.name not in names)]
    try:
        former = tuple(KeyFile(file.name, file.body) for file in over)
    except CannotDecryptError:
        former = ()  # what cannot be read cannot be told from somebody else's
    digests = frozenset(file.sha256 for file in files)
    return Look(license_, one, digests, former, tuple(file.pk for file in over), is_bound(license_))


def _claimed(license_: License) -> Claimed:
    """A license as the steps see one that waits for its proof."""
    return Claimed(
        id=license_.pk,
        attempt=0,
        state=LicenseRequest.State.PROOF,
        kind=LicenseRequest.Kind.ISSUE,
        uid=license_.uid,
        configuration=license_.configuration_id,
        license_class=license_.license_class_id,
        subscription=license_.subscription_id,
        license=license_.pk,
        order_number="",
        options={},
        tries=0,
        intent_at=None,
        intent_age=0.0,
        overdue=False,
        intended=False,
    )


def keep(what: Look, outcome: Outcome) -> bool:
    """Keep what a look came to, unless the license has changed meanwhile; tell it where it is news."""
    license_ = what.license
    if license_.state == State.TERMINATED:
        return _keep_end(what, outcome)
    before, tries = license_.found, (license_.found_tries or 0) + 1
    values: dict[str, Any] = {"found": outcome.found, "found_text": public(what, outcome.text), "found_tries": None}
    values["prove_at"] = in_seconds(DAY * random.uniform(0.9, 1.0))  # noqa: S311 (spread, not secrecy)
    if outcome.found is None:
        values |= {"proven_at": Now(), "found_text": None}
    elif outcome.found == Found.UNKNOWN:
        kept = before if before in {Found.MISSING, Found.DIFFERENT, Found.OLDER} else Found.UNKNOWN
        if before == Found.REINSTALL and outcome.temporary and tries < GIVE_UP:
            kept = Found.REINSTALL
        if kept == before and kept not in {Found.REINSTALL, Found.UNKNOWN}:
            del values["found_text"]
        if before == Found.REINSTALL and kept != before:
            tries = TOLD_AFTER  # that it failed is told, so its end will be
        values |= {
            "found": kept,
            "found_tries": tries,
            "prove_at": in_seconds(_pause(tries)),
        }
    with transaction.atomic():
        if not _leased(license_).update(**values):
            return False
        _keep_cleared(what, outcome)
        if news := _news(before, values["found"], tries):
            _tell(what, replace(news, detail=outcome.text))
    return True


def _keep_end(what: Look, outcome: Outcome) -> bool:
    """Keep what became of taking out a license that has ended: done, tried again, or told to a person."""
    tries = (what.license.found_tries or 0) + 1
    values: dict[str, Any] = {"found": None, "found_text": None, "found_tries": None, "prove_at": None}
    again = outcome.temporary and tries < GIVE_UP
    if outcome.found is not None:
        values |= {"found": Found.LEFT, "found_text": public(what, outcome.text), "found_tries": tries}
        values["prove_at"] = in_seconds(_pause(tries)) if again else None
    with transaction.atomic():
        if not _leased(what.license).update(**values):
            return False
        _keep_cleared(what, outcome)
        if outcome.found is not None and not again:
            _tell(what, Line("not_taken_out", "It has ended and could not be taken out.", outcome.text))
    return True


def _keep_cleared(what: Look, outcome: Outcome) -> None:
    if outcome.cleared:
        LicenseFile.objects.filter(pk__in=what.former_ids).update(cleared_at=Now())
    if outcome.line is not None:
        _tell(what, outcome.line)


def _tell(what: Look, line: Line) -> None:
    subjects = {"subscription": what.license.subscription, "configuration": what.license.configuration}
    detail = public(what, line.detail)
    tell(SYSTEM, line.kind, public(what, line.text), detail=detail, license=what.license, **subjects)


def _pause(tries: int) -> float:
    return min(LONGEST_WAIT, SOON * float(2 ** min(tries, 10)))


def _leased(license_: License) -> QuerySet[License]:
    """The license, if nobody has touched its next look since it was claimed."""
    at = license_.prove_at or timezone.now()
    about = (at - FENCE, at + FENCE)
    return License.objects.filter(pk=license_.pk, prove_at__range=about, state=license_.state)


def _news(before: str | None, now: str | None, tries: int) -> Line | None:
    """The event of a look: only what has changed is told."""
    if before == Found.REINSTALL and now != Found.REINSTALL:
        if now is None:
            return Line("reinstalled", "Our files were put there again and read back.")
        return Line("reinstall_failed", "Our files could not be put there again.")
    if now == before and now != Found.UNKNOWN:
        return None
    if now is None:
        was_told = before != Found.UNKNOWN or tries > TOLD_AFTER
        return Line("proof_back", "The license was read back: it is where it belongs.") if was_told else None
    if now == Found.UNKNOWN:
        text = f"The install target could not be read back {TOLD_AFTER} times in a row."
        return Line("proof_unknown", text) if tries == TOLD_AFTER else None
    return Line("proof_lost", f"The license was read back: {Found(now).label.lower()}.")


def public(what: Look, text: str) -> str:
    """Text for people: what the target says may hold keys, which are secrets with some plug-ins."""
    try:
        is_secret = plugin_class(what.license.configuration.template).secret_keys
    except Problem:
        is_secret = True
    return hidden(text, {key.number for key in what.claimed.keys}) if is_secret else text


def due(only: Collection[int] | None = None) -> QuerySet[License]:
    """The licenses that should have been looked at by now."""
    rows = License.objects.filter(prove_at__lte=Now())
    return rows if only is None else rows.filter(pk__in=only)
