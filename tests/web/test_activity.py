"""The activity page: who did what, newest first."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from pbas.core import story
from pbas.core.sealing import newest_seal, seal_events
from pbas.core.story import SYSTEM, tell
from tests.factories import World, make_order

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
