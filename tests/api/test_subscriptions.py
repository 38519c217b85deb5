"""Services of a subscription get ready or fail; the hosting service brings the install target."""

from typing import Any

import pytest

from pbas.core.models import Event
from subscriptions.models import Subscription
from tests.api.calls import Api, problem

TARGET = {"kind": "directory", "address": "/srv/ada.example.com", "credentials": {"password": "hush-hush"}}


def path(subscription: Subscription, rest: str) -> str:
    return f"subscriptions/{subscription.pk}/services/{rest}/"


def test_a_subscription_shows_its_services_and_no_credentials(api: Api, subscription: Subscription) -> None:
    api.post(path(subscription, "server/ready"), {"target": TARGET})
    shown = api.get(f"subscriptions/{subscription.pk}/").json()
    assert (shown["name"], shown["state"], shown["order"]) == ("ada.example.com", "pending", subscription.order.number)
    assert {one["name"]: one["state"] for one in shown["services"]} == {"server": "ready", "domain": "pending"}
    assert shown["install_target"] == {"kind": "directory", "address": "/srv/ada.example.com"}


def test_licenses_start_when_the_last_service_is_ready(api: Api, subscription: Subscription) -> None:
    request = subscription.license_requests.get()
    assert api.post(path(subscription, "server/ready"), {"target": TARGET}).json()["state"] == "ready"
    request.refresh_from_db()
    assert request.state == "services"
    assert api.post(path(subscription, "domain/ready")).json()["state"] == "ready"
    request.refresh_from_db()
    assert request.state == "key"


def test_ready_twice_is_the_same_as_once(api: Api, subscription: Subscription) -> None:
    for _ in range(2):
        assert api.post(path(subscription, "server/ready"), {"target": TARGET}).status_code == 200
    assert Event.objects.filter(kind="service_ready").count() == 1
    assert Event.objects.filter(kind="target_set").count() == 1


def test_ready_for_an_unknown_service_is_404_and_names_those_there_are(api: Api, subscription: Subscription) -> None:
    body = problem(api.post(path(subscription, "mail/ready")), 404, "name")
    assert "server, domain" in body["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "target"),
        ({"target": None}, "target"),
        ({"target": {"kind": "teleport", "address": "x"}}, "target.kind"),
        ({"target": {"kind": "directory", "address": ""}}, "target.address"),
        ({"target": {"kind": "directory"}}, "target.address"),
        ({"target": {"kind": "directory", "address": "srv/licenses"}}, "target.address"),
        ({"target": {"kind": "directory", "address": "/srv", "credentials": {"ip": "1.2.3"}}}, "target.credentials.ip"),
        ({"target": {"kind": "directory", "address": "x", "credentials": {"a": {}}}}, "target.credentials.a"),
    ],
)
def test_a_hosting_service_without_a_usable_target_is_422(
    api: Api, subscription: Subscription, body: dict[str, Any], field: str
) -> None:
    problem(api.post(path(subscription, "server/ready"), body), 422, field)
    assert subscription.services.get(name="server").state == "pending"


def test_a_failed_service_leaves_its_licenses_waiting_and_shows_why(api: Api, subscription: Subscription) -> None:
    problem(api.post(path(subscription, "domain/failed"), {"reason": " "}), 422, "reason")
    failed = api.post(path(subscription, "domain/failed"), {"reason": "The registry is down."}).json()
    assert (failed["state"], failed["reason"]) == ("failed", "The registry is down.")
    assert subscription.license_requests.get().state == "services"
    assert api.post(path(subscription, "domain/ready")).json()["reason"] == ""
