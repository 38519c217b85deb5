"""What a request's page offers works: no button leads to a service that refuses."""

import hashlib
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from ka_plugins.contract import KeyFile
from licenses import services
from licenses.models import License, LicenseFile, LicenseRequest, PluginConfiguration
from licenses.selectors import files_of, request_for_page, sealed_parts, target_of
from licenses.uploads import upload
from licenses.wording import actions_of
from pbas.core.models import Event
from pbas.core.problems import Problem
from pbas.core.story import SYSTEM, Actor
from tests.factories import World, make_configuration, make_license, make_ready

pytestmark = pytest.mark.django_db

State, Kind = LicenseRequest.State, LicenseRequest.Kind
STOPPED = ("key", "buying", "in_doubt", "files", "install", "proof")
PLACES = [(one, "") for one in LicenseRequest.OPEN if one != "attention"] + [("attention", one) for one in STOPPED]
_numbers = count(10_000_000)

Action = Callable[[LicenseRequest], Any]
ACTIONS: dict[str, Action] = {
    "retry": lambda one: services.retry_request(request=one, actor=SYSTEM),
    "hold": lambda one: services.hold_request(request=one, actor=SYSTEM),
    "release": lambda one: services.release_request(request=one, actor=SYSTEM),
    "cancel": lambda one: services.cancel_request(request=one, actor=SYSTEM, reason="Tried.", nothing_sold=True),
    "ended": lambda one: services.write_down_end(request=one, actor=SYSTEM, reason="Tried."),
    "order_again": lambda one: services.order_again(request=one, actor=SYSTEM, reason="Tried."),
    "install": lambda one: services.install_request(request=one, actor=SYSTEM),
    "adopt": lambda one: services.adopt_key(request=one, key=f"PLSK.{next(_numbers)}.0001", actor=SYSTEM),
    "upload": lambda one: upload(
        request=one,
        key="" if one.license_id else "PLSK.87654321.0001",
        files=[KeyFile("new.xml", b"<new/>")],
        actor=SYSTEM,
    ),
}


@pytest.fixture
def make_request(world: World) -> Callable[..., LicenseRequest]:
    """A request that stands anywhere, with or without a license that has a file."""

    def make(kind: str, state: str, stopped: str, *, has_license: bool, **values: Any) -> LicenseRequest:
        license_ = _license(world) if has_license else None
        after = State.FILES in {state, stopped} or {state, stopped} & {State.INSTALL, State.PROOF}
        request = LicenseRequest.objects.create(
            kind=kind,
            state=state,
            stopped_in=stopped,
            license=license_,
            configuration=world.configuration,
            license_class=world.license_class,
            subscription=world.subscription,
            **values,
        )
        if kind != Kind.ISSUE and ({state, stopped} & {State.BUYING, State.IN_DOUBT} or after):
            LicenseRequest.objects.filter(pk=request.pk).update(intent_at=request.created_at)
        found = request_for_page(request.pk)
        assert found is not None
        return found

    return make


def _license(world: World) -> License:
    made = make_license(world.license_class, subscription=world.subscription, key=f"PLSK.{next(_numbers)}.0001")
    first = LicenseRequest.objects.create(
        configuration=world.configuration, license_class=world.license_class, state="done", license=made
    )
    digest = hashlib.sha256(b"<key/>").hexdigest()
    LicenseFile.objects.create(
        request=first, license=made, name="old.xml", size=6, sha256=digest, body=b"<key/>", source="vendor"
    )
    return made


def offered(request: LicenseRequest) -> frozenset[str]:
    """As the page asks."""
    files = files_of(request.license_id, request)
    return actions_of(
        request,
        has_files=bool(files or "activation_code" in sealed_parts(request.license)),
        has_target=target_of(request) is not None,
        is_answered=any(file.request_id == request.pk for file in files),
    )


