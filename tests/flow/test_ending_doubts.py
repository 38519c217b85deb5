"""What was under way when a subscription was ended comes to rest first: nothing that was bought is forgotten."""

import threading
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db.models.functions import Now

from ka_plugins.simulator.running import RunningSimulator
from licenses.doubts import adopt_key, cancel_request, order_again
from licenses.invariants import broken
from licenses.models import License, LicenseClass, LicenseRequest, PluginConfiguration
from licenses.services import hold_request, release_request, renew_license, retry_request
from pbas.core.problems import ConflictProblem
from pbas.core.story import SYSTEM
from subscriptions.models import Subscription
from tests.factories import make_order, make_plan, make_subscription
from tests.flow.conftest import Buy, Work, request_of
from tests.flow.test_doubts import bought_without_an_answer, one_more
from tests.flow.test_ending import end, state_of, the_end_of
from tests.flow.test_vendor_faults import due_now, numbers, unpark
from tests.unit.subscriptions.test_services import at_once


def in_doubt(buy: Buy, work: Work, simulator: RunningSimulator, fault: str, ip: str) -> Subscription:
    """Ended while nobody knows whether its key was sold."""
    simulator.fault("createKey", fault)
    subscription = buy(ip=ip)
    work()
    assert request_of(subscription).state == "in_doubt"
    end(subscription)
    assert (state_of(subscription), request_of(subscription).state) == ("ending", "in_doubt")
    return subscription


def test_what_was_sold_without_an_answer_is_found_and_ended_and_never_installed(
    buy: Buy, work: Work, simulator: RunningSimulator, vendor: PluginConfiguration
) -> None:
    before = simulator.sold()
    subscription = in_doubt(buy, work, simulator, "drop_after", "10.1.7.1")
    unpark(vendor)
    due_now()
    work()
    assert (state_of(subscription), License.objects.get().state) == ("ended", "terminated")
    assert simulator.sold() == before + 1
    assert list(broken()) == []


