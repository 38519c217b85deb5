"""What a request's page says in each state, and how it follows along."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from licenses import services
from licenses.configurations import pause_configuration
from licenses.models import NEVER, InstallTarget, LicenseRequest, PluginConfiguration
from licenses.selectors import target_of
from licenses.uploads import upload
from licenses.wording import actions_of, next_step, steps_of
from pbas.core.models import Event
from pbas.core.story import SYSTEM
from subscriptions.models import Service
from subscriptions.services import service_failed
from tests.factories import World
from tests.web.moving import FILE, State, move, page_of, trouble

pytestmark = pytest.mark.django_db


@pytest.mark.convention(15)
def test_a_request_shows_everything_that_was_ordered(staff_client: Client, world: World, asked: LicenseRequest) -> None:
    properties = {
        "code": "X",
        "name": "Server",
        "features": [{"code": "30DOM", "name": "30 domains"}],
        "additional": [{"code": "AV", "name": "Antivirus"}],
    }
    asked.license_class.properties = properties
    asked.license_class.save()
    options = {"features": ["30DOM", "ODD"], "additional": ["AV"]}
    LicenseRequest.objects.filter(pk=asked.pk).update(options=options)
    text = staff_client.get(page_of(asked)).text
    for shown in ("30 domains, ODD", "Antivirus", world.subscription.name, world.order.number, "ada@example.com"):
        assert shown in text
    assert reverse("subscription", args=[world.subscription.pk]) in text
    assert reverse("order", args=[world.order.number]) in text


@pytest.mark.convention(14)
def test_the_head_tells_number_state_class_age_and_way_up_then_comes_what_is_next(
    staff_client: Client, asked: LicenseRequest
) -> None:
    LicenseRequest.objects.filter(pk=asked.pk).update(created_at=timezone.now() - timedelta(hours=3))
    text = staff_client.get(page_of(asked)).text
    head = text[text.index('id="head"') : text.index('id="progress"')]
    way_up = re.findall(r'<a href="([^"]+)">([^<]+)</a><span aria-hidden="true">/', head)
    assert way_up == [
        ("/license-requests/", "License Requests"),
        (f"/license-requests/?plugin={asked.configuration_id}", asked.configuration.name),
    ]
    [title] = re.findall(r"<h1>(.*?)</h1>", head, re.DOTALL)
    assert re.sub(r"<[^>]+>", "", title).split() == ["Request", str(asked.pk), *asked.get_state_display().split()]
    assert '<svg class="icon"' in title  # the state is never told by its colour alone
    assert f"{asked.class_name} · {asked.subscription} · " in head
    assert "3\xa0hours ago" in head
    assert 'class="sheet next-step' in text[text.index('id="progress"') :]


def test_the_title_of_a_request_on_hold_says_so_as_its_head_does(staff_client: Client, asked: LicenseRequest) -> None:
    LicenseRequest.objects.filter(pk=asked.pk).update(held=True, due_at=None)
    text = staff_client.get(page_of(asked)).text
    assert re.search(rf"<title>Request {asked.pk} \S On hold \S License Panel</title>", text)


@pytest.mark.convention(16)
def test_the_story_holds_that_of_the_subscription_and_the_order_newest_first(
    staff_client: Client, asked: LicenseRequest
) -> None:
    story = staff_client.get(page_of(asked)).text.split('id="story"')[1]
    told = [story.index(part) for part in ("All services", "Mail is ready", "was requested", "was paid", "was placed")]
    assert told == sorted(told)


@pytest.mark.django_db
def test_a_page_of_a_request_costs_few_statements(
    staff_client: Client, asked: LicenseRequest, django_assert_max_num_queries: Any
) -> None:
    upload(request=asked, key="SECRET-1234-ABCD", files=[FILE], actor=SYSTEM)
    staff_client.get(page_of(asked))
    with django_assert_max_num_queries(5):
        staff_client.get(page_of(asked))


def said(request: LicenseRequest, services: list[Service] | None = None) -> Any:
    return next_step(request, services=services or [], target=target_of(request))


def test_a_failed_service_is_named_and_whose_fault_it_is(staff_client: Client, world: World) -> None:
    service_failed(subscription=world.subscription, name="mail", reason="Node mx3 is down.", actor=SYSTEM)
    text = staff_client.get(page_of(world.request)).text
    assert "A service of the subscription failed" in text
    assert "Node mx3 is down." in text
    assert "It starts when all services of the subscription are ready." in text
    assert (
        "Waits for the services"
        in said(world.request, list(world.subscription.services.filter(name="hosting"))).heading
    )


def test_an_offline_request_asks_for_its_order_at_the_vendor(asked: LicenseRequest) -> None:
    step = said(asked)
    assert (step.primary, step.tone) == ("text", "wait")
    assert "works by hand" in step.by_itself


@pytest.mark.parametrize(
    ("kind", "heading", "primary"),
    [
        ("refused", "The vendor refused", "retry"),
        ("unknown", "was it sold?", "retry"),
        ("plugin_error", "The plug-in failed", "retry"),
        ("deadline", "without success", "retry"),
        ("something new", "needs you", "retry"),
    ],
)
@pytest.mark.convention(17)
def test_a_stopped_request_says_what_happened_whose_fault_and_the_vendors_words(
    staff_client: Client, online: LicenseRequest, kind: str, heading: str, primary: str
) -> None:
    move(online, State.ATTENTION, trouble=trouble(kind))
    step = said(online)
    assert heading in step.heading
    assert (step.tone, step.primary) == ("bad", primary)
    text = staff_client.get(page_of(online)).text
    assert "410: no contract for this key type" in text
    assert "our account at the vendor" in text
    assert 'class="btn btn-primary"' in text
    assert text.count("btn-primary") == 1


def test_a_request_in_doubt_is_never_said_to_be_bought_again(online: LicenseRequest) -> None:
    move(online, State.BUYING, State.IN_DOUBT, State.ATTENTION, trouble=trouble("unknown", "vendor or network"))
    assert "never bought again on a guess" in said(online).by_itself
    assert {"adopt", "retry", "cancel"} <= actions_of(online, has_files=False)


@pytest.mark.convention(17)
def test_what_goes_by_itself_says_when(online: LicenseRequest) -> None:
    step = said(online)
    assert (step.tone, step.primary) == ("wait", "")
    assert step.when is not None
    move(online, State.KEY, trouble=trouble("unavailable", "vendor or network"), wait=600)
    step = said(online)
    assert "It did not work yet" in step.heading
    assert step.when > timezone.now()


@pytest.mark.parametrize(("until", "heading"), [(NEVER, "has to be put right"), (None, "does not work for now")])
def test_a_request_whose_vendor_fails_waits_with_its_plug_in(online: LicenseRequest, until: Any, heading: str) -> None:
    configuration = online.configuration
    configuration.parkings, configuration.parked_why = 1, "401: wrong password"
    configuration.parked_until = until or timezone.now() + timedelta(minutes=4)
    step = said(online)
    assert heading in step.heading
    assert step.text == "401: wrong password"
    assert step.primary == "plugin"


def test_key_and_files_without_a_target_ask_for_it(world: World, asked: LicenseRequest) -> None:
    upload(request=asked, key="SECRET-1234-ABCD", files=[FILE], actor=SYSTEM)
    assert said(asked).primary == "install"
    InstallTarget.objects.all().delete()
    assert said(asked).primary == "target"
    assert world.subscription


def test_a_key_without_its_file_asks_for_that(asked: LicenseRequest) -> None:
    upload(request=asked, key="SECRET-1234-ABCD", actor=SYSTEM)
    assert said(asked).primary == "upload"


def test_the_line_of_steps_shows_where_a_request_is(online: LicenseRequest) -> None:
    marks = {step.label: step.mark for step in steps_of(online)}
    assert list(marks) == ["Ordered", "Services", "Key", "Files", "Install", "Proof", "Done"]
    assert (marks["Services"], marks["Key"], marks["Files"]) == ("done", "now", "later")
    move(online, State.BUYING, State.FILES, State.ATTENTION, trouble=trouble())
    marks = {step.label: step.mark for step in steps_of(online)}
    assert (marks["Key"], marks["Files"], marks["Install"]) == ("done", "late", "later")


@pytest.mark.convention(21)
def test_convention_21_each_step_that_is_over_has_its_time_on_the_page_whatever_part_of_the_story_is_shown(
    staff_client: Client, asked: LicenseRequest
) -> None:
    upload(request=asked, key="SECRET-1234-ABCD", files=[FILE], actor=SYSTEM)
    asked.refresh_from_db()
    at = Event.objects.get(kind="uploaded").at
    for query in ("", "?story=people", "?story=all"):
        page = staff_client.get(page_of(asked) + query).text
        told = re.findall(
            r'step-label">(\w+)<.*?</span></span>(?:<span class="step-at"><time datetime="([^"]+)")?', page
        )
        assert [label for label, _at in told] == ["Ordered", "Services", "Key", "Files", "Install", "Proof", "Done"]
        assert told[0][1] == asked.created_at.isoformat()
        assert [time for _label, time in told[2:]] == [at.isoformat(), at.isoformat(), "", "", ""]


@pytest.mark.parametrize("state", [state for state in State.values if state not in LicenseRequest.FINAL])
@pytest.mark.parametrize("kind", LicenseRequest.Kind.values)
@pytest.mark.parametrize("mode", ["online", "offline"])
def test_every_open_state_of_every_kind_has_words_steps_and_a_page(
    staff_client: Client, online: LicenseRequest, state: str, kind: str, mode: str
) -> None:
    LicenseRequest.objects.filter(pk=online.pk).update(state=state, kind=kind)
    PluginConfiguration.objects.filter(pk=online.configuration_id).update(mode=mode)
    text = staff_client.get(page_of(online)).text
    assert re.search(r'<h2><svg class="icon"[^>]*>.*?</svg>[^<]{4,}</h2>', text)
    online.refresh_from_db()
    assert sum(step.mark in {"now", "late"} for step in steps_of(online)) == 1


# --- live


def test_a_page_that_saw_the_newest_gets_nothing_and_an_older_one_the_changed_parts(
    staff_client: Client, online: LicenseRequest, django_assert_max_num_queries: Any
) -> None:
    page = staff_client.get(page_of(online)).text
    follow = unescape(re.search(r'id="progress" hx-get="([^"]+)" hx-trigger="every 2s"', page).group(1))  # type: ignore[union-attr]
    with django_assert_max_num_queries(3):
        assert staff_client.get(follow).status_code == 204
    move(online, State.BUYING)
    answer = staff_client.get(follow)
    assert answer.status_code == 200
    for part in ("progress", "head", "next-step", "delivered", "story"):
        assert f'id="{part}"' in answer.text
    assert 'name="files"' not in answer.text
    assert "Ordering at the vendor" in answer.text


@pytest.mark.convention(21)
def test_a_final_request_ends_the_asking(staff_client: Client, online: LicenseRequest) -> None:
    services.cancel_request(request=online, actor=SYSTEM, reason="x")
    answer = staff_client.get(page_of(online, "changes") + "?seen=old")
    assert answer.status_code == 286
    assert "hx-trigger" not in answer.text
    assert "hx-trigger" not in staff_client.get(page_of(online)).text


def test_a_request_of_a_paused_plugin_says_what_it_waits_for_and_when_it_comes_to_a_person(
    staff_client: Client, online: LicenseRequest
) -> None:
    configuration = online.configuration
    pause_configuration(configuration=configuration, reason="The vendor moves house.", actor=SYSTEM)
    page = staff_client.get(f"/license-requests/{online.pk}/").text
    assert f"{configuration.name} is paused" in page
    assert "The vendor moves house." in page
    assert "It goes on when the plug-in is resumed" in page
    assert "Comes to you on" in page
