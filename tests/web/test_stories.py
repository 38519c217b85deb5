"""The timelines of the details pages, by part."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from licenses.models import LicenseRequest
from pbas.core.models import PROBLEMS, Event
from pbas.core.stories import PARTS, Story
from pbas.core.story import SYSTEM, Actor, tell
from tests.factories import World
from tests.web.moving import State, move, page_of, uploaded

pytestmark = pytest.mark.django_db

ADA = Actor(Event.Actor.STAFF, "ada")
CURRENT = re.compile(r'<a id="story-(\w+)" href="([^"]*)" aria-current="true">')
TOLD = re.compile(r"<p>(Told of [^<.]+)\.")


def timeline(client: Client, address: str) -> tuple[str, str, set[str]]:
    """The part shown, where a click on it leads, and what of the test's own events is shown."""
    page = client.get(address).text
    [(part, link)] = CURRENT.findall(page)
    return part, link, set(TOLD.findall(page))


def tell_of_all(**subject: Any) -> None:
    tell(SYSTEM, "waits", "Told of a try.", **subject)
    tell(SYSTEM, "needs_attention", "Told of a stop.", **subject)
    tell(SYSTEM, "key_issued", "Told of a key.", **subject)
    tell(SYSTEM, "proven", "Told of a proof.", **subject)
    tell(SYSTEM, "service_ready", "Told of a service.", **subject)
    tell(ADA, "comment", "Told of a call.", **subject)


EXPECTED = {
    "problems": {"Told of a try", "Told of a stop"},
    "vendor": {"Told of a try", "Told of a key"},
    "target": {"Told of a proof"},
    "order": {"Told of a service"},
    "people": {"Told of a call"},
}


@pytest.mark.convention(16)
def test_convention_16_a_timeline_is_filtered_by_the_kind_of_its_events_with_the_filter_shown_and_all_one_click_away(
    staff_client: Client, world: World, asked: LicenseRequest
) -> None:
    pages: dict[str, dict[str, Any]] = {
        page_of(asked): {"request": asked},
        reverse("subscription", args=[world.subscription.pk]): {"subscription": world.subscription},
        reverse("order", args=[world.order.number]): {"order": world.order},
        reverse("plugin", args=[asked.configuration_id]): {"configuration": asked.configuration},
    }
    for address, subject in pages.items():
        tell_of_all(**subject)
        part, link, told = timeline(staff_client, address)
        assert (part, link) == ("all", "?#story")
        assert told >= set.union(*EXPECTED.values())
        for name, expected in EXPECTED.items():
            part, link, told = timeline(staff_client, f"{address}?story={name}")
            assert (part, link) == (name, f"?story={name}#story")
            assert told == expected
            assert '<a id="story-all" href="?#story">' in staff_client.get(f"{address}?story={name}").text


def test_a_license_has_the_parts_of_its_timeline_with_those_of_its_requests(
    staff_client: Client, world: World, asked: LicenseRequest
) -> None:
    license_ = uploaded(world, key="PLSK-1")
    tell_of_all(request=asked)
    address = reverse("license", args=[license_.pk])
    for name, expected in EXPECTED.items():
        assert timeline(staff_client, f"{address}?story={name}")[2] == expected


def test_a_part_in_which_nothing_happened_says_so_and_an_unknown_part_is_all(
    staff_client: Client, asked: LicenseRequest
) -> None:
    page = staff_client.get(f"{page_of(asked)}?story=problems").text
    assert "Nothing of this kind has happened." in page
    assert timeline(staff_client, f"{page_of(asked)}?story=nonsense")[0] == "all"


def test_a_request_that_follows_along_keeps_its_part_and_hears_of_what_is_not_shown(
    staff_client: Client, online: LicenseRequest
) -> None:
    page = staff_client.get(f"{page_of(online)}?story=people").text
    [asks] = re.findall(r'hx-get="([^"]+)"', page.split('id="progress"')[1][:200])
    asks = asks.replace("&amp;", "&")
    assert asks.endswith("&story=people")
    assert staff_client.get(asks).status_code == 204
    move(online, State.BUYING)
    tell(SYSTEM, "intent", "Told of an order.", request=online)
    changed = staff_client.get(asks).text
    assert CURRENT.findall(changed)[0][0] == "people"
    assert "Told of an order" not in changed


def test_who_asks_for_news_of_a_request_and_there_is_none_reads_one_event(
    staff_client: Client, online: LicenseRequest
) -> None:
    tell_of_all(request=online)
    page = staff_client.get(page_of(online)).text
    [asks] = re.findall(r'hx-get="([^"]+)"', page.split('id="progress"')[1][:200])
    with CaptureQueriesContext(connection) as asked:
        assert staff_client.get(asks.replace("&amp;", "&")).status_code == 204
    [reads] = [one["sql"] for one in asked if 'FROM "core_event"' in one["sql"]]
    assert reads.endswith("LIMIT 1")


def test_the_parts_of_a_timeline_cover_all_that_is_a_problem_and_show_all_of_a_part_at_once(
    asked: LicenseRequest,
) -> None:
    for kind in PROBLEMS:
        tell(SYSTEM, kind, "Told.", request=asked)
    for _n in range(100):
        tell(SYSTEM, "proven", "Told.", request=asked)
    rows = Event.objects.filter(request=asked)
    assert {event.kind for event in Story(rows, "problems").events} == PROBLEMS
    assert len(Story(rows, "target").events) > 100
    assert Story(rows).is_cut
    assert not set(PARTS) & {"all", ""}
