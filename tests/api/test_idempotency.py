"""A POST that is sent again does nothing again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F

from pbas.core.api.idempotency import KEPT, _enter, purge_answers
from pbas.core.models import Event, IdempotencyRecord
from subscriptions.models import HostingPlan, Order, Subscription
from tests.api.calls import Api, problem

pytestmark = pytest.mark.usefixtures("plan")


def test_the_same_key_and_body_answer_what_was_answered_first(api: Api, order_body: dict[str, Any]) -> None:
    first = api.post("orders/", order_body, key="k1")
    again = api.post("orders/", order_body, key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert Order.objects.count() == Event.objects.count() == 1


def test_the_order_of_fields_and_white_space_do_not_make_another_body(api: Api, order_body: dict[str, Any]) -> None:
    api.post("orders/", order_body, key="k1")
    again = api.post("orders/", dict(reversed(order_body.items())), key="k1")
    assert again["Idempotency-Replayed"] == "true"


def test_the_same_key_with_another_body_is_422_and_does_nothing(api: Api, order_body: dict[str, Any]) -> None:
    api.post("orders/", order_body, key="k1")
    body = problem(api.post("orders/", {**order_body, "reference": "cart-2"}, key="k1"), 422)
    assert body["type"] == "urn:pbas:problem:idempotency-key-reused"
    assert Order.objects.count() == 1


def test_the_same_key_at_another_address_is_422(api: Api, order: Order) -> None:
    assert api.post(f"orders/{order.number}/pay/", key="k1").status_code == 200
    problem(api.post(f"orders/{order.number}/cancel/", key="k1"), 422)


def test_two_users_may_use_the_same_key(api: Api, order_body: dict[str, Any]) -> None:
    other = Api(User.objects.create_superuser("other"))
    assert api.post("orders/", order_body, key="k1").status_code == 201
    response = other.post("orders/", {**order_body, "name": "elsewhere"}, key="k1")
    assert (response.status_code, response.json()["store"]) == (201, "other")


def test_an_error_keeps_nothing_so_the_key_serves_for_the_better_body(api: Api, order_body: dict[str, Any]) -> None:
    problem(api.post("orders/", {**order_body, "plan": "none"}, key="k1"), 422, "plan")
    assert not IdempotencyRecord.objects.exists()
    assert api.post("orders/", order_body, key="k1").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel"])
def test_a_key_that_cannot_be_one_is_400(api: Api, order_body: dict[str, Any], key: str) -> None:
    problem(api.post("orders/", order_body, key=key), 400)
    assert not Order.objects.exists()


def test_neither_secrets_nor_bodies_are_kept_with_the_key(api: Api, subscription: Subscription) -> None:
    body = {"target": {"kind": "directory", "address": "/srv/ada", "credentials": {"password": "hush-hush"}}}
    response = api.post(f"subscriptions/{subscription.pk}/services/server/ready/", body, key="k1")
    assert response.status_code == 200
    kept = IdempotencyRecord.objects.get()
    assert "hush-hush" not in f"{kept.answer} {kept.request_digest} {Event.objects.values_list('text', 'detail')}"


def test_answers_are_kept_for_their_time_and_then_forgotten(api: Api, order_body: dict[str, Any]) -> None:
    assert timedelta(hours=24) <= KEPT
    api.post("orders/", order_body, key="k1")
    assert purge_answers() == 0
    IdempotencyRecord.objects.update(created_at=F("created_at") - KEPT)
    assert purge_answers() == 1


def _all_at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    def call(one: Callable[[], Any]) -> Any:
        try:
            return one()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, calls))


@pytest.mark.django_db(transaction=True)
def test_twenty_calls_at_once_with_one_key_have_one_effect(
    shop: User, plan: HostingPlan, order_body: dict[str, Any]
) -> None:
    apis = [Api(shop) for _ in range(20)]
    answers = _all_at_once([lambda api=api: api.post("orders/", order_body, key="k1") for api in apis])  # type: ignore[misc] # mypy infers no default of a lambda
    made = [answer.json() for answer in answers if answer.status_code == 201]
    busy = [answer for answer in answers if answer.status_code != 201]
    assert Order.objects.get().plan == plan
    assert made
    assert all(one == made[0] for one in made)
    for answer in busy:
        assert problem(answer, 409)["type"] == "urn:pbas:problem:idempotency-key-in-use"
        assert answer["Retry-After"]
    assert IdempotencyRecord.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_orders_at_once_without_a_key_are_one_order_by_their_reference(
    shop: User, order_body: dict[str, Any]
) -> None:
    apis = [Api(shop) for _ in range(20)]
    answers = _all_at_once([lambda api=api: api.post("orders/", order_body) for api in apis])  # type: ignore[misc] # mypy infers no default of a lambda
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert {answer.json()["number"] for answer in answers} == {Order.objects.get().number}


@pytest.mark.django_db(transaction=True)
def test_twenty_payments_at_once_open_one_subscription(shop: User, order: Order) -> None:
    apis = [Api(shop) for _ in range(20)]
    path = f"orders/{order.number}/pay/"
    answers = _all_at_once([lambda api=api: api.post(path) for api in apis])  # type: ignore[misc] # mypy infers no default of a lambda
    assert {answer.status_code for answer in answers} == {200}
    assert Subscription.objects.get().license_requests.count() == 1


@pytest.mark.skipif(
    "postgresql" not in settings.DATABASES["default"]["ENGINE"], reason="SQLite's writers queue instead"
)
@pytest.mark.django_db(transaction=True)
def test_a_key_whose_first_call_still_runs_is_409_and_free_again_when_that_call_fails(
    api: Api, order_body: dict[str, Any]
) -> None:
    def call() -> Any:
        return _all_at_once([lambda: api.post("orders/", order_body, key="k1")])[0]

    with transaction.atomic():
        _enter(User.objects.get(username="shop").pk, "k1")
        answer = call()
        assert problem(answer, 409)["type"] == "urn:pbas:problem:idempotency-key-in-use"
        assert answer["Retry-After"]
    assert call().status_code == 201
