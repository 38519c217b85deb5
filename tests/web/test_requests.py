"""The pages of license requests: the list, what one says in each state, and what a person does by hand."""

import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ka_plugins.contract import KeyFile, Target
from licenses import moves, services
from licenses.models import NEVER, InstallTarget, LicenseRequest, PluginConfiguration
from licenses.selectors import target_of
from licenses.uploads import MAX_FILE_BYTES, upload
from licenses.wording import actions_of, next_step, steps_of
from pbas.core.models import Event
from pbas.core.story import SYSTEM
from subscriptions.models import Service
from subscriptions.services import service_failed
from tests.factories import World, make_class, make_configuration, make_ready, make_subscription

pytestmark = pytest.mark.django_db

State = LicenseRequest.State
PAGE = "/license-requests/"
FILE = KeyFile("license.xml", b"<key/>")


@pytest.fixture
def asked(world: World, tmp_path: Path) -> LicenseRequest:
    """An offline request that waits for its key; its subscription is ready."""
    make_ready(world.subscription, tmp_path)
    return world.subscription.license_requests.get()


@pytest.fixture
def online(world: World, tmp_path: Path) -> LicenseRequest:
    """An online request that waits for its key."""
    world.configuration = make_configuration(template="plesk_ka", mode=PluginConfiguration.Mode.ONLINE)
    make_ready(world.subscription, tmp_path)
    return world.subscription.license_requests.get()


def page_of(request: LicenseRequest, part: str = "") -> str:
    return reverse(f"license_request{part and '_' + part}", args=[request.pk])


def move(request: LicenseRequest, *states: str, trouble: moves.Trouble | None = None, **values: Any) -> None:
    """Let a request walk through states, as the engine does."""
    for state in states:
        made = moves.Move(request.pk, request.attempt, request.state, state, trouble=trouble, **values)
        assert moves.make([made])
        request.refresh_from_db()


def trouble(kind: str = "refused", fault: str = "order or vendor account") -> moves.Trouble:
    return moves.Trouble(kind, "The vendor said no.", fault, "410: no contract for this key type")


def file_of(name: str = "license.xml", body: bytes = b"<key/>") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, body)


# --- the list


def rows_on(text: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'<td class="key"><a href="/license-requests/(\d+)/"', text)]


def test_the_list_has_tabs_states_and_exact_totals(staff_client: Client, asked: LicenseRequest) -> None:
    other = make_subscription().license_requests.get()
    text = staff_client.get(PAGE).text
    assert rows_on(text) == [other.pk, asked.pk]
    assert rows_on(staff_client.get(f"{PAGE}?plugin={asked.configuration_id}").text) == [asked.pk]
    assert rows_on(staff_client.get(f"{PAGE}?state=services").text) == [other.pk]
    counts = dict(re.findall(r'id="state-(\w+)" href="[^"]*"[^>]*>[^<]*<b>(\d+)</b>', text))
    assert counts["all"] == "2"
    assert counts["key"] == counts["services"] == "1"


def test_the_list_says_how_many_need_somebody(staff_client: Client, online: LicenseRequest) -> None:
    move(online, State.ATTENTION, trouble=trouble())
    text = staff_client.get(PAGE).text
    assert "1 open request, 1 needs you" in text
    assert "state-attention" in text


def test_a_request_on_hold_says_that_in_the_list(staff_client: Client, asked: LicenseRequest) -> None:
    services.hold_request(request=asked, actor=SYSTEM)
    assert "On hold" in staff_client.get(PAGE).text


def test_requests_are_found_by_order_account_and_key(staff_client: Client, world: World, asked: LicenseRequest) -> None:
    make_subscription()
    upload(request=asked, key="SECRET-1234-ABCD", actor=SYSTEM)
    for word in (world.order.number, world.subscription.name, "ABCD"):
        assert rows_on(staff_client.get(PAGE, {"q": word}).text) == [asked.pk]


@pytest.mark.parametrize(("query", "most"), [({}, 4), ({"q": "host"}, 5), ({"state": "key", "plugin": "1"}, 4)])
def test_a_page_of_the_list_costs_five_statements_at_most(
    staff_client: Client, django_assert_max_num_queries: Any, query: dict[str, str], most: int
) -> None:
    for _n in range(4):
        make_subscription()
    staff_client.get(PAGE)
    with django_assert_max_num_queries(most):
        staff_client.get(PAGE, query)


# --- what a page says


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
    assert "cancel" not in actions_of(online, has_files=False)
    assert {"adopt", "retry"} <= actions_of(online, has_files=False)


def test_what_goes_by_itself_says_when(online: LicenseRequest) -> None:
    step = said(online)
    assert (step.tone, step.primary) == ("wait", "")
    assert step.when is not None
    move(online, State.KEY, trouble=trouble("unavailable", "vendor or network"), wait=600)
    step = said(online)
    assert "It did not work yet" in step.heading
    assert step.when > timezone.now()


@pytest.mark.parametrize(("until", "heading"), [(NEVER, "has to be put right"), (None, "cannot be reached for now")])
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


