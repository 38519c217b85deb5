"""One action over many rows, in the background: each row once, by the service that one row alone goes by."""

import logging
import time
import uuid
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

from celery import current_app
from django.core.exceptions import EmptyResultSet
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast, Now
from django.urls import reverse
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from pbas.core.jinja import number
from pbas.core.lists.actions import Action, Decision, Prospect
from pbas.core.lists.listing import PanelList, list_called
from pbas.core.lists.models import BulkRow, BulkRun
from pbas.core.models import Event
from pbas.core.notices import services as notices
from pbas.core.problems import ConflictProblem, Problem, in_english
from pbas.core.story import Actor, tell

TASK = "pbas.core.tasks.go_on_with_run"
MOST_ROWS = 100_000  # of one run
LEASE = timedelta(seconds=60)
TURN = 30.0  # seconds after which a run lets other tasks have the worker
_AT_ONCE = 200  # rows that are looked up together
State, Outcome = BulkRun.State, BulkRow.Outcome

_log = logging.getLogger(__name__)


def action_of(listed: type[PanelList] | PanelList, name: str) -> Action:
    """The action of a list. Raises Problem."""
    found = next((one for one in listed.actions if one.name == name), None)
    if found is None:
        raise Problem("That cannot be done with many rows of this list.")
    return found


def chosen_rows(listed: PanelList, ids: Collection[int] | None, newest: int | None = None) -> "QuerySet[Any]":
    """The rows that are meant: those ticked, or (None) all that the filter leaves up to the newest seen; oldest first.

    Raises Problem where a part of the filter does not exist (any more): what is left would mean more rows.
    """
    if ids is not None:
        if not ids:
            raise Problem("Tick the rows that are meant first.")
        rows: QuerySet[Any] = listed.model.objects.filter(pk__in=ids)
    elif why := next(iter(listed.query.complaints), ""):
        raise Problem("The filter has changed: %(why)s Look at the list again.", why=why)
    else:
        rows = listed.filtered()
    return (rows if newest is None else rows.filter(pk__lte=newest)).order_by("pk")


def foresee(action: Action, rows: "QuerySet[Any]") -> tuple[list[Prospect], int]:
    """What will come of the rows by how they stand, most first; and the newest of them. Two statements at any size.

    Looks at MOST_ROWS and one more: what is beyond is told by their sum being greater.
    """
    rule = action.rule
    found = rows.order_by().values_list(*rule.stands, *rule.facts, "pk")[: MOST_ROWS + 1]
    sql, given = _sql_of(found)
    alike = ", ".join(f"c{n}" for n in range(len(rule.stands) + len(rule.facts)))
    counted = f"SELECT {alike}, count(*), min(id), max(id) FROM found GROUP BY {alike}"  # noqa: S608 (names of ours)
    with connection.cursor() as cursor:
        cursor.execute(f"WITH found ({alike}, id) AS ({sql}) {counted}", given)
        groups = cursor.fetchall()
    examples = rows.model.objects.select_related(*rule.related).in_bulk(
        [lowest for *_alike, lowest, _highest in groups]
    )
    told: dict[tuple[str, object], Prospect] = {}
    for *values, n, lowest, _highest in groups:
        if row := examples.get(lowest):
            why, stands = rule.why_not(row, *values[len(rule.stands) :]), rule.called(row)
            so_far = told.get(like := (stands, why and why.args[0]))
            told[like] = Prospect(stands, n + (so_far.rows if so_far else 0), so_far.why if so_far else why)
    newest = max((highest for *_alike, highest in groups), default=0)
    return sorted(told.values(), key=lambda one: (one.why is not None, -one.rows, one.stands)), newest


def start_run(
    listed: PanelList,
    action: Action,
    *,
    ids: Collection[int] | None,
    newest: int | None = None,
    reason: str,
    actor: Actor,
    once: uuid.UUID,
) -> BulkRun:
    """Write down which rows are meant and have a worker begin. The same `once` again answers the run that it made.

    Raises Problem where no row is meant, more than MOST_ROWS are, or a reason is wanted and missing.
    """
    if made := BulkRun.objects.filter(uid=once).first():
        return made
    reason = reason.strip()
    if action.needs_reason and not reason:
        raise Problem("Say why; it stays in the story of each row.", field="reason")
    try:
        with transaction.atomic():
            run = BulkRun.objects.create(
                uid=once,
                list_name=listed.name,
                action=action.name,
                query="" if ids is not None else listed.query.link(columns="", size=""),
                reason=reason,
                actor=actor.name,
                address=actor.address,
            )
            run.total = _write_rows(run, chosen_rows(listed, ids, newest), listed.named_by)
            run.save(update_fields=["total"])
            with in_english():
                rows = f"{number(run.total)} {'row' if run.total == 1 else 'rows'}"
                said = f"{action.label}: {rows} of “{listed.label}”."
            tell(actor, "bulk_started", said, detail=f"Run {run.pk}. {reason}".strip())
            link = reverse("bulk_run", args=[run.pk])
            notices.begin(actor=actor, kind="run", subject=run.pk, link=link, run=run.pk, total=run.total)
            transaction.on_commit(lambda: wake(run.pk))
    except IntegrityError:  # it was sent a moment before
        return BulkRun.objects.get(uid=once)
    return run


