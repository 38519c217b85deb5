"""A round of reconciliation: asked for or due, one at a time for each configuration, gone on with by another worker."""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from ka_plugins.contract import Key, RefusedError
from licenses import bell
from licenses.models import Finding, License, PluginConfiguration, Reconciliation
from licenses.reconciling.reading import Reader, describes, lists_keys
from licenses.reconciling.selectors import counts_of
from licenses.reconciling.storing import (
    BATCH,
    OURS_LIVING,
    Round,
    drop_settled,
    keep_described,
    keep_listed,
    keep_missing,
    round_of,
)
from licenses.retry import wait_after
from pbas.core.crypto import CannotDecryptError
from pbas.core.notices import services as notices
from pbas.core.problems import ConflictProblem, Problem, inside
from pbas.core.story import SYSTEM, Actor, tell

_log = logging.getLogger(__name__)

RECONCILE = "licenses.tasks.reconcile"
EVERY = timedelta(days=1)
FIRST = timedelta(hours=1)  # after a configuration was made
LEASE = timedelta(minutes=5)  # longer than any page of a list may take; then another worker goes on
SELDOM = 8  # as after so many failures more: a vendor who refuses a list is not asked every few seconds
FEW = 20  # licenses that are checked one by one between two looks at the row


class Step(StrEnum):
    """How far a round is."""

    QUEUED = "queued"
    LISTING = "listing"
    CHECKING = "checking"
    CLOSING = "closing"


class _LostError(Exception):
    """Another worker has the round: this one was too slow for its lease."""


class _StoppedError(Exception):
    """The worker stops: another one goes on."""


# --- asked for, and due ---------------------------------------------------------------------------------------------


def want_round(*, configuration: PluginConfiguration, actor: Actor) -> Reconciliation:
    """Have a worker compare now; a round that is under way is that one. Raises Problem where nobody can be asked."""
    if why := why_not(configuration):
        raise Problem(why)
    if configuration.status != PluginConfiguration.Status.CONFIGURED:
        raise ConflictProblem(
            "%(configuration)s is not working: %(status)s.",
            configuration=configuration.name,
            status=inside(configuration.get_status_display()),
        )
    with transaction.atomic():
        row, _made = Reconciliation.objects.get_or_create(
            configuration=configuration, defaults={"due_at": timezone.now()}
        )
        if Reconciliation.objects.filter(pk=row.pk, step="").update(
            step=Step.QUEUED, due_at=timezone.now(), compared=0, reached=0, began_at=None
        ):
            text = f"{configuration.name}: a reconciliation was asked for."
            tell(actor, "reconciliation_asked", text, configuration=configuration)
        link = reverse("plugin_reconciling", args=[configuration.pk])
        plugin = configuration.name
        notices.begin(actor=actor, kind="reconciliation", subject=configuration.pk, link=link, plugin=plugin)
        transaction.on_commit(lambda: bell.send(RECONCILE, [configuration.pk]))
    row.refresh_from_db()
    return row


def why_not(configuration: PluginConfiguration) -> str:
    """Why a configuration has nothing to compare with; "" where it has."""
    if not configuration.is_online:
        return gettext("%(name)s is offline: there is no vendor to compare with.") % {"name": configuration.name}
    try:
        can = lists_keys(configuration.template) or describes(configuration.template)
    except Problem as problem:
        return problem.message
    text = gettext("%(name)s can neither list its keys nor describe one: nothing can be compared.")
    return "" if can else text % {"name": configuration.name}


def due_rounds() -> list[int]:
    """The configurations that are to be compared now: daily, asked for, or left by a dead worker. Three statements."""
    fresh = [one for one in _working().filter(reconciliation=None) if not why_not(one)]
    soon = timezone.now() + FIRST
    Reconciliation.objects.bulk_create(
        (Reconciliation(configuration=one, due_at=soon) for one in fresh), ignore_conflicts=True
    )
    due = Reconciliation.objects.filter(due_at__lte=timezone.now(), configuration__in=_working())
    return list(due.values_list("configuration", flat=True))


def _working() -> QuerySet[PluginConfiguration]:
    """Those whose vendor may be asked; one that is parked waits until it works again."""
    rows = PluginConfiguration.objects.filter(mode="online", status=PluginConfiguration.Status.CONFIGURED)
    return rows.filter(Q(parked_until=None) | Q(parked_until__lte=timezone.now()))


# --- one round ------------------------------------------------------------------------------------------------------


def reconcile(configuration_id: int, is_stopping: Callable[[], bool] = lambda: False) -> None:
    """Compare one configuration with its vendor if that is due and nobody else does it.

    What was found stands as findings, how it went on its row. A vendor's failure leaves older findings alone. Where
    `is_stopping` says so, the round is left to another worker at once.
    """
    row = _claim(configuration_id)
    if row is None:
        return
    try:
        _compare(row, is_stopping)
    except _StoppedError:
        Reconciliation.objects.filter(pk=row.pk, attempt=row.attempt).exclude(step="").update(due_at=timezone.now())
    except _LostError:
        _log.warning("Another worker has gone on with the reconciliation of configuration %s.", configuration_id)
    except Problem as problem:
        _failed(row, str(problem))
    except Exception as error:
        _failed(row, f"The panel failed with {type(error).__name__}.")
        raise


