"""Notices: long work that somebody asked for is under way in his frame, and he is told when it has ended."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import translation

from licenses import classes
from licenses.models import LicenseRequest
from licenses.reconciling.rounds import reconcile, want_round
from pbas.core.lists import bulk
from pbas.core.lists.models import BulkRun
from pbas.core.models import Event
from pbas.core.notices import services as notices
from pbas.core.notices.models import TEXTS, Notice
from pbas.core.story import SYSTEM
from pbas.core.story import staff as as_staff
from tests.factories import World, fresh_client, make_configuration

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _frame_counts_anew() -> None:
    cache.clear()


def bell_of(client: Client) -> str:
    """What the frame of any page says of notices."""
    page = client.get("/notices/follow/").text
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", page)).strip()


def hold(client: Client, request: LicenseRequest, capture: Any) -> BulkRun:
    """Ask to have a request held by a run."""
    given = {"action": "hold", "row": [request.pk], "sure": "1", "reason": "Invoice in dispute."}
    with capture(execute=True):
        client.post("/lists/license_requests/bulk/", given)
    return BulkRun.objects.get()


def test_a_run_is_under_way_in_its_owners_frame_and_its_end_is_said_once(
    staff: User, staff_client: Client, world: World, django_capture_on_commit_callbacks: Any
) -> None:
    run = hold(staff_client, world.request, django_capture_on_commit_callbacks)
    assert "1 under way" in bell_of(staff_client)
    assert 'hx-trigger="every 3s"' in staff_client.get("/plans/").text
    with django_capture_on_commit_callbacks(execute=True):
        bulk.go_on(run.pk)
    said = staff_client.get("/notices/follow/?unread=0").text
    assert f"Run {run.pk} has ended: 1 done, 0 skipped, 0 failed." in said
    assert 'hx-trigger="every 3s"' not in said
    assert "has ended" not in staff_client.get("/notices/follow/?unread=1").text
    assert notices.counted(staff).unread == 1
    assert list(Event.objects.filter(kind="held").values_list("actor", "address")) == [("staff", "127.0.0.1")]
    notice = Notice.objects.get()
    assert f'href="/notices/{notice.pk}/"' in staff_client.get("/notices/").text
    with django_capture_on_commit_callbacks(execute=True):
        assert staff_client.get(f"/notices/{notice.pk}/")["Location"] == f"/runs/{run.pk}/"
    assert notices.counted(staff).unread == 0


def test_who_watches_a_run_to_its_end_is_not_told_of_it_again(
    staff: User, staff_client: Client, world: World, django_capture_on_commit_callbacks: Any
) -> None:
    run = hold(staff_client, world.request, django_capture_on_commit_callbacks)
    with django_capture_on_commit_callbacks(execute=True):
        bulk.go_on(run.pk)
    staff_client.get(f"/runs/{run.pk}/progress/")
    assert notices.counted(staff) == notices.Counted(open=0, unread=0)


def test_notices_are_their_owners_alone(
    staff_client: Client, world: World, django_capture_on_commit_callbacks: Any
) -> None:
    hold(staff_client, world.request, django_capture_on_commit_callbacks)
    other = fresh_client(User.objects.create_superuser("other"))
    assert "under way" not in bell_of(other)
    assert "Run" not in other.get("/notices/").text.partition("<main")[2]
    assert other.get(f"/notices/{Notice.objects.get().pk}/").status_code == 404


def test_a_fetch_of_classes_and_a_reconciliation_tell_who_asked_for_them_how_they_ended(
    simulator: Any, staff: User, staff_client: Client
) -> None:
    works = make_configuration(simulator)
    classes.want_classes(configuration=works, actor=as_staff(staff))
    want_round(configuration=works, actor=as_staff(staff))
    classes.want_classes(configuration=works, actor=SYSTEM)
    assert set(Notice.objects.values_list("kind", "state")) == {("classes", "open"), ("reconciliation", "open")}
    classes.fetch_due(works.pk)
    reconcile(works.pk)
    page = staff_client.get("/notices/").text
    assert re.search(rf"{works.name}: \d+ license classes are here\.", page)
    assert f"{works.name}: 0 keys were compared with ours." in page


def test_a_fetch_that_failed_is_said_to_have_failed(staff: User, staff_client: Client) -> None:
    nowhere = make_configuration(
        template="plesk_ka",
        mode="online",
        settings={"login": "demo", "client": "demo", "host": "127.0.0.1", "port": 1},
        secrets={"password": "x"},
    )
    classes.want_classes(configuration=nowhere, actor=as_staff(staff))
    with pytest.raises(Exception, match=r"127\.0\.0\.1"):
        classes.fetch_due(nowhere.pk)
    assert Notice.objects.get().state == "failed"
    assert "the license classes could not be fetched" in staff_client.get("/notices/").text


def test_a_page_costs_no_statement_for_its_notices(staff: User, django_assert_num_queries: Any) -> None:
    notices.recount(staff.pk)
    with django_assert_num_queries(0):
        assert notices.counted(staff) == notices.Counted()


def test_every_text_can_be_made_of_the_words_that_its_kind_has() -> None:
    words = {"run": 1, "total": 2, "done": 1, "skipped": 1, "failed": 0, "left": 0, "plugin": "Vendor", "n": 3}
    with translation.override("en"):
        assert all(str(text) % words for text in TEXTS.values())
