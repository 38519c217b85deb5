"""The store's checkout over the API."""

from typing import Any

import pytest

from licenses.models import LicenseClass, LicenseRequest, PluginConfiguration
from pbas.core.models import Event
from subscriptions.models import Account, HostingPlan, Order, PlanLicense, Subscription
from tests.api.calls import Api, problem


@pytest.mark.usefixtures("plan")
def test_an_order_is_placed_with_the_included_licenses_and_its_price(api: Api, order_body: dict[str, Any]) -> None:
    response = api.post("orders/", order_body)
    order = response.json()
    assert response.status_code == 201
    assert (order["state"], order["store"], order["reference"]) == ("placed", "shop", "cart-1")
    assert (order["setup_total"], order["monthly_total"]) == ("5.00", "10.00")
    assert [line["code"] for line in order["lines"]] == ["PANEL_10"]
    assert (order["account"]["name"], order["plan"], order["subscription"]) == ("Ada", "small", None)
    assert api.get(f"orders/{order['number']}/").json() == order


@pytest.mark.usefixtures("plan")
def test_the_same_reference_again_answers_the_same_order(api: Api, order_body: dict[str, Any]) -> None:
    first, again = api.post("orders/", order_body), api.post("orders/", order_body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert Order.objects.count() == 1


def test_a_plan_is_named_by_its_id_too(api: Api, plan: HostingPlan, order_body: dict[str, Any]) -> None:
    assert api.post("orders/", {**order_body, "plan": plan.pk}).json()["plan"] == "small"


def test_a_license_is_chosen_by_its_id_or_its_code(
    api: Api, plan: HostingPlan, offline: PluginConfiguration, order_body: dict[str, Any]
) -> None:
    big = LicenseClass.objects.create(configuration=offline, code="PANEL_100", name="Panel, 100 domains", sold=True)
    chosen = PlanLicense.objects.create(plan=plan, license_class=big, is_included=False, monthly_fee=7)
    by_code = api.post("orders/", {**order_body, "licenses": ["PANEL_10", "PANEL_100"]}).json()
    assert [line["code"] for line in by_code["lines"]] == ["PANEL_10", "PANEL_100"]
    assert by_code["monthly_total"] == "17.00"
    by_id = api.post("orders/", {**order_body, "reference": "cart-2", "licenses": [chosen.pk]}).json()
    assert [line["code"] for line in by_id["lines"]] == ["PANEL_100"]
    none = api.post("orders/", {**order_body, "reference": "cart-3", "licenses": []}).json()
    assert none["lines"] == []


@pytest.mark.usefixtures("plan")
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"plan": "none"}, "plan"),
        ({"plan": 999}, "plan"),
        ({"plan": True}, "plan"),
        ({"plan": None}, "plan"),
        ({"reference": ""}, "reference"),
        ({"reference": "x" * 101}, "reference"),
        ({"account": {"name": "Ada", "email": "nonsense"}}, "account.email"),
        ({"account": {"email": "ada@example.com"}}, "account.name"),
        ({"account": "Ada"}, "account"),
        ({"licenses": ["NONE"]}, "licenses"),
        ({"licenses": [[]]}, "licenses.0"),
        ({"licenses": "PANEL_10"}, "licenses"),
    ],
)
def test_bad_input_is_422_at_its_field_and_changes_nothing(
    api: Api, order_body: dict[str, Any], wrong: dict[str, Any], field: str
) -> None:
    body = problem(api.post("orders/", {**order_body, **wrong}), 422, field)
    assert body["type"] == "urn:pbas:problem:invalid-input"
    assert not Order.objects.exists()
    assert not Account.objects.exists()


def test_a_plan_that_is_not_sold_any_more_is_422(api: Api, plan: HostingPlan, order_body: dict[str, Any]) -> None:
    HostingPlan.objects.filter(pk=plan.pk).update(is_active=False)
    problem(api.post("orders/", order_body), 422, "plan")


def test_all_mistakes_are_told_at_once_each_with_its_pointer(api: Api) -> None:
    body = problem(api.post("orders/", {"account": {"name": "Ada"}}), 422)
    pointers = {error["pointer"] for error in body["errors"]}
    assert pointers == {"#/reference", "#/plan", "#/account/email"}


def test_paying_opens_the_subscription_with_its_license_request(api: Api, order: Order) -> None:
    paid = api.post(f"orders/{order.number}/pay/").json()
    assert (paid["state"], paid["paid_at"] is not None) == ("paid", True)
    subscription = Subscription.objects.get(pk=paid["subscription"])
    assert subscription.license_requests.get().state == "services"


def test_paying_twice_is_the_same_as_once(api: Api, order: Order) -> None:
    first = api.post(f"orders/{order.number}/pay/")
    again = api.post(f"orders/{order.number}/pay/")
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert LicenseRequest.objects.count() == 1


def test_paying_a_cancelled_order_is_409_and_opens_nothing(api: Api, order: Order) -> None:
    assert api.post(f"orders/{order.number}/cancel/", {"reason": "changed his mind"}).json()["state"] == "cancelled"
    body = problem(api.post(f"orders/{order.number}/pay/"), 409)
    assert body["type"] == "urn:pbas:problem:conflict"
    assert order.number in body["detail"]
    assert not Subscription.objects.exists()


def test_cancelling_a_paid_order_is_409_and_cancelling_twice_is_not(api: Api, order: Order) -> None:
    assert api.post(f"orders/{order.number}/cancel/").status_code == 200
    assert api.post(f"orders/{order.number}/cancel/").status_code == 200
    Order.objects.filter(pk=order.pk).update(state="placed")
    api.post(f"orders/{order.number}/pay/")
    problem(api.post(f"orders/{order.number}/cancel/"), 409)


def test_an_unknown_number_is_404(api: Api) -> None:
    assert "100777" in problem(api.post("orders/100777/pay/"), 404)["detail"]


def test_the_story_says_which_store_ordered_and_paid(api: Api, plan: HostingPlan, order_body: dict[str, Any]) -> None:
    number = api.post("orders/", order_body).json()["number"]
    api.post(f"orders/{number}/pay/")
    events = Event.objects.filter(order__number=number).order_by("id")
    assert [(event.kind, event.actor_kind, event.actor) for event in events] == [
        ("order_placed", "store", "shop"),
        ("order_paid", "store", "shop"),
    ]
    assert plan.name in events[0].text