def test_a_final_request_ends_the_asking(staff_client: Client, online: LicenseRequest) -> None:
    services.cancel_request(request=online, actor=SYSTEM, reason="x")
    answer = staff_client.get(page_of(online, "changes") + "?seen=old")
    assert answer.status_code == 286
    assert "hx-trigger" not in answer.text
    assert "hx-trigger" not in staff_client.get(page_of(online)).text


# --- by hand


def test_the_whole_offline_flow_goes_by_the_pages_alone(
    staff_client: Client, world: World, asked: LicenseRequest, tmp_path: Path
) -> None:
    text = staff_client.get(page_of(asked, "text")).text
    for part in (world.order.number, world.license_class.code, world.subscription.name, asked.uid.hex, str(tmp_path)):
        assert part in text
    answer = staff_client.post(
        page_of(asked, "upload"), {"key": " SECRET-1234-ABCD ", "files": [file_of()]}, follow=True
    )
    assert "What you uploaded is kept." in answer.text
    assert "Ready to install" in answer.text
    answer = staff_client.post(page_of(asked, "install"), follow=True)
    asked.refresh_from_db()
    assert asked.state == State.INSTALL
    assert asked.due_at is not None
    assert "It is being installed." in answer.text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Nothing was uploaded"),
        ({"key": "x" * 300}, "1 to 200 printable"),
        ({"activation_code": "ACT-1"}, "An activation code needs its key"),
        ({"files": [("empty.xml", b"")]}, "empty.xml is empty"),
        ({"files": [("big.xml", b"x" * (MAX_FILE_BYTES + 1))]}, "big.xml is larger than"),
        ({"files": [("a.xml", b"same"), ("b.xml", b"same")]}, "b.xml is the same file as a.xml"),
        ({"files": [(f"{n}.xml", b"%d" % n) for n in range(11)]}, "At most 10 files"),
    ],
)
def test_a_bad_upload_is_said_at_its_field_changes_nothing_and_keeps_what_was_typed(
    staff_client: Client, asked: LicenseRequest, given: dict[str, Any], said: str
) -> None:
    files = [file_of(*pair) for pair in given.get("files", [])]
    typed = {name: value for name, value in given.items() if name != "files"}
    answer = staff_client.post(page_of(asked, "upload"), {**typed, "files": files})
    assert answer.status_code == 200
    assert said in unescape(answer.text)
    for value in typed.values():
        assert f'value="{value}"' in answer.text
    if files:
        assert "Choose the files again" in answer.text
    asked.refresh_from_db()
    assert asked.state == State.KEY
    assert not asked.files.exists()
    assert asked.license is None


def test_the_limits_of_an_upload_are_said_before_it(staff_client: Client, asked: LicenseRequest) -> None:
    assert "Up to 10 files, 1 MiB each" in staff_client.get(page_of(asked)).text


def test_a_key_of_the_wrong_form_is_said_with_an_example(staff_client: Client, online: LicenseRequest) -> None:
    assert "PLSK." in staff_client.get(page_of(online)).text
    answer = staff_client.post(page_of(online, "upload"), {"key": "nonsense"})
    assert 'id="id_key_error"' in answer.text
    assert 'value="nonsense"' in answer.text


def test_a_key_that_another_license_has_is_refused(staff_client: Client, asked: LicenseRequest, world: World) -> None:
    upload(request=asked, key="SECRET-1234-ABCD", actor=SYSTEM)
    made = services.new_licenses(
        configuration=world.configuration,
        license_class=world.license_class,
        number=1,
        subscription_id=world.subscription.pk,
        actor=SYSTEM,
    )
    answer = staff_client.post(page_of(made[0], "upload"), {"key": "SECRET-1234-ABCD"})
    assert "is already on license" in answer.text


def test_a_finished_request_takes_no_upload_and_says_so(staff_client: Client, asked: LicenseRequest) -> None:
    services.cancel_request(request=asked, actor=SYSTEM, reason="x")
    answer = staff_client.post(page_of(asked, "upload"), {"key": "SECRET-1234-ABCD"})
    assert "takes no more uploads" in answer.text


def test_an_install_without_a_target_is_refused_and_the_target_can_be_given(
    staff_client: Client, world: World, tmp_path: Path
) -> None:
    asked = world.request
    Service.objects.filter(subscription=world.subscription).update(state="ready")
    services.services_ready(subscription_id=world.subscription.pk, actor=SYSTEM)
    asked.refresh_from_db()
    upload(request=asked, key="SECRET-1234-ABCD", files=[FILE], actor=SYSTEM)
    assert "has no install target yet" in staff_client.post(page_of(asked, "install"), follow=True).text
    answer = staff_client.post(page_of(asked, "target"), {"target-kind": "directory", "target-address": ""})
    assert "This field is required" in answer.text
    given = {"target-kind": "directory", "target-address": str(tmp_path)}
    answer = staff_client.post(page_of(asked, "target"), given, follow=True)
    assert "The install target is saved" in answer.text
    assert "Ready to install" in answer.text
    assert InstallTarget.objects.get().address == str(tmp_path)


