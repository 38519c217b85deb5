"""Actions over many rows: asked for, done one by one through the services, told row by row."""

import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from licenses import services
from licenses.bulk import REQUEST_ACTIONS
from licenses.models import License, LicenseRequest
from pbas.core import tasks
from pbas.core.lists import bulk
from pbas.core.lists.bulk_pages import Shown
from pbas.core.models import BulkRow, BulkRun, Event
from pbas.core.story import SYSTEM
from tests.factories import World, make_class, make_configuration, make_license, make_subscription

pytestmark = pytest.mark.django_db

BULK = "/lists/license_requests/bulk/"
QUESTION = 5  # statements: who asks, tabs, the rows by how they stand, one of each, and eight that are named


@pytest.fixture
def requests(world: World) -> list[LicenseRequest]:
    """Five that wait for services."""
    return [world.request, *(make_subscription().license_requests.get() for _n in range(4))]


def begin(client: Client, action: str, *ids: int, reason: str = "", **more: str) -> Any:
    """From the list over the question to the run."""
    given: dict[str, Any] = {"action": action, "row": [str(pk) for pk in ids], **more}
    asked = client.post(BULK, given)
    assert asked.status_code == 200, asked["Location"]
    hidden = dict(re.findall(r'<input type="hidden" name="(once|sure)" value="([^"]+)"', asked.text))
    return client.post(BULK, {**given, **hidden, "reason": reason})


def outcomes(run: BulkRun) -> dict[int, tuple[str, str]]:
    return {row.target: (row.outcome, row.text) for row in run.rows.all()}


@pytest.mark.convention(23)
def test_ticked_requests_are_held_each_by_its_service_and_what_changed_meanwhile_is_skipped_with_the_reason(
    staff_client: Client, requests: list[LicenseRequest]
) -> None:
    first, second, third, *others = requests
    question = staff_client.post(BULK, {"action": "hold", "row": [first.pk, second.pk, third.pk]}).text
    assert "Put 3 requests on hold?" in question
    answer = begin(staff_client, "hold", first.pk, second.pk, third.pk, reason="Audit")
    run = BulkRun.objects.get()
    assert answer["Location"] == f"/runs/{run.pk}/"
    assert "0 of 3 tried" in staff_client.get(answer["Location"]).text
    services.cancel_request(request=second, actor=SYSTEM, reason="not wanted")
    tasks.go_on_with_run(run.pk)
    run.refresh_from_db()
    assert (run.state, run.total, run.done, run.skipped, run.failed) == ("finished", 3, 2, 1, 0)
    assert outcomes(run)[second.pk] == ("skipped", f"Request {second.pk} cannot be held: cancelled.")
    assert set(LicenseRequest.objects.filter(held=True)) == {first, third}
    told = Event.objects.filter(kind="held", request=first).get()
    assert (told.actor, told.actor_kind, told.detail) == ("staff", "staff", "Audit")
    assert Event.objects.filter(kind="bulk_started", actor="staff").count() == 1
    page = staff_client.get(answer["Location"]).text
    assert "3 of 3 tried: 2 done, 1 skipped, 0 failed." in page
    assert staff_client.get(f"/runs/{run.pk}/?outcome=skipped").text.count('<td class="key">') == 1
    assert staff_client.get(f"/runs/{run.pk}/progress/").status_code == 286
    results: Any = staff_client.get(f"/runs/{run.pk}/results.csv")
    lines = b"".join(results.streaming_content).decode().splitlines()
    assert lines[0] == "id,row,outcome,reason"
    assert len(lines) == 4
    assert "Hold" in staff_client.get("/runs/").text
    assert len(others) == 2


def foreseen(page: str) -> list[tuple[str, ...]]:
    """The lines of the question's table: how rows stand, how many, what will happen."""
    rows = re.findall(r"<tr>\s*<td>(.*?)</td>\s*<td[^>]*>(.*?)</td>\s*<td[^>]*>(.*?)</td>", page, re.DOTALL)
    return [tuple(html.unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in row) for row in rows]


@pytest.mark.convention(9)
def test_convention_9_the_question_tells_how_many_rows_it_will_touch_by_state_and_which_it_will_skip_and_why(
    staff_client: Client, requests: list[LicenseRequest]
) -> None:
    held, cancelled, *waiting = requests
    services.hold_request(request=held, actor=SYSTEM)
    services.cancel_request(request=cancelled, actor=SYSTEM, reason="not wanted")
    whole = staff_client.post(BULK, {"action": "hold", "query": "", "whole": "1"}).text
    assert foreseen(whole) == [
        ("Waits for services", "3", "Hold"),
        ("Cancelled", "1", f"Skipped: Request {cancelled.pk} cannot be held: cancelled."),
        (
            "Waits for services, on hold",
            "1",
            f"Skipped: Request {held.pk} cannot be held: waits for services, on hold.",
        ),
    ]
    assert "Hold: 3</button>" in whole
    ticked = staff_client.post(BULK, {"action": "release", "row": [held.pk, waiting[0].pk]}).text
    told = [line[:2] for line in foreseen(ticked)]
    assert told == [("Waits for services, on hold", "1"), ("Waits for services", "1")]
    begin(staff_client, "hold", query="", whole="1")
    bulk.go_on(BulkRun.objects.get().pk)
    run = BulkRun.objects.get()
    assert (run.done, run.skipped, run.failed) == (3, 2, 0), "as the question foretold"
    none = staff_client.post(BULK, {"action": "hold", "row": [held.pk]}).text
    assert "it would be done with none of these rows" in none
    assert 'name="sure"' in none
    assert "Hold: 0" not in none


