"""The counters of tabs and states are what is there, whatever happens at once."""

import random
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from licenses import counters, invariants, moves
from licenses.counters import fold
from licenses.models import LicenseRequest, PluginConfiguration, StateCount
from licenses.moves import MOVES, Move
from tests.factories import make_class, make_configuration, make_license
from tests.unit.licenses.conftest import MakeRequest, is_postgresql


def wrong() -> list[str]:
    return [one.text for one in invariants.broken() if one.invariant.startswith("I6")]


def sums() -> Counter[tuple[str, int, str]]:
    total: Counter[tuple[str, int, str]] = Counter()
    for row in StateCount.objects.all():
        total[row.subject, row.configuration_id, row.state] += row.n
    return +total


@pytest.mark.django_db
def test_after_random_moves_each_sum_is_the_number_of_rows(make_request: MakeRequest) -> None:
    requests = [make_request(state=state) for state in ["services", "key", "attention"] * 8]
    chance = random.Random(20)  # noqa: S311 (a walk that can be repeated)
    for _ in range(60):
        batch = []
        for request in chance.sample(requests, 12):
            request.refresh_from_db()
            targets = sorted(MOVES[request.state])
            if targets:
                batch.append(Move(request.pk, request.attempt, request.state, chance.choice(targets)))
        moves.make(batch)
        assert wrong() == []


@pytest.mark.django_db
def test_rows_that_are_added_moved_between_tabs_and_removed_are_counted(make_request: MakeRequest) -> None:
    other = make_configuration()
    kept, moved, removed = (make_request() for _ in range(3))
    license_ = make_license(make_class(other))
    LicenseRequest.objects.filter(pk=moved.pk).update(configuration=other)
    removed.delete()
    type(license_).objects.update(state="installed")
    assert sums() == {
        ("request", kept.configuration_id, "key"): 1,
        ("request", other.pk, "key"): 1,
        ("license", other.pk, "installed"): 1,
    }
    assert wrong() == []


@pytest.mark.django_db
def test_a_change_of_anything_but_state_and_tab_adds_no_row(make_request: MakeRequest) -> None:
    make_request()
    before = StateCount.objects.count()
    LicenseRequest.objects.update(attempt=7, due_at=None)
    assert StateCount.objects.count() == before


@pytest.mark.django_db
@pytest.mark.parametrize("most", [7, 10_000])
def test_folding_keeps_the_sums_and_leaves_one_row_a_state(
    most: int, make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counters, "ENOUGH", 5)
    monkeypatch.setattr(counters, "MOST", most)
    for _ in range(20):
        request = make_request()
        moves.make([Move(request.pk, 0, "key", "attention")])
    before = sums()
    assert fold() > 0
    assert sums() == before
    assert StateCount.objects.count() < 5
    assert fold() == 0
    assert wrong() == []


@pytest.mark.django_db
def test_few_rows_are_left_alone(make_request: MakeRequest) -> None:
    make_request()
    assert fold() == 0


@pytest.mark.django_db(transaction=True)
def test_a_row_that_is_added_while_the_counters_are_folded_is_not_lost(
    online: PluginConfiguration, make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_postgresql():
        pytest.skip("SQLite has one writer at a time.")
    monkeypatch.setattr(counters, "ENOUGH", 2)
    added, folded = threading.Event(), threading.Event()

    def add_slowly() -> None:
        with transaction.atomic():
            make_request()
            added.set()
            folded.wait(10)

    thread = beside(add_slowly)
    added.wait(10)
    for _ in range(5):
        make_request()
    fold()
    folded.set()
    thread.join()
    assert sums() == {("request", online.pk, "key"): 6}
    assert wrong() == []


@pytest.mark.django_db(transaction=True)
def test_two_who_fold_at_once_count_nothing_twice(
    online: PluginConfiguration, make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counters, "ENOUGH", 2)
    for _ in range(50):
        make_request()
    for thread in [beside(fold) for _ in range(4)]:
        thread.join()
    assert sums() == {("request", online.pk, "key"): 50}


def beside(work: Callable[[], object]) -> threading.Thread:
    """Run in a thread with a connection of its own."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread
