"""Ending a subscription: who asks twice, who comes too late, and what begins no more in it."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from ka_plugins.installing import Target
from licenses.models import Finding, License, LicenseRequest
from licenses.reconciling.adopting import adopt
from licenses.services import change_license, new_licenses, renew_license, resume_license, suspend_license
from licenses.stock import assign_license
from licenses.verbs import verbs_of
from pbas.core.models import Event
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.story import SYSTEM
from subscriptions.ending import end_subscription, go_on
from subscriptions.models import Subscription
from subscriptions.services import service_failed, service_ready
from tests.factories import World, make_class, make_configuration, make_license, make_subscription
from tests.unit.subscriptions.test_services import at_once

both = pytest.mark.django_db(transaction=True)
one = pytest.mark.django_db


def end(subscription: Subscription, reason: str = "He has left.") -> bool:
    return end_subscription(subscription=subscription, actor=SYSTEM, reason=reason)


def fresh(subscription: Subscription) -> Subscription:
    return Subscription.objects.get(pk=subscription.pk)


@one
def test_a_subscription_is_not_ended_without_a_reason() -> None:
    subscription = make_subscription()
    with pytest.raises(Problem, match="Say why the subscription is ended") as caught:
        end(subscription, " ")
    assert (caught.value.field, fresh(subscription).state) == ("reason", "pending")


@one
def test_a_subscription_without_licenses_ends_at_once_and_its_open_request_is_cancelled() -> None:
    subscription = make_subscription()
    assert end(subscription) is True
    assert subscription.state == "ended"
    assert subscription.license_requests.get().state == "cancelled"


@one
def test_ended_twice_it_is_ended_once(world: World) -> None:
    assert world.license
    assert end(world.subscription) is True
    for _ in range(2):
        assert end(world.subscription, "Once more.") is False
        go_on([world.subscription.pk])
    assert world.subscription.state == "ending"
    assert LicenseRequest.objects.filter(kind="terminate").count() == 1
    assert Event.objects.filter(kind="subscription_ending").count() == 1


@both
def test_of_five_staff_who_end_it_at_once_one_does(world: World) -> None:
    assert world.license
    subscription = world.subscription
    answers = at_once(*[lambda: end(fresh(subscription))] * 5)
    assert sorted(answers) == [False] * 4 + [True]
    assert LicenseRequest.objects.filter(kind="terminate").count() == 1
    assert Event.objects.filter(kind="subscription_ending").count() == 1


@both
def test_a_license_that_is_asked_for_while_its_subscription_is_ended_is_refused_or_cancelled(tmp_path: Path) -> None:
    license_class = make_class()
    for _ in range(5):
        subscription = make_subscription(folder=tmp_path)
        at_once(
            partial(end, fresh(subscription)),
            partial(
                new_licenses,
                configuration=license_class.configuration,
                license_class=license_class,
                number=1,
                subscription_id=subscription.pk,
                actor=SYSTEM,
            ),
        )
        assert fresh(subscription).state == "ended"
        assert set(subscription.license_requests.values_list("state", flat=True)) == {"cancelled"}


def _stocked(license_class: Any) -> License:
    made = make_license(license_class)
    LicenseRequest.objects.create(
        configuration=license_class.configuration, license_class=license_class, license=made, state="install"
    )
    return made


@one
@pytest.mark.parametrize("state", ["ending", "ended"])
def test_nothing_new_begins_in_a_subscription_that_ends(state: str, world: World, tmp_path: Path) -> None:
    world.configuration = make_configuration(template="plesk_ka3", mode="online", settings={})
    license_, stocked = world.license, _stocked(world.license_class)
    License.objects.filter(pk=license_.pk).update(state="installed")
    suspended = make_license(world.license_class, subscription=world.subscription, state="suspended")
    Subscription.objects.update(state=state)
    subscription, license_ = fresh(world.subscription), License.objects.get(pk=license_.pk)
    sold, pk = world.license_class, subscription.pk
    tries: dict[str, Any] = {
        "new": lambda: new_licenses(
            configuration=sold.configuration, license_class=sold, number=1, subscription_id=pk, actor=SYSTEM
        ),
        "assign": lambda: assign_license(license=stocked, subscription_id=pk, actor=SYSTEM),
        "renew": lambda: renew_license(license=license_, actor=SYSTEM),
        "change": lambda: change_license(license=license_, options={}, actor=SYSTEM),
        "suspend": lambda: suspend_license(license=license_, actor=SYSTEM),
        "resume": lambda: resume_license(license=suspended, actor=SYSTEM),
        "ready": lambda: service_ready(
            subscription=subscription, name="hosting", target=Target("directory", str(tmp_path)), actor=SYSTEM
        ),
        "failed": lambda: service_failed(subscription=subscription, name="mail", reason="No disk.", actor=SYSTEM),
    }
    words = "is being ended: nothing new begins" if state == "ending" else "has ended: nothing new begins"
    before = LicenseRequest.objects.count()
    for what, work in tries.items():
        with pytest.raises(ConflictProblem, match=words):
            work()
        assert (what, LicenseRequest.objects.count()) == (what, before)
    assert verbs_of(license_, ()) == {"terminate"}


@one
def test_an_orphan_is_not_adopted_for_a_subscription_that_ends(world: World) -> None:
    Subscription.objects.filter(pk=world.subscription.pk).update(state="ending")
    finding = Finding.objects.create(
        configuration=world.configuration, kind="orphan", shown="KEY-1", fingerprint="KEY-1", seen_at=timezone.now()
    )
    with pytest.raises(ConflictProblem, match="nothing new begins") as caught:
        adopt(finding=finding, subscription_id=world.subscription.pk, actor=SYSTEM)
    assert caught.value.field == "subscription"
