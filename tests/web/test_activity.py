"""The activity page: who did what, newest first."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from pbas.core import story
from pbas.core.models import Event
from pbas.core.sealing import newest_seal, seal_events
from pbas.core.story import SYSTEM, Unsaid, changes, tell
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


def test_an_address_that_is_none_is_said_and_left_out(staff_client: Client) -> None:
    tell(SYSTEM, "noted", "Something.")
    page = staff_client.get("/activity/?address=10.0.0.999").text
    assert "The filter has no value" in page
    assert "Something." in page


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
