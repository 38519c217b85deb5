"""The store's writes, also where two come at once."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from ka_plugins.installing import Target
from licenses.models import LicenseRequest
from pbas.core.models import Event
from pbas.core.problems import ConflictProblem, Problem, UnknownProblem
from pbas.core.story import SYSTEM
from subscriptions.models import Account, Order, Service, Subscription
from subscriptions.services import (
    AccountDetails,
    activate_served,
    cancel_order,
    pay_order,
    service_failed,
    service_ready,
)
from tests.factories import make_class, make_order, make_plan, make_subscription

both = pytest.mark.django_db(transaction=True)
one = pytest.mark.django_db


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run all at the same time, each with a connection of its own; what each answered or raised."""
    start, answers = threading.Barrier(len(works)), [None] * len(works)

    def run(number: int) -> None:
        start.wait(10)
        try:
            answers[number] = works[number]()
        except Problem as problem:
            answers[number] = problem  # type: ignore[call-overload]
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


# --- orders


@one
def test_the_same_reference_again_answers_the_same_order() -> None:
    plan = make_plan()
    assert make_order(plan, reference="cart-1") == make_order(plan, reference="cart-1")
    assert Order.objects.count() == 1
    assert Account.objects.count() == 1


@one
def test_the_same_reference_for_another_plan_is_refused() -> None:
    make_order(make_plan(), reference="cart-1")
    with pytest.raises(ConflictProblem, match="another plan") as caught:
        make_order(make_plan(), reference="cart-1")
    assert caught.value.field == "reference"


@one
def test_two_stores_may_use_the_same_reference() -> None:
    plan = make_plan()
    assert make_order(plan, reference="1", store="a") != make_order(plan, reference="1", store="b")


@one
@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"reference": " "}, "reference"),
        ({"account": AccountDetails(" ", "a@example.com")}, "account.name"),
        ({"account": AccountDetails("Ada", "nowhere")}, "account.email"),
    ],
)
def test_an_order_that_lacks_something_says_what(values: dict[str, Any], field: str) -> None:
    with pytest.raises(Problem) as caught:
        make_order(**values)
    assert caught.value.field == field
    assert Order.objects.count() == 0


@both
def test_an_order_placed_by_five_at_once_is_one_order() -> None:
    plan = make_plan()
    account = AccountDetails("Ada", "ada@example.com", reference="ada")
    orders = at_once(*[lambda: make_order(plan, reference="cart-1", account=account)] * 5)
    assert len({order.pk for order in orders}) == 1
    assert Order.objects.count() == 1
    assert Account.objects.count() == 1


@both
def test_an_order_paid_by_five_at_once_opens_one_subscription_that_owes_each_license_once() -> None:
    order = make_order(make_plan(make_class(), make_class()))
    opened = at_once(*[lambda: pay_order(order=Order.objects.get(pk=order.pk), actor=SYSTEM)] * 5)
    assert len({subscription.pk for subscription in opened}) == 1
    assert Subscription.objects.count() == 1
    assert LicenseRequest.objects.count() == 2
    assert Event.objects.filter(kind="order_paid").count() == 1


@both
def test_of_paying_and_cancelling_at_once_one_wins_and_the_other_is_told() -> None:
    order = make_order()
    answers = at_once(
        lambda: pay_order(order=Order.objects.get(pk=order.pk), actor=SYSTEM),
        lambda: cancel_order(order=Order.objects.get(pk=order.pk), actor=SYSTEM),
    )
    assert sum(isinstance(answer, ConflictProblem) for answer in answers) == 1
    order.refresh_from_db()
    assert (order.state == "paid") is Subscription.objects.filter(order=order).exists()


@one
def test_a_cancelled_order_is_not_paid_and_a_paid_one_not_cancelled() -> None:
    cancelled, paid = make_order(), make_order()
    cancel_order(order=cancelled, actor=SYSTEM)
    cancel_order(order=cancelled, actor=SYSTEM)
    with pytest.raises(ConflictProblem, match="cannot be paid"):
        pay_order(order=cancelled, actor=SYSTEM)
    pay_order(order=paid, actor=SYSTEM)
    with pytest.raises(ConflictProblem, match="is paid"):
        cancel_order(order=paid, actor=SYSTEM)
    assert Event.objects.filter(kind="order_cancelled").count() == 1


# --- services


def ready(subscription: Subscription, name: str, folder: Path | None = None) -> Service:
    target = Target("directory", str(folder)) if folder else None
    return service_ready(subscription=subscription, name=name, target=target, actor=SYSTEM)


@one
def test_the_hosting_service_brings_the_target_and_says_so_where_it_does_not(tmp_path: Path) -> None:
    subscription = make_subscription()
    with pytest.raises(Problem, match="install target") as caught:
        ready(subscription, "hosting")
    assert caught.value.field == "target"
    assert ready(subscription, "hosting", tmp_path).state == "ready"
    assert subscription.license_requests.get().state == "services"


@one
def test_a_service_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(UnknownProblem, match="hosting, mail") as caught:
        ready(make_subscription(), "nothing")
    assert caught.value.field == "name"


@one
def test_ready_twice_tells_it_once_and_starts_the_licenses_once(tmp_path: Path) -> None:
    subscription = make_subscription(folder=tmp_path)
    ready(subscription, "mail")
    assert Event.objects.filter(kind="service_ready").count() == 2
    assert Event.objects.filter(kind="services_ready").count() == 1


@one
def test_a_failed_service_needs_a_reason_and_may_get_ready_after_all(tmp_path: Path) -> None:
    subscription = make_subscription()
    with pytest.raises(Problem, match="Say what failed"):
        service_failed(subscription=subscription, name="mail", reason=" ", actor=SYSTEM)
    service_failed(subscription=subscription, name="mail", reason="No disk.", actor=SYSTEM)
    ready(subscription, "hosting", tmp_path)
    assert subscription.license_requests.get().state == "services"
    assert ready(subscription, "mail").reason == ""
    assert subscription.license_requests.get().state == "key"


@both
def test_the_last_two_services_ready_at_once_start_the_licenses_once(tmp_path: Path) -> None:
    subscriptions = [make_subscription() for _ in range(5)]
    for subscription in subscriptions:
        at_once(
            lambda subscription=subscription: ready(subscription, "hosting", tmp_path),  # type: ignore[misc] # mypy infers no default of a lambda
            lambda subscription=subscription: ready(subscription, "mail"),  # type: ignore[misc] # mypy infers no default of a lambda
        )
    assert set(LicenseRequest.objects.values_list("state", flat=True)) == {"key"}
    assert Event.objects.filter(kind="services_ready").count() == 5


# --- active


@one
def test_a_subscription_is_active_once_nothing_is_open_and_not_before(tmp_path: Path) -> None:
    subscription = make_subscription(folder=tmp_path)
    activate_served([subscription.pk])
    subscription.refresh_from_db()
    assert subscription.state == "pending"
    LicenseRequest.objects.update(state="done", finished_at=subscription.created_at)
    activate_served([subscription.pk])
    activate_served([subscription.pk])
    subscription.refresh_from_db()
    assert subscription.state == "active"
    assert Event.objects.filter(kind="subscription_active").count() == 1


@one
def test_an_ended_subscription_is_not_made_active_again(tmp_path: Path) -> None:
    subscription = make_subscription(folder=tmp_path)
    Subscription.objects.update(state="ended")
    LicenseRequest.objects.update(state="done", finished_at=subscription.created_at)
    activate_served([subscription.pk])
    subscription.refresh_from_db()
    assert subscription.state == "ended"