def _claim(configuration_id: int) -> Reconciliation | None:
    """The row under lease; what was left half done in the last day is gone on with."""
    now = timezone.now()
    due = Reconciliation.objects.filter(
        configuration=configuration_id, due_at__lte=now, configuration__in=_working()
    ).values("pk")
    if not Reconciliation.objects.filter(pk__in=due, due_at__lte=now).update(
        due_at=now + LEASE, attempt=F("attempt") + 1, step=Step.QUEUED
    ):
        return None
    row = Reconciliation.objects.select_related("configuration").get(configuration=configuration_id)
    if not row.reached or row.began_at is None or row.began_at < now - EVERY:
        _note(row, began_at=now, reached=0, compared=0)
    return row


def _note(row: Reconciliation, **news: Any) -> None:
    """Write down how far it is, with a new lease. Raises _LostError where somebody else has it."""
    news = {"due_at": timezone.now() + LEASE, **news}
    if not Reconciliation.objects.filter(pk=row.pk, attempt=row.attempt).exclude(step="").update(**news):
        raise _LostError
    for name, value in news.items():
        setattr(row, name, value)


def _compare(row: Reconciliation, is_stopping: Callable[[], bool]) -> None:
    configuration = row.configuration
    has_list = lists_keys(configuration.template)
    now = round_of(configuration, row.began_at or timezone.now())
    with Reader(configuration) as vendor:
        if has_list:
            _note(row, step=Step.LISTING, has_list=True)
            for keys in vendor.batches(BATCH):
                _go_on(is_stopping)
                _note(row, compared=row.compared + len(keys))
                keep_listed(now, keys)
        else:
            _note(row, step=Step.CHECKING, has_list=False)
            _check_each(row, now, vendor, is_stopping)
    _note(row, step=Step.CLOSING)
    if has_list:
        keep_missing(now)
    _finish(row, drop_settled(now))


def _go_on(is_stopping: Callable[[], bool]) -> None:
    if is_stopping():
        raise _StoppedError


def _check_each(row: Reconciliation, now: Round, vendor: Reader, is_stopping: Callable[[], bool]) -> None:
    """Ask for one key after the other, at a small rate: customers' orders come first."""
    while licenses := list(_to_check(row)[:FEW]):
        for license_ in licenses:
            _go_on(is_stopping)
            began = time.monotonic()
            for key, refusal in _described(vendor, license_):
                keep_described(now, license_, key, refusal)
            _note(row, reached=license_.pk, compared=row.compared + 1)
            time.sleep(max(0.0, 1 / settings.RECONCILE_PER_SECOND - (time.monotonic() - began)))


def _to_check(row: Reconciliation) -> QuerySet[License]:
    rows = License.objects.filter(configuration=row.configuration, state__in=OURS_LIVING, pk__gt=row.reached)
    return rows.order_by("pk")


def _described(vendor: Reader, license_: License) -> Iterator[tuple[Key | None, str]]:
    """The vendor's word for a key, or why he refuses it; nothing where our own record of the key cannot be read."""
    try:
        number = license_.full_key
    except CannotDecryptError:
        return
    try:
        yield vendor.describe(number), ""
    except Problem as problem:
        if not isinstance(problem.__cause__, RefusedError):
            raise
        yield None, str(problem)


def _finish(row: Reconciliation, settled: int) -> None:
    configuration, now = row.configuration, timezone.now()
    found = counts_of(configuration, began_at=row.began_at)
    with transaction.atomic():
        _note(row, step="", due_at=now + EVERY, finished_at=now, failures=0, problem="", reached=0, began_at=None)
        parts = ", ".join(f"{n} {str(Finding.Kind(kind).label).lower()}" for kind, n in found.items() if n)
        text = f"{configuration.name}: {row.compared} keys compared: {parts or 'all as they should be'}."
        detail = f"{settled} earlier findings are settled." if settled else ""
        notices.end(kind="reconciliation", subject=configuration.pk, n=row.compared)
        tell(SYSTEM, "reconciled", text, detail=detail, configuration=configuration)


def _failed(row: Reconciliation, text: str) -> None:
    """Keep the reason and try again later; what was found before stays as it was."""
    configuration = row.configuration
    wait = timedelta(seconds=wait_after(row.failures + SELDOM))
    with transaction.atomic():
        if (
            not Reconciliation.objects.filter(pk=row.pk, attempt=row.attempt)
            .exclude(step="")
            .update(step="", due_at=timezone.now() + wait, failures=F("failures") + 1, problem=text)
        ):
            return
        notices.end(kind="reconciliation", subject=configuration.pk, state="failed")
        words = f"{configuration.name}: the reconciliation did not come to its end."
        tell(SYSTEM, "reconciliation_failed", words, detail=text, configuration=configuration)
