"""Histories that real runs have had: a machine that is changed must still know what to do with the rows it finds.

`histories.jsonl` holds them, a line each; how more are recorded stands in docs/how-to/run-the-tests.md. A history that
cannot happen any more stays: rows that were running when the new version came stand somewhere in it.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Q

from licenses import moves, statements
from licenses.hand import goes_by_itself
from licenses.models import LicenseRequest
from licenses.moves import MOVES, Move, Trouble
from licenses.steps import STEPS
from licenses.wording import actions_of, next_step, steps_of
from tests.unit.licenses.conftest import MakeRequest

pytestmark = pytest.mark.django_db

State = LicenseRequest.State
HISTORIES = [json.loads(line) for line in Path(__file__).with_name("histories.jsonl").read_text().splitlines()]
# Where somebody else goes on than the engine: the store's side, a person.
OTHERS = {State.SERVICES, State.ATTENTION}


def name_of(history: dict[str, Any]) -> str:
    return "-".join([history["kind"], history["steps"][0][0], *(step[1] for step in history["steps"])])


def replay(request: LicenseRequest, step: list[str]) -> None:
    """One recorded move, by today's statements."""
    start, end, kind, stopped_in = step
    assert request.state == start, "a history is one row's"
    if (start, end) == ("key", "buying"):
        LicenseRequest.objects.filter(pk=request.pk).update(due_at=statements.in_seconds(-1), leased=False)
        rows = statements.claim(request.configuration_id, most=1, lease=60, vendor=True)
        assert [row[0] for row in rows] == [request.pk]
    else:
        trouble = Trouble(kind, "As it was recorded.") if kind else None
        wait = None if end in OTHERS or end in LicenseRequest.FINAL else 60
        made = Move(request.pk, request.attempt, start, end, wait=wait, trouble=trouble, stopped_in=stopped_in)
        assert moves.make([made]) == {request.pk}
    request.refresh_from_db()
    assert request.state == end


def has_a_way_on(request: LicenseRequest) -> bool:
    """Whether somebody goes on with it from here, and an end can be reached."""
    if request.is_final:
        return request.finished_at is not None
    reached, todo = {request.state}, [request.state]
    while todo:
        new = MOVES[todo.pop()] - reached
        reached |= new
        todo += new
    someone = request.state in OTHERS or (request.state in STEPS and goes_by_itself(request))
    return someone and bool(reached & set(LicenseRequest.FINAL)) and request.stopped_in in {"", *map(str, State.values)}


@pytest.mark.parametrize("history", HISTORIES, ids=name_of)
def test_a_recorded_history_walks_the_same_way_today(history: dict[str, Any], make_request: MakeRequest) -> None:
    request = make_request(state=history["steps"][0][0], kind=history["kind"])
    for step in history["steps"]:
        replay(request, step)
        assert has_a_way_on(request), step


@pytest.mark.parametrize("history", HISTORIES, ids=name_of)
def test_wherever_a_recorded_history_stood_todays_code_has_a_way_on(
    history: dict[str, Any], make_request: MakeRequest
) -> None:
    """A row as an older version left it: today's pages tell of it, today's people and workers can go on with it."""
    for _start, end, kind, stopped_in in history["steps"]:
        trouble = {"problem_kind": kind, "problem_text": "As it was recorded."} if kind else {}
        given = {"state": end, "kind": history["kind"], "stopped_in": stopped_in, **trouble}
        request = make_request(due=None if end in OTHERS else 60, **given)
        assert str(next_step(request, services=[], target=None).heading)
        assert steps_of(request)
        if not request.is_final:
            assert has_a_way_on(request)
            assert actions_of(request, has_files=False)


def test_the_histories_are_of_every_kind_and_go_through_every_state() -> None:
    kinds = {one["kind"] for one in HISTORIES}
    passed = {state for one in HISTORIES for step in one["steps"] for state in step[:2]}
    assert kinds >= {"issue", "renew", "terminate"}
    assert set(State.values) - passed <= {"proof"}
    assert not LicenseRequest.objects.filter(~Q(state__in=State.values)).exists()