def test_mending_the_target_keeps_its_login(staff_client: Client, asked: LicenseRequest, world: World) -> None:
    target = Target("directory", "/old", {"password": "Pa55-of-target"})
    services.set_install_target(subscription_id=world.subscription.pk, target=target, actor=SYSTEM)
    staff_client.post(page_of(asked, "target"), {"target-kind": "directory", "target-address": "/new"})
    kept = InstallTarget.objects.get()
    assert (kept.address, kept.credentials) == ("/new", {"password": "Pa55-of-target"})
    assert "Pa55-of-target" not in staff_client.get(page_of(asked)).text


def test_hold_and_release_come_back_to_the_page_with_what_happened(staff_client: Client, asked: LicenseRequest) -> None:
    answer = staff_client.post(page_of(asked, "hold"), follow=True)
    assert "This request is on hold" in answer.text
    answer = staff_client.post(page_of(asked, "release"), follow=True)
    assert "This request is on hold" not in answer.text
    assert list(Event.objects.filter(request=asked, kind__in=["held", "released"]).values_list("actor", flat=True)) == [
        *("staff", "staff")
    ]


def test_what_the_service_refuses_is_said_above_the_page(staff_client: Client, asked: LicenseRequest) -> None:
    answer = staff_client.post(page_of(asked, "release"), follow=True)
    assert 'role="alert"' in answer.text
    assert "is not on hold" in answer.text


def test_a_cancelled_request_needs_a_reason(staff_client: Client, asked: LicenseRequest) -> None:
    page = page_of(asked, "cancel")
    assert "This cannot be undone" in staff_client.get(page).text
    assert "This field is required" in staff_client.post(page, {"reason": "  "}).text
    answer = staff_client.post(page, {"reason": "ordered twice"}, follow=True)
    assert "This request was cancelled" in answer.text
    assert "ordered twice" in answer.text


def test_a_stopped_request_is_tried_again_by_one_click(staff_client: Client, online: LicenseRequest) -> None:
    move(online, State.ATTENTION, trouble=trouble())
    assert "It is tried now." in staff_client.post(page_of(online, "retry"), follow=True).text
    online.refresh_from_db()
    assert online.state == State.KEY


def test_a_key_is_adopted_in_doubt_and_a_bad_one_is_said_at_its_field(
    staff_client: Client, online: LicenseRequest
) -> None:
    move(online, State.BUYING, State.IN_DOUBT, trouble=trouble("unknown"))
    answer = staff_client.post(page_of(online, "adopt"), {"adopt-key": "nonsense", "adopt-reason": "seen"})
    assert 'id="id_adopt-key_error"' in answer.text
    assert 'value="seen"' in answer.text
    answer = staff_client.post(page_of(online, "adopt"), {"adopt-key": "PLSK.12345678.0001"}, follow=True)
    assert "The key was adopted." in answer.text


@pytest.mark.parametrize("action", ["upload", "target", "adopt", "retry", "install", "hold", "release"])
def test_what_changes_something_is_posted(staff_client: Client, asked: LicenseRequest, action: str) -> None:
    assert staff_client.get(page_of(asked, action)).status_code == 405


@pytest.mark.parametrize("part", ["", "changes", "text", "cancel"])
def test_an_unknown_request_is_not_found(staff_client: Client, part: str) -> None:
    answer = staff_client.get(reverse(f"license_request{part and '_' + part}", args=[987_654]))
    assert answer.status_code == 404
    assert "There is no license request 987654." in answer.text


@pytest.mark.parametrize("name", ["licenserequest", "license", "pluginconfiguration", "licensefile", "installtarget"])
def test_the_back_office_shows_all_rows_and_no_secret(staff_client: Client, asked: LicenseRequest, name: str) -> None:
    upload(request=asked, key="SECRET-1234-ABCD", activation_code="ACT-9981", files=[FILE], actor=SYSTEM)
    rows = {
        "licenserequest": asked,
        "license": asked.license,
        "pluginconfiguration": asked.configuration,
        "licensefile": asked.files.get(),
        "installtarget": InstallTarget.objects.get(),
    }
    row = rows[name]
    assert row is not None
    for page in (reverse(f"admin:licenses_{name}_changelist"), reverse(f"admin:licenses_{name}_change", args=[row.pk])):
        answer = staff_client.get(page)
        assert answer.status_code == 200
        assert "SECRET-1234" not in answer.text
        assert "ACT-9981" not in answer.text


def test_the_back_office_moves_requests_through_the_services(staff_client: Client, asked: LicenseRequest) -> None:
    other = make_class(make_configuration())
    assert other
    page = reverse("admin:licenses_licenserequest_changelist")
    answer = staff_client.post(page, {"action": "hold_requests", "_selected_action": [asked.pk]}, follow=True)
    assert "Done for 1." in answer.text
    answer = staff_client.post(page, {"action": "hold_requests", "_selected_action": [asked.pk]}, follow=True)
    assert "cannot be held" in answer.text
