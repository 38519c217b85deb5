"""A subscription is ended by the API: once, with a reason, and it says what it still waits for."""

from collections.abc import Callable

import pytest

from licenses.models import License, LicenseRequest
from pbas.core.models import Event
from subscriptions.models import Order, Subscription
from tests.api.calls import Api, problem
from tests.api.test_subscriptions import TARGET, path


@pytest.fixture
def license_(subscription: Subscription, make_license: Callable[..., License]) -> License:
    """One that lives; its plug-in is offline."""
    return make_license("KEY-1", subscription=subscription, state="installed")


def test_an_ended_subscription_says_what_it_still_waits_for_until_a_person_has_ended_that(
    api: Api, subscription: Subscription, license_: License
) -> None:
    answer = api.post(f"subscriptions/{subscription.pk}/end/", {"reason": "He has left."}, key="end-1").json()
    task = LicenseRequest.objects.get(kind="terminate")
    assert (answer["state"], answer["open_requests"]) == ("ending", [task.pk])
    assert [one["id"] for one in api.get("subscriptions/?state=ending").json()["results"]] == [subscription.pk]
    ended = api.post(f"license-requests/{task.pk}/ended/", {"reason": "He wrote so."}, key="end-2").json()
    assert (ended["state"], ended["license"]) == ("done", license_.pk)
    shown = api.get(f"subscriptions/{subscription.pk}/").json()
    assert (shown["state"], shown["open_requests"]) == ("ended", [])
    problem(api.post(f"license-requests/{task.pk}/ended/", {"reason": "Again."}), 409)


def test_ended_again_by_any_key_or_none_it_is_ended_once(
    api: Api, subscription: Subscription, license_: License
) -> None:
    for key in ("a", "a", "b", None):
        answer = api.post(f"subscriptions/{subscription.pk}/end/", {"reason": "He has left."}, key=key)
        assert (answer.status_code, answer.json()["state"]) == (200, "ending")
    assert LicenseRequest.objects.get(kind="terminate").license_id == license_.pk
    assert Event.objects.filter(kind="subscription_ending").count() == 1


def test_it_is_not_ended_without_a_reason(api: Api, subscription: Subscription) -> None:
    for body in ({}, {"reason": " "}):
        problem(api.post(f"subscriptions/{subscription.pk}/end/", body), 422, "reason")
    problem(api.post("subscriptions/999/end/", {"reason": "He has left."}), 404)


@pytest.mark.parametrize("state", ["ending", "ended"])
def test_what_ends_takes_no_ready_calls_no_licenses_and_no_renewals(
    state: str, api: Api, order: Order, subscription: Subscription, license_: License
) -> None:
    Subscription.objects.update(state=state)
    word = "is being ended" if state == "ending" else "has ended"
    wanted = {"plugin": license_.configuration_id, "license_class": "PANEL_10", "subscription": subscription.pk}
    calls = [
        (path(subscription, "server/ready"), {"target": TARGET}),
        (path(subscription, "domain/failed"), {"reason": "No disk."}),
        ("license-requests/", wanted),
        (f"licenses/{license_.pk}/renew/", {}),
        (f"licenses/{license_.pk}/change/", {"options": {}}),
    ]
    before = LicenseRequest.objects.count()
    for address, body in calls:
        assert word in problem(api.post(address, body), 409)["detail"], address
    assert LicenseRequest.objects.count() == before
    assert api.post(f"orders/{order.number}/pay/").json()["subscription"] == subscription.pk, "paid twice is paid once"