def refused(request: LicenseRequest, names: frozenset[str]) -> list[str]:
    """Which of the buttons would not work; each is tried and taken back."""
    found = []
    nobody_answers = {"adopt"} if request.configuration.is_online else set()  # these settings reach no vendor
    for name in sorted(names - nobody_answers):
        fresh = request_for_page(request.pk)
        assert fresh is not None
        try:
            with transaction.atomic():
                ACTIONS[name](fresh)
                transaction.set_rollback(True)
        except Problem as problem:
            found.append(f"{request.kind} {request.state} {request.stopped_in}: {name}: {problem.message}")
    return found


@pytest.mark.parametrize("mode", PluginConfiguration.Mode.values)
@pytest.mark.parametrize("has_target", [True, False])
@pytest.mark.parametrize("kind", Kind.values)
@pytest.mark.convention(14)
def test_what_is_offered_for_a_request_is_not_refused(
    world: World, make_request: Callable[..., LicenseRequest], tmp_path: Path, kind: str, mode: str, *, has_target: bool
) -> None:
    world.configuration = make_configuration(template="plesk_ka", mode=mode)
    if has_target:
        make_ready(world.subscription, tmp_path)
    found: list[str] = []
    seen: set[str] = set()
    for state, stopped in PLACES:
        for has_license in (True, False) if kind == Kind.ISSUE else (True,):
            request = make_request(kind, state, stopped, has_license=has_license)
            names = offered(request)
            seen |= names
            found += refused(request, names)
            LicenseRequest.objects.filter(pk=request.pk).update(state="cancelled", finished_at=request.created_at)
    assert found == []
    assert {"hold", "retry", "cancel"} <= seen


@pytest.mark.convention(14)
def test_a_request_on_hold_offers_its_release_and_a_busy_or_final_one_nothing(
    make_request: Callable[..., LicenseRequest],
) -> None:
    held = make_request(Kind.ISSUE, State.KEY, "", has_license=False, held=True)
    assert offered(held) == {"release"}
    assert refused(held, offered(held)) == []
    assert offered(make_request(Kind.ISSUE, State.KEY, "", has_license=False, leased=True)) == frozenset()
    assert offered(make_request(Kind.ISSUE, State.CANCELLED, "", has_license=False)) == frozenset()


@pytest.mark.parametrize("kind", [Kind.SUSPEND, Kind.RESUME, Kind.TERMINATE])
def test_what_brings_no_license_offers_neither_upload_nor_install(
    make_request: Callable[..., LicenseRequest], kind: str
) -> None:
    for state, stopped in PLACES:
        request = make_request(kind, state, stopped, has_license=True)
        assert not offered(request) & {"upload", "install", "adopt"}


def test_a_renewal_in_doubt_may_be_ordered_again(make_request: Callable[..., LicenseRequest]) -> None:
    assert "order_again" in offered(make_request(Kind.RENEW, State.IN_DOUBT, "", has_license=True))
    assert "order_again" not in offered(make_request(Kind.RENEW, State.ATTENTION, "install", has_license=True))


@pytest.mark.convention(23)
def test_convention_23_the_second_of_two_people_reads_who_was_faster_when_and_how_it_stands_now(
    staff_client: Client, make_request: Callable[..., LicenseRequest]
) -> None:
    asked = make_request(Kind.ISSUE, State.KEY, "", has_license=False)
    services.hold_request(request=asked, actor=Actor(Event.Actor.STAFF, "grace"))
    late = staff_client.post(reverse("license_request_hold", args=[asked.pk]), follow=True).text
    assert f"Request {asked.pk} cannot be held: waits for the key, on hold." in late
    assert "Changed last by grace, just now: Put on hold." in late
    services.cancel_request(request=asked, actor=Actor(Event.Actor.STAFF, "ada"), reason="Ordered twice")
    late = staff_client.post(reverse("license_request_cancel", args=[asked.pk]), {"reason": "Ordered twice"}).text
    assert "it cannot be cancelled any more" in late
    assert "Changed last by ada, just now: Cancelled." in late
    assert Event.objects.filter(kind="cancelled", request=asked).count() == 1