def _write_rows(run: BulkRun, rows: "QuerySet[Any]", named_by: str) -> int:
    label = Cast(F(named_by), CharField(max_length=200))
    wanted = rows.values_list(Value(run.pk), F("pk"), label, Value(""), Value(""))[: MOST_ROWS + 1]
    sql, given = _sql_of(wanted)
    table = BulkRow._meta.db_table  # noqa: SLF001 (Django's public name)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} (run_id, target, label, outcome, text) {sql}", given)
        written = cursor.rowcount
    if written > MOST_ROWS:
        raise Problem(
            "That would be more than %(most)s rows. Filter the list first, and do it in parts.", most=number(MOST_ROWS)
        )
    if not written:
        raise _none_left()
    return int(written)


def _sql_of(rows: "QuerySet[Any, Any]") -> tuple[str, Any]:
    try:
        return rows.query.sql_with_params()
    except EmptyResultSet:
        raise _none_left() from None


def _none_left() -> Problem:
    return Problem("No row is left of those that were meant. Look at the list again.")


def wake(pk: int) -> None:
    """Have a worker go on with a run. A broker that is away is no error: `open_runs` finds it again."""
    try:
        current_app.send_task(TASK, [pk], retry=False)
    except (OperationalError, OSError) as error:
        _log.warning("No worker could be woken for run %s (%s).", pk, type(error).__name__)


def open_runs() -> list[int]:
    """The runs that no worker has, though something is left of them."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=Now())
    return list(BulkRun.objects.filter(free, state__in=[State.WAITING, State.RUNNING]).values_list("pk", flat=True))


def stop_run(run: BulkRun) -> bool:
    """End a run after the row that is being done; what was done stays. False where it had ended already."""
    return _end(run.pk, State.STOPPED, [State.WAITING, State.RUNNING])


def _end(pk: int, state: str, before: Iterable[str]) -> bool:
    with transaction.atomic():
        going = BulkRun.objects.filter(pk=pk, state__in=before)
        if not going.update(state=state, finished_at=Now(), leased_until=None):
            return False
        run = BulkRun.objects.get(pk=pk)
        words: dict[str, Any] = {"done": run.done, "skipped": run.skipped, "failed": run.failed}
        if state == State.STOPPED:
            words |= {"how": "stopped", "left": run.total - run.tried}
        notices.end(kind="run", subject=pk, **words)
    return True


def go_on(pk: int) -> None:
    """Do rows of a run until none is left, it is stopped, or its turn is over; then another turn is asked for."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=Now())
    opened = BulkRun.objects.filter(free, pk=pk, state__in=[State.WAITING, State.RUNNING])
    if not opened.update(state=State.RUNNING, leased_until=Now() + LEASE):
        return
    run = BulkRun.objects.get(pk=pk)
    listed = list_called(run.list_name)
    action, until = action_of(listed, run.action), time.monotonic() + TURN
    while left := list(run.rows.filter(outcome=Outcome.OPEN).order_by("id").values_list("pk", flat=True)[:_AT_ONCE]):
        for row in left:
            if not _do_one(run, action, row):
                return
            if time.monotonic() > until:
                BulkRun.objects.filter(pk=pk, state=State.RUNNING).update(leased_until=None)
                wake(pk)
                return
    _end(pk, State.FINISHED, [State.RUNNING])


def _do_one(run: BulkRun, action: Action, pk: int) -> bool:
    """One row and its result in one transaction: after a crash both are there or neither. False: it was stopped."""
    with transaction.atomic():
        row = BulkRow.objects.select_for_update().get(pk=pk)
        if row.outcome:
            return True
        row.outcome, row.text = _outcome(run, action, row)
        row.save(update_fields=["outcome", "text"])
        counted = {row.outcome: F(row.outcome) + 1, "leased_until": Now() + LEASE}
        if not BulkRun.objects.filter(pk=run.pk, state=State.RUNNING).update(**counted):
            transaction.set_rollback(True)
            return False
    return True


def _outcome(run: BulkRun, action: Action, row: BulkRow) -> tuple[str, str]:
    rows = list_called(run.list_name).model.objects
    once = uuid.uuid5(run.uid, str(row.target))
    decision = Decision(Actor(Event.Actor.STAFF, run.actor, run.address), run.reason, once, run.query)
    try:
        with transaction.atomic():
            subject = rows.filter(pk=row.target).first()
            if subject is None:
                return Outcome.SKIPPED, _("It was deleted meanwhile.")
            action.do(subject, decision)
    except ConflictProblem as problem:
        return Outcome.SKIPPED, problem.message
    except Problem as problem:
        return Outcome.FAILED, problem.message
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 (one row's fault is told at that row; the others go on)
        _log.exception("Run %s failed at row %s.", run.pk, row.target)
        return Outcome.FAILED, _("The panel failed: %(error)s. Its log has more.") % {"error": type(error).__name__}
    return Outcome.DONE, ""