def test_a_license_is_foreseen_by_its_state_its_plugin_and_its_open_requests(staff_client: Client) -> None:
    online = make_class(make_configuration(template="plesk_ka", mode="online"))
    given: dict[str, Any] = {"state": "installed", "expires_at": timezone.now()}
    free, asked, waiting = (make_license(online, subscription=make_subscription(), **given) for _n in range(3))
    services.renew_license(license=asked, actor=SYSTEM)
    License.objects.filter(pk=waiting.pk).update(state="suspended")
    stock = make_license(online, **given)
    page = staff_client.post("/lists/licenses/bulk/", {"action": "renew", "query": "", "whole": "1"}).text
    assert [line[:2] for line in foreseen(page) if line[2] == "Renew"] == [("Installed", "1")]
    skipped = {line[2] for line in foreseen(page) if line[2] != "Renew"}
    assert f"Skipped: License {asked.key} already has an open request of this kind." in skipped
    assert f"Skipped: License {waiting.key} is suspended; that cannot be asked for now." in skipped
    assert any("is in stock" in line for line in skipped), stock
    assert free.key in page


@pytest.mark.convention(9)
def test_the_question_costs_the_same_statements_whatever_the_rows_are_and_is_bounded(
    staff_client: Client, requests: list[LicenseRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    def cost(number: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            staff_client.post(BULK, {"action": "cancel", "row": [one.pk for one in requests[:number]]})
        return len(queries)

    services.hold_request(request=requests[0], actor=SYSTEM)
    LicenseRequest.objects.filter(pk=requests[1].pk).update(state="key", intent_at=timezone.now())
    LicenseRequest.objects.filter(pk=requests[2].pk).update(state="in_doubt", intent_at=timezone.now())
    cost(5)
    assert cost(1) == cost(5) == QUESTION
    monkeypatch.setattr(bulk, "MOST_ROWS", 3)
    with CaptureQueriesContext(connection) as queries:
        page = staff_client.post(BULK, {"action": "hold", "query": "", "whole": "1"}, follow=True).text
    assert "These are more than 3 rows: filter the list." in page
    [counted] = [query["sql"] for query in queries if query["sql"].startswith("WITH found")]
    assert "LIMIT 4)" in counted, "no more rows are looked at than tell that"


def test_requests_that_may_have_been_sold_are_skipped_by_a_cancel_of_many_as_no_vendor_is_asked_in_a_transaction(
    staff_client: Client, requests: list[LicenseRequest]
) -> None:
    LicenseRequest.objects.filter(pk=requests[0].pk).update(state="in_doubt", intent_at=timezone.now())
    given = [requests[0].pk, requests[1].pk]
    question = staff_client.post(BULK, {"action": "cancel", "row": given}).text
    assert [line[:2] for line in foreseen(question)] == [("Waits for services", "1"), ("In doubt", "1")]
    begin(staff_client, "cancel", *given, reason="The shop closed")
    run = BulkRun.objects.get()
    bulk.go_on(run.pk)
    assert outcomes(run)[requests[0].pk] == (
        "skipped",
        f"Request {requests[0].pk} may have been sold: give it up on its own page, where the vendor is asked first.",
    )
    assert outcomes(run)[requests[1].pk][0] == "done"


@pytest.mark.convention(9)
def test_the_whole_filter_is_meant_not_only_the_page(staff_client: Client, requests: list[LicenseRequest]) -> None:
    services.hold_request(request=requests[0], actor=SYSTEM)
    services.cancel_request(request=requests[1], actor=SYSTEM, reason="not wanted")
    begin(staff_client, "cancel", query="state=services&size=25", whole="1", reason="The shop closed")
    run = BulkRun.objects.get()
    assert run.query == "?state=services"
    tasks.go_on_with_run(run.pk)
    run.refresh_from_db()
    assert (run.total, run.done) == (4, 4)
    assert not LicenseRequest.objects.exclude(state="cancelled").exists()


def test_a_filter_that_lost_a_part_moves_nothing_and_rows_that_came_after_the_question_are_not_meant(
    staff_client: Client, requests: list[LicenseRequest]
) -> None:
    gone = {"action": "cancel", "query": "plugin=99999", "whole": "1", "sure": "1", "reason": "The shop closed"}
    for query in ("plugin=99999", "colour=red"):
        answer = staff_client.post(BULK, {**gone, "query": query}, follow=True)
        assert "The filter has changed" in answer.text
    assert not BulkRun.objects.exists()
    question = staff_client.post(BULK, {"action": "hold", "query": "state=services", "whole": "1"}).text
    newest = re.findall(r'name="newest" value="(\d+)"', question)[0]
    late = make_subscription().license_requests.get()
    staff_client.post(BULK, {"action": "hold", "query": "state=services", "whole": "1", "sure": "1", "newest": newest})
    assert late.pk not in outcomes(BulkRun.objects.get())
    assert BulkRun.objects.get().total == len(requests)


def test_a_form_sent_twice_begins_one_run_and_a_missing_reason_or_row_is_said(
    staff_client: Client, requests: list[LicenseRequest]
) -> None:
    given = {"action": "cancel", "row": [requests[0].pk], "sure": "1", "once": "0b6b5a6e-4a57-4d2c-9f6a-1d5f6f3b7a11"}
    assert "Say why" in staff_client.post(BULK, given).text
    pages = {staff_client.post(BULK, {**given, "reason": "Wrong"})["Location"] for _n in range(2)}
    assert len(pages) == BulkRun.objects.count() == 1
    assert "Tick the rows" in staff_client.post(BULK, {"action": "hold", "sure": "1"}, follow=True).text
    for odd in ({"action": "hold"}, {"action": "hold", "row": ["x", "999999"]}, {"action": "sell", "row": ["1"]}):
        answer = staff_client.post(BULK, odd, follow=True)
        assert 'class="note note-error"' in answer.text
    assert staff_client.post("/lists/orders/bulk/", {"action": "hold", "row": ["1"]}, follow=True).status_code == 200
    assert BulkRun.objects.count() == 1


def test_a_run_goes_on_after_a_crash_does_no_row_twice_and_is_done_by_one_worker_at_a_time(
    staff_client: Client, requests: list[LicenseRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(staff_client, "hold", *(one.pk for one in requests))
    run = BulkRun.objects.get()
    do_one = bulk._do_one
    done: list[int] = []

    def crash_at_the_third(run: BulkRun, action: Any, pk: int) -> bool:
        if len(done) == 2:
            raise SystemExit
        done.append(pk)
        return do_one(run, action, pk)

    monkeypatch.setattr(bulk, "_do_one", crash_at_the_third)
    with pytest.raises(SystemExit):
        bulk.go_on(run.pk)
    monkeypatch.undo()
    assert bulk.open_runs() == []
    bulk.go_on(run.pk)
    assert LicenseRequest.objects.filter(held=True).count() == 2
    BulkRun.objects.update(leased_until="2020-01-01T00:00Z")
    assert bulk.open_runs() == [run.pk]
    bulk.go_on(run.pk)
    bulk.go_on(run.pk)
    run.refresh_from_db()
    assert (run.state, run.done, run.skipped) == ("finished", 5, 0)
    assert Event.objects.filter(kind="held").count() == 5


@pytest.mark.parametrize(("rows", "said"), [(1, "1 Anfrage anhalten?"), (1000, "1.000 Anfragen anhalten?")])
def test_the_question_writes_its_number_as_the_language_does(rows: int, said: str) -> None:
    hold = next(one for one in REQUEST_ACTIONS if one.name == "hold")
    with translation.override("de"):
        assert hold.question % {"n": Shown(rows)} == said


def test_a_stopped_run_does_no_further_row_and_undoes_none(
    staff_client: Client, requests: list[LicenseRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(staff_client, "hold", *(one.pk for one in requests))
    run = BulkRun.objects.get()
    do_one = bulk._do_one

    def stop_at_the_second(run: BulkRun, action: Any, pk: int) -> bool:
        if BulkRow.objects.filter(outcome="done").exists():
            assert staff_client.post(f"/runs/{run.pk}/stop/").status_code == 302
        return do_one(run, action, pk)

    monkeypatch.setattr(bulk, "_do_one", stop_at_the_second)
    bulk.go_on(run.pk)
    run.refresh_from_db()
    assert (run.state, run.done, run.tried) == ("stopped", 1, 1)
    assert LicenseRequest.objects.filter(held=True).count() == 1
    assert "already" in staff_client.post(f"/runs/{run.pk}/stop/", follow=True).text
    left = run.total - 1
    said = f"Run {run.pk} was stopped: 1 done, 0 skipped, 0 failed; {left} left as they were."
    assert said in staff_client.get("/notices/").text


def test_a_row_that_the_rules_forbid_is_told_as_failed_and_the_others_go_on(staff_client: Client) -> None:
    one, other = make_license(make_class()), make_license(make_class(), state="installed")
    begun = staff_client.post(
        "/lists/licenses/bulk/", {"action": "suspend", "row": [one.pk, other.pk], "sure": "1", "reason": "Unpaid"}
    )
    run = BulkRun.objects.get()
    assert begun["Location"] == f"/runs/{run.pk}/"
    bulk.go_on(run.pk)
    found = outcomes(run)
    assert found[one.pk][0] == "skipped"
    assert found[other.pk] == (
        "failed",
        f"{other.configuration.name} is offline: that is arranged with the vendor, not here.",
    )