def test_what_was_not_sold_is_not_ordered_again_once_that_is_known(
    buy: Buy, work: Work, simulator: RunningSimulator, vendor: PluginConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("licenses.steps.SETTLE_MARGIN", -300.0)  # its time-out is over at once
    before = simulator.sold()
    buy()
    work()
    license_ = License.objects.get()
    simulator.fault("renewKey", "drop_before")
    renewal = renew_license(license=license_, actor=SYSTEM)
    work()
    subscription = license_.subscription
    assert subscription is not None
    asked = simulator.ledger()["calls"]["renewKey"]
    end(subscription)
    assert not LicenseRequest.objects.filter(kind="terminate").exists(), "its renewal is settled first"
    for _ in range(6):
        unpark(vendor)
        due_now()
        work()
    renewal.refresh_from_db()
    assert (state_of(subscription), renewal.state, renewal.license_id) == ("ended", "cancelled", license_.pk)
    assert simulator.ledger()["calls"]["renewKey"] == asked
    assert simulator.sold() == before + 1
    assert list(broken()) == []


@pytest.mark.parametrize(("fault", "sold"), [("late", 1), ("429", 0)])
def test_an_order_that_is_at_the_vendor_at_that_moment_is_waited_for_and_what_it_brings_is_ended(
    fault: str, sold: int, buy: Buy, work: Work, simulator: RunningSimulator
) -> None:
    before = simulator.sold()
    simulator.latency(2000)  # on a busy machine, too, the end is asked for before the vendor answers
    simulator.fault("createKey", fault, seconds=1.0)
    subscription = buy()
    worker = threading.Thread(target=work)
    worker.start()
    while request_of(subscription).state != "buying":
        assert worker.is_alive()
    end(subscription)
    assert (state_of(subscription), request_of(subscription).state) == ("ending", "buying")
    worker.join(30)
    work()
    assert state_of(subscription) == "ended"
    assert set(License.objects.values_list("state", flat=True)) == ({"terminated"} if sold else set())
    assert LicenseRequest.objects.get(kind="issue").state in {"cancelled", "done"}
    assert simulator.sold() == before + sold
    assert list(broken()) == []


@pytest.fixture
def doubtful(buy: Buy, work: Work, simulator: RunningSimulator, vendor: PluginConfiguration) -> LicenseRequest:
    """Its key was sold, its vendor cannot find it again, a person has to decide; and its subscription is ended."""
    subscription = bought_without_an_answer(buy, work, simulator, vendor)
    end(subscription)
    assert (state_of(subscription), request_of(subscription).state) == ("ending", "attention")
    return LicenseRequest.objects.select_related("subscription", "configuration", "license_class").get(
        subscription=subscription
    )


def test_a_doubt_that_only_a_person_can_settle_holds_the_end_up_until_he_has_adopted_the_key(
    buy: Buy, work: Work, simulator: RunningSimulator, vendor: PluginConfiguration
) -> None:
    known = numbers(simulator)
    subscription = bought_without_an_answer(buy, work, simulator, vendor)
    end(subscription)
    adopt_key(request=request_of(subscription), key=one_more(simulator, known), actor=SYSTEM)
    assert LicenseRequest.objects.get(kind="issue").state == "cancelled", "it is not installed any more"
    assert the_end_of(subscription).state == "key"
    work()
    assert (state_of(subscription), License.objects.get().state) == ("ended", "terminated")


def test_nothing_is_ordered_again_for_what_is_ended_and_who_knows_better_cancels_it(doubtful: LicenseRequest) -> None:
    subscription = doubtful.subscription
    assert subscription is not None
    with pytest.raises(ConflictProblem, match="Nothing is bought for request"):
        order_again(request=doubtful, actor=SYSTEM, reason="Not in his list.")
    cancel_request(request=doubtful, actor=SYSTEM, reason="Not in his list.", nothing_sold=True)
    assert state_of(subscription) == "ended"


def test_what_is_on_hold_is_cancelled_too_and_a_doubt_on_hold_waits_for_its_release(
    buy: Buy, work: Work, simulator: RunningSimulator, vendor: PluginConfiguration
) -> None:
    held = buy()
    hold_request(request=request_of(held), actor=SYSTEM)
    end(held)
    assert (state_of(held), request_of(held).state) == ("ended", "cancelled")
    simulator.fault("createKey", "drop_after")
    subscription = buy(ip="10.1.7.3")
    work()
    hold_request(request=request_of(subscription), actor=SYSTEM)
    end(subscription)
    assert (state_of(subscription), request_of(subscription).state) == ("ending", "in_doubt")
    release_request(request=request_of(subscription), actor=SYSTEM)
    unpark(vendor)
    due_now()
    work()
    assert (state_of(subscription), License.objects.get().state) == ("ended", "terminated")


def test_a_vendor_who_answers_the_same_order_alike_is_asked_again_before_it_is_forgotten(
    issuer: PluginConfiguration, panel: LicenseClass, work: Work, vendor_of_this_module: RunningSimulator, tmp_path: Any
) -> None:
    plan = make_plan(panel, services=["hosting"])
    plan.licenses.update(options={"features": ["SITES_10"], "additional": []})
    before = vendor_of_this_module.sold()
    vendor_of_this_module.fault("putOrder", "drop_after")
    vendor_of_this_module.fault("putOrder", "429", seconds=60.0)
    subscription = make_subscription(make_order(plan), folder=tmp_path)
    work()
    unpark(issuer)
    due_now()
    work()
    request = request_of(subscription)
    assert (request.state, vendor_of_this_module.sold()) == ("key", before + 1), "it was sold, and nobody here knows"
    with pytest.raises(ConflictProblem, match="The vendor sold"):
        cancel_request(request=request, actor=SYSTEM, reason="Not wanted.", nothing_sold=True)
    end(subscription)
    assert (state_of(subscription), request_of(subscription).state) == ("ending", "key")
    unpark(issuer)
    due_now()
    work()
    assert (state_of(subscription), License.objects.get().state) == ("ended", "terminated")
    assert vendor_of_this_module.sold() == before + 1
    assert list(broken()) == []


def test_staff_who_end_it_and_try_its_request_again_at_once_never_buy_for_it(
    buy: Buy, work: Work, simulator: RunningSimulator
) -> None:
    before = simulator.sold()
    for _ in range(5):
        subscription = buy()
        LicenseRequest.objects.filter(subscription=subscription).update(due_at=Now() + timedelta(hours=1))
        request = request_of(subscription)
        at_once(
            partial(end, Subscription.objects.get(pk=subscription.pk)),
            partial(retry_request, request=request, actor=SYSTEM),
            partial(end, Subscription.objects.get(pk=subscription.pk)),
        )
        assert (state_of(subscription), request_of(subscription).state) == ("ended", "cancelled")
    work()
    assert simulator.sold() == before
