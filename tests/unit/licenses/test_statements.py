"""The two statements on which everything stands: who gets a request, and who may move it."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from licenses import moves, statements
from licenses.models import License, LicenseFile, LicenseRequest, PluginConfiguration
from licenses.moves import Move, Trouble
from pbas.core.rows import add_rows
from tests.factories import make_license
from tests.unit.licenses.conftest import MakeRequest, is_postgresql, seconds_left

pytestmark = pytest.mark.django_db


def take(configuration: PluginConfiguration, *, most: int = 10, lease: float = 60, vendor: bool = True) -> list[int]:
    return [row[0] for row in statements.claim(configuration.pk, most=most, lease=lease, vendor=vendor)]


def test_a_claim_takes_what_is_due_oldest_first_and_leases_it(
    online: PluginConfiguration, make_request: MakeRequest
) -> None:
    late, later, coming = make_request(due=-5), make_request(due=-9), make_request(due=30)
    assert take(online, most=1) == [later.pk]
    assert take(online) == [late.pk]
    for one in (late, later):
        one.refresh_from_db()
        assert (one.leased, one.attempt) == (True, 1)
        assert 50 < seconds_left(one) <= 60
    coming.refresh_from_db()
    assert (coming.leased, coming.attempt) == (False, 0)


@pytest.mark.parametrize("state", ["key", "buying", "in_doubt", "files"])
def test_what_asks_the_vendor_is_claimed_apart_from_what_does_not(
    state: str, online: PluginConfiguration, make_request: MakeRequest
) -> None:
    asks, own = make_request(state=state), make_request(state="install")
    assert take(online, vendor=False) == [own.pk]
    assert take(online, vendor=True) == [asks.pk]


def test_a_claim_of_one_configuration_leaves_the_others_alone(
    online: PluginConfiguration, make_request: MakeRequest
) -> None:
    make_request()
    assert statements.claim(online.pk + 1, most=5, lease=60, vendor=True) == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"attempt": 4}, "somebody else claimed it"),
        ({"state": "files"}, "it has moved on"),
    ],
)
def test_a_move_whose_guard_does_not_hold_changes_nothing(
    change: dict[str, Any], why: str, make_request: MakeRequest
) -> None:
    request = make_request(attempt=3, leased=True, due=60)
    LicenseRequest.objects.filter(pk=request.pk).update(**change)
    before = LicenseRequest.objects.filter(pk=request.pk).values().get()
    assert moves.make([Move(request.pk, 3, "key", "attention")]) == set(), why
    assert LicenseRequest.objects.filter(pk=request.pk).values().get() == before


def test_of_many_moves_those_are_made_whose_guards_hold(make_request: MakeRequest) -> None:
    good, stale = make_request(), make_request(attempt=2)
    won = moves.make([Move(one.pk, 0, "key", "attention", trouble=Trouble("refused", "No.")) for one in (good, stale)])
    assert won == {good.pk}
    good.refresh_from_db()
    assert (good.state, good.stopped_in, good.problem_kind, good.due_at) == ("attention", "key", "refused", None)


def test_a_mover_that_goes_on_gets_a_new_lease_of_the_same_attempt(make_request: MakeRequest, settings: Any) -> None:
    settings.ENGINE_LEASE_SECONDS = 90
    request = make_request(attempt=1, leased=True, due=1)
    assert moves.make([Move(request.pk, 1, "key", "buying", leased=True)]) == {request.pk}
    request.refresh_from_db()
    assert (request.state, request.leased, request.attempt) == ("buying", True, 1)
    assert 80 < seconds_left(request) <= 90


def test_a_claim_is_the_intent_to_buy_and_says_so_once(online: PluginConfiguration, make_request: MakeRequest) -> None:
    request = make_request(due=-1)
    first = statements.claim(online.pk, most=1, lease=0, vendor=True)[0]
    request.refresh_from_db()
    intent = request.intent_at
    assert (request.state, bool(first[-1])) == ("buying", True)
    assert intent is not None
    time.sleep(0.01)
    second = statements.claim(online.pk, most=1, lease=60, vendor=True)[0]
    request.refresh_from_db()
    assert (request.state, bool(second[-1]), request.intent_at) == ("buying", False, intent)


@pytest.mark.parametrize(("kind", "state"), [("renew", "buying"), ("change", "buying"), ("terminate", "key")])
def test_only_what_costs_money_is_intended(
    kind: str, state: str, online: PluginConfiguration, make_request: MakeRequest
) -> None:
    request = make_request(kind=kind, license=make_license(online.classes.first()))
    assert bool(statements.claim(online.pk, most=1, lease=60, vendor=True)[0][-1]) is (state == "buying")
    request.refresh_from_db()
    assert (request.state, request.intent_at is not None) == (state, state == "buying")


@pytest.mark.parametrize(("end", "is_over"), [("cancelled", True), ("attention", False)])
def test_only_a_final_state_has_its_time_of_ending(end: str, *, is_over: bool, make_request: MakeRequest) -> None:
    request = make_request()
    moves.make([Move(request.pk, 0, "key", end)])
    request.refresh_from_db()
    assert (request.finished_at is not None) is is_over


def test_a_held_request_is_due_never_whatever_is_moved(make_request: MakeRequest) -> None:
    request = make_request(held=True, due=None)
    moves.make([Move(request.pk, 0, "key", "files", wait=0)])
    request.refresh_from_db()
    assert (request.state, request.due_at) == ("files", None)


def test_a_person_does_not_move_what_a_worker_has(make_request: MakeRequest) -> None:
    request = make_request(leased=True, attempt=1, due=30)
    assert moves.make([Move(request.pk, 1, "key", "cancelled", by_hand=True)]) == set()


def test_a_person_fences_off_a_worker_whose_lease_is_over(make_request: MakeRequest) -> None:
    request = make_request(leased=True, attempt=1, due=-1)
    assert moves.make([Move(request.pk, 1, "key", "key", wait=0, by_hand=True)]) == {request.pk}
    request.refresh_from_db()
    assert (request.leased, request.attempt) == (False, 2)
    assert moves.make([Move(request.pk, 1, "key", "buying", leased=True)]) == set()


def test_the_license_of_a_request_is_kept_by_moves_that_bring_none(make_request: MakeRequest) -> None:
    request = make_request(state="files", license=make_license())
    moves.make([Move(request.pk, 0, "files", "install", leased=True)])
    before = request.license_id
    request.refresh_from_db()
    assert request.license_id == before


def test_no_moves_are_no_statement() -> None:
    with CaptureQueriesContext(connection) as asked:
        assert moves.make([]) == set()
        statements.add_events([])
    assert len(asked) == 0


def test_five_hundred_moves_and_their_events_are_one_statement_each(
    make_request: MakeRequest, online: PluginConfiguration
) -> None:
    requests = [make_request() for _ in range(20)]
    rows = [Move(one.pk, 0, "key", "attention") for one in requests]
    rows += [Move(-number, 0, "key", "attention") for number in range(1, 481)]
    line = ("system", "", "waits", "Text.", "", 1, 203, None, requests[0].pk, None, online.pk)
    moves.make([Move(-1, 0, "key", "attention")])  # from here on PostgreSQL knows both statements by name
    statements.add_events([line])
    with CaptureQueriesContext(connection) as asked:
        assert len(moves.make(rows)) == 20
        statements.add_events([line] * 1000)
    assert len(asked) == 2


def test_new_rows_keep_whatever_their_fields_hold(online: PluginConfiguration, make_request: MakeRequest) -> None:
    word, whole = "a\\n'\"ä %s $1", datetime(2027, 2, 28, 23, 59, 59, 123456, tzinfo=UTC)
    dates = {"issued_at": whole, "expires_at": whole}
    request, body = make_request(), bytes(range(256))
    of = {"configuration": online, "license_class": request.license_class}
    made = [
        License(**of, **dates, key=f"{number}", fingerprint=f"{number}", activation_code=word, features=[word, "{}"])
        for number in range(3)
    ]
    add_rows(made)
    files = [LicenseFile(request=request, license=one, name=word, size=256, sha256="x", body=body) for one in made]
    add_rows(files)
    kept = License.objects.in_bulk([one.pk for one in made])
    assert [kept[one.pk].key for one in made] == ["0", "1", "2"]
    for one in kept.values():
        assert (one.activation_code, one.features) == (word, [word, "{}"])
        assert (one.issued_at, one.expires_at, one.expires_order, one.renew_at) == (whole, whole, whole, None)
        assert [(file.name, file.body) for file in one.files.all()] == [(word, body)]


# --- rooms: how many may go to a vendor now


def free(configuration: PluginConfiguration) -> int | None:
    rooms = [room for room in statements.open_rooms() if room.configuration == configuration.pk]
    return rooms[0].free if rooms else None


def test_live_leases_at_the_vendor_count_against_the_limit_and_others_do_not(
    online: PluginConfiguration, make_request: MakeRequest
) -> None:
    PluginConfiguration.objects.update(limit=5)
    make_request()
    make_request(state="files", leased=True, due=60)
    make_request(state="install", leased=True, due=60)
    make_request(state="buying", leased=True, due=-5)
    assert free(online) == 4


def test_a_configuration_without_due_requests_has_no_room(
    online: PluginConfiguration, make_request: MakeRequest
) -> None:
    make_request(due=5)
    make_request(due=None)
    assert free(online) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, 50),
        ({"mode": "offline"}, 0),
        ({"status": "paused"}, 0),
        ({"status": "fetching"}, 0),
        ({"status": "failed"}, 0),
        ({"parkings": 2}, 1),
    ],
)
def test_how_the_configuration_stands_decides_how_many_may_go(
    values: dict[str, Any], expected: int, online: PluginConfiguration, make_request: MakeRequest
) -> None:
    make_request()
    PluginConfiguration.objects.filter(pk=online.pk).update(**values)
    assert free(online) == expected


def test_a_parked_configuration_has_no_room_until_its_time_is_over(
    online: PluginConfiguration, make_request: MakeRequest
) -> None:
    make_request()
    row = PluginConfiguration.objects.filter(pk=online.pk)
    row.update(parkings=1, parked_until=statements.in_seconds(30))
    assert free(online) == 0
    row.update(parked_until=statements.in_seconds(-1))
    assert free(online) == 1


def test_a_claim_reads_what_is_due_and_not_all_that_waits(
    online: PluginConfiguration, make_request: MakeRequest
) -> None:
    if not is_postgresql():
        pytest.skip("The plan is PostgreSQL's.")
    one = make_request()
    many = [LicenseRequest(**{**_values(one), "due_at": statements.in_seconds(600)}) for _ in range(3000)]
    LicenseRequest.objects.bulk_create(many)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE licenses_licenserequest")
    for ask in (lambda: take(online), statements.open_rooms):
        LicenseRequest.objects.filter(pk=one.pk).update(due_at=statements.in_seconds(-1), leased=False)
        assert _removed_by_filter(ask) < 50


def _values(request: LicenseRequest) -> dict[str, Any]:
    return {
        "state": "key",
        "configuration_id": request.configuration_id,
        "license_class_id": request.license_class_id,
    }


def _removed_by_filter(ask: Any) -> int:
    """How many rows the statement reads in vain."""
    with CaptureQueriesContext(connection) as asked:
        ask()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {asked.captured_queries[-1]['sql']}")
        plan = cursor.fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan

    def below(node: dict[str, Any]) -> int:
        own = int(node.get("Rows Removed by Filter", 0)) * int(node.get("Actual Loops", 1))
        return own + sum(below(one) for one in node.get("Plans", ()))

    return below(plan[0]["Plan"])
