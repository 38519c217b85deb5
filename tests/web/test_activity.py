"""The activity page: who did what, newest first."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from pbas.core import story
from pbas.core.kinds import KINDS
from pbas.core.models import Event
from pbas.core.sealing import newest_seal, seal_events
from pbas.core.story import SYSTEM, Unsaid, changes, tell
from subscriptions.selectors import events_since, events_until
from tests.factories import LOGIN, World, make_configuration, make_order

pytestmark = pytest.mark.django_db


def test_events_stand_newest_first_with_links_to_what_they_tell_of(staff_client: Client, world: World) -> None:
    assert world.request
    page = staff_client.get("/activity/").text
    assert page.index("was paid") < page.index("was placed")
    assert f'href="/orders/{world.order.number}/"' in page
    assert f'href="/license-requests/{world.request.pk}/"' in page
    assert f'href="/subscriptions/{world.subscription.pk}/"' in page


def test_events_are_filtered_by_who_acted(staff_client: Client, staff: User) -> None:
    tell(story.staff(staff), "noted", "A person did this.")
    tell(SYSTEM, "noted", "The panel did this.")
    page = staff_client.get("/activity/", {"actor": "staff"}).text
    assert "A person did this." in page
    assert "The panel did this." not in page


def test_the_page_costs_the_same_for_one_event_and_for_many(
    staff_client: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    for _ in range(60):
        make_order(world.plan)
    seal_events()
    with django_assert_max_num_queries(4):
        page = staff_client.get("/activity/").text
    assert page.count("was placed") == 50
    assert 'rel="next"' in page
    seal = newest_seal()
    assert seal is not None
    assert seal.digest in page


def test_an_empty_story_says_so(staff_client: Client) -> None:
    assert "Nothing happened yet" in staff_client.get("/activity/").text
    assert "Nobody of that kind" in staff_client.get("/activity/?actor=customer").text


def test_an_event_of_a_plugin_links_to_it(staff_client: Client, world: World) -> None:
    tell(SYSTEM, "noted", "Something about a plug-in.", configuration=world.configuration)
    assert f'href="/plugins/{world.configuration.pk}/"' in staff_client.get("/activity/").text


def test_an_event_says_from_which_address_it_was_done(staff_client: Client, world: World, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    behind = {"X-Forwarded-For": "198.51.100.9"}
    staff_client.post(f"/license-requests/{world.request.pk}/comment/", {"text": "Looked at it."}, headers=behind)
    event = Event.objects.get(kind="comment")
    assert event.address == "198.51.100.9"
    assert "198.51.100.9" in staff_client.get("/activity/").text
    assert Event.objects.exclude(kind="comment").filter(address__isnull=False).count() == 0


@pytest.mark.parametrize(
    "wanted", [{"person": "ann"}, {"kind": "key_revealed"}, {"address": "2001:db8::7"}, {"actor": "staff"}]
)
def test_events_are_filtered_by_person_kind_and_address(staff_client: Client, wanted: dict[str, str]) -> None:
    ann = story.Actor("staff", "ann", "2001:db8::7")
    tell(ann, "key_revealed", "This one.")
    tell(SYSTEM, "noted", "Not that one.")
    answer = staff_client.get("/activity/", wanted)
    assert "This one." in answer.text
    assert "Not that one." not in answer.text
    assert "Remove this filter" in answer.text


@pytest.mark.parametrize(("language", "word"), [("en", "Key revealed"), ("de", "Schlüssel angezeigt")])
def test_kinds_of_events_are_chosen_by_their_words_and_stand_in_the_address_by_their_codes(
    staff_client: Client, language: str, word: str
) -> None:
    staff_client.cookies["language"] = language
    tell(SYSTEM, "key_revealed", "Somebody looked at a key.")
    page = staff_client.get("/activity/?kind=key_revealed&columns=kind").text
    assert f'<option value="key_revealed" selected>{word}</option>' in page
    assert page.count(word) == 3  # the choice, the chip, the column
    assert not re.search(r">\s*key_revealed\s*<", page)
    words = re.findall(
        r'<option value="\w+"[^>]*>([^<]+)</option>', page.partition('id="kind"')[2].partition("</select>")[0]
    )
    assert words == sorted(words, key=str.casefold)
    assert len(words) == len(KINDS)


def test_a_kind_that_is_none_is_said_and_left_out(staff_client: Client) -> None:
    tell(SYSTEM, "noted", "Something.")
    page = staff_client.get("/activity/?kind=key_eaten").text
    assert "There is no kind of event “key_eaten”." in page
    assert "Something." in page


def test_an_address_that_is_none_is_said_and_left_out(staff_client: Client) -> None:
    tell(SYSTEM, "noted", "Something.")
    page = staff_client.get("/activity/?address=10.0.0.999").text
    assert "The filter has no value" in page
    assert "Something." in page


@pytest.mark.convention(16)
def test_what_was_changed_stands_in_the_story_before_and_after_and_secrets_only_as_changed(
    staff_client: Client,
) -> None:
    made = make_configuration(
        template="plesk_ka",
        mode="online",
        settings={**LOGIN, "scheme": "https", "host": "one.example", "port": 7050},
        secrets={"password": "old secret"},
    )
    form = {"name": made.name, "mode": "online", "limit": "20"}
    form |= {f"setting_{name}": str(value) for name, value in made.settings.items()}
    answer = staff_client.post(
        f"/plugins/{made.pk}/", {**form, "setting_host": "two.example", "setting_password": "new secret"}
    )
    assert answer.status_code == 302, answer.text
    detail = Event.objects.filter(kind="configuration_saved").latest("id").detail
    assert "Host: one.example → two.example" in detail
    assert "Calls at once: 50 → 20" in detail
    assert "API password: •••• → ••••" in detail
    assert "secret" not in detail
    assert "Name" not in detail


def test_changes_are_told_a_line_each_and_what_stayed_is_not() -> None:
    before = {"Fee": None, "Sold": True, "Name": "A", "Password": Unsaid("x")}
    after = {"Fee": 3, "Sold": False, "Name": "A", "Password": Unsaid("x")}
    assert changes(before, after) == "Fee: – → 3\nSold: yes → no"  # noqa: RUF001 (a dash)


def _told_at(moment: str, text: str, detail: str = "") -> None:
    told = Event(actor_kind="system", kind="noted", text=text, detail=detail, at=datetime.fromisoformat(moment))
    Event.objects.bulk_create([told])


@pytest.fixture
def told() -> None:
    """A story of three days, with gaps in its ids and two events that overtook each other."""
    _told_at("2026-03-01 12:00+00:00", "On the first.")
    _told_at("2026-03-02 00:00+00:00", "At midnight.")
    _told_at("2026-03-01 23:59+00:00", "Overtaken.")
    _told_at("2026-03-02 23:59+00:00", "Late on the second.")
    _told_at("2026-03-03 00:00+00:00", "On the third.", "The vendor said: no licence left.")


@pytest.mark.parametrize(
    ("days", "shown"),
    [
        ({"from": "2026-03-02"}, ["At midnight.", "Late on the second.", "On the third."]),
        ({"to": "2026-03-01"}, ["On the first.", "Overtaken."]),
        ({"from": "2026-03-02", "to": "2026-03-02"}, ["At midnight.", "Late on the second."]),
        ({"from": "2026-03-03", "to": "2026-03-01"}, []),
        ({"from": "2031-01-01"}, []),
        ({"to": "2001-01-01"}, []),
    ],
)
@pytest.mark.usefixtures("told")
def test_events_are_filtered_by_day_and_so_is_their_export(
    staff_client: Client, days: dict[str, str], shown: list[str]
) -> None:
    page = staff_client.get("/activity/", days).text
    export = _exported(staff_client, days)
    for text in Event.objects.filter(kind="noted").values_list("text", flat=True):
        assert (text in page) is (text in shown), text
        assert (text in export) is (text in shown), text


@pytest.mark.usefixtures("told")
def test_a_day_is_a_day_where_the_reader_is_on_the_page_and_in_the_export(staff_client: Client) -> None:
    staff_client.cookies["zone"] = "Pacific/Auckland"  # there the second begins at 11 o'clock of the first in UTC
    days = {"from": "2026-03-02", "to": "2026-03-02"}
    for text in (staff_client.get("/activity/", days).text, _exported(staff_client, days)):
        assert "On the first." in text
        assert "At midnight." in text
        assert "Late on the second." not in text


def _exported(client: Client, wanted: dict[str, str]) -> str:
    answer: Any = client.get("/lists/activity/export.csv", wanted)
    return b"".join(answer.streaming_content).decode()


@pytest.mark.usefixtures("told")
def test_events_are_found_by_words_of_text_and_detail_and_so_is_their_export(staff_client: Client) -> None:
    for words in ("the THIRD", "no licence", "third vendor"):
        page = staff_client.get("/activity/", {"q": words}).text
        export = _exported(staff_client, {"q": words})
        for text in (page, export):
            assert "On the third." in text, words
            assert "On the first." not in text, words
    assert "newest 10,000 events" in page
    assert "No event matches" in staff_client.get("/activity/", {"q": "third nobody"}).text


@pytest.mark.usefixtures("told")
def test_a_search_looks_through_a_bounded_number_of_events_of_the_days_chosen(
    staff_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subscriptions.selectors.LOOKED_THROUGH", 2)
    assert "On the first." not in staff_client.get("/activity/", {"q": "first"}).text
    assert "On the first." in staff_client.get("/activity/", {"q": "first", "to": "2026-03-01"}).text


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"q": "ab"}, "three signs or more"),
        ({"from": "yesterday"}, "is no day"),
        ({"to": "2026-02-30"}, "is no day"),
        ({"from": "0001-01-01"}, "is no day"),
        ({"to": "2026-W01-1"}, "is no day"),
    ],
)
@pytest.mark.usefixtures("told")
def test_a_search_too_short_and_a_day_that_is_none_are_said_and_left_out(
    staff_client: Client, wanted: dict[str, str], said: str
) -> None:
    page = staff_client.get("/activity/", wanted).text
    assert said in page
    assert "On the first." in page


@pytest.mark.usefixtures("told")
def test_days_cost_a_statement_each_and_a_search_none(staff_client: Client, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(4 + 2):
        page = staff_client.get("/activity/", {"q": "third", "from": "2026-03-01", "to": "2026-03-09"}).text
    assert "On the third." in page


def test_an_old_day_is_found_by_the_primary_key_not_by_reading_what_came_after() -> None:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    Event.objects.bulk_create(
        Event(actor_kind="system", kind="noted", text="Noted.", at=first + timedelta(minutes=n)) for n in range(20_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE core_event")
    rows = events_until(events_since(Event.objects.all(), first), first + timedelta(days=1)).order_by("-id")[:51]
    assert rows[0].at == first + timedelta(days=1, minutes=-1)
    plan = rows.explain()
    assert ("Index Scan Backward using core_event_pkey" if connection.vendor == "postgresql" else "PRIMARY KEY") in plan
