"""Hosting plans and accounts over the API."""

from typing import Any

import pytest

from licenses.models import LicenseClass
from subscriptions.models import Account, HostingPlan, Order
from tests.api.calls import Api, problem


@pytest.fixture
def body(license_class: LicenseClass) -> dict[str, Any]:
    """A plan with a service and a license."""
    return {
        "code": "large",
        "name": "Large",
        "monthly_fee": "20.00",
        "services": [{"name": "server", "label": "Server", "is_hosting": True}],
        "licenses": [{"license_class": license_class.pk, "monthly_fee": "3.50", "is_included": False}],
    }


def test_a_plan_is_made_with_services_and_licenses(api: Api, body: dict[str, Any]) -> None:
    response = api.post("plans/", body, key="k1")
    made = response.json()
    assert response.status_code == 201
    assert [one["name"] for one in made["services"]] == ["server"]
    assert [(one["code"], one["monthly_fee"]) for one in made["licenses"]] == [("PANEL_10", "3.50")]
    assert api.get(f"plans/{made['id']}/").json() == made
    assert api.post("plans/", body, key="k1").json() == made
    assert HostingPlan.objects.count() == 1


def test_a_change_keeps_what_is_not_given_and_the_ids_of_what_stays(api: Api, body: dict[str, Any]) -> None:
    made = api.post("plans/", body).json()
    path = f"plans/{made['id']}/"
    cheaper = api.patch(path, {"monthly_fee": "15.00"}).json()
    assert (cheaper["monthly_fee"], cheaper["licenses"]) == ("15.00", made["licenses"])
    license_ = {**body["licenses"][0], "is_included": True}
    replaced = api.put(path, {**body, "licenses": [license_], "services": []}).json()
    assert [(one["id"], one["is_included"]) for one in replaced["licenses"]] == [(made["licenses"][0]["id"], True)]
    assert replaced["services"] == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"code": "no slug"}, "code"),
        ({"name": ""}, "name"),
        ({"monthly_fee": "-1"}, "monthly_fee"),
        ({"monthly_fee": "NaN"}, "monthly_fee"),
        ({"licenses": [{"license_class": 999_999}]}, "licenses.0.license_class"),
        ({"services": [{"name": "a", "label": "A"}, {"name": "a", "label": "B"}]}, "services"),
        ({"services": [{"label": "A"}]}, "services.0.name"),
    ],
)
def test_bad_input_is_422_at_its_field(api: Api, body: dict[str, Any], wrong: dict[str, Any], field: str) -> None:
    problem(api.post("plans/", {**body, **wrong}), 422, field)
    assert not HostingPlan.objects.exists()


def test_a_code_is_given_once_and_a_class_is_offered_only_when_it_is_sold(
    api: Api, body: dict[str, Any], license_class: LicenseClass
) -> None:
    api.post("plans/", body)
    problem(api.post("plans/", body), 422, "code")
    LicenseClass.objects.filter(pk=license_class.pk).update(sold=False)
    problem(api.post("plans/", {**body, "code": "other"}), 422, "licenses")


def test_what_was_ordered_stays_as_it_was_when_the_plan_changes(api: Api, order: Order) -> None:
    api.patch(f"plans/{order.plan_id}/", {"licenses": [], "monthly_fee": "99.00"})
    shown = api.get(f"orders/{order.number}/").json()
    assert (shown["monthly_total"], len(shown["lines"])) == ("10.00", 1)


def test_an_account_belongs_to_the_store_that_made_it(api: Api) -> None:
    body = {"name": "Ada", "email": "ada@example.com", "reference": "c-1"}
    made = api.post("accounts/", body)
    assert (made.status_code, made.json()["store"]) == (201, "shop")
    problem(api.post("accounts/", body), 409, "reference")
    problem(api.post("accounts/", {**body, "email": "nonsense"}), 422, "email")
    assert api.get(f"accounts/{made.json()['id']}/").json() == made.json()
    assert Account.objects.count() == 1


def test_accounts_without_a_reference_are_as_many_as_are_made(api: Api) -> None:
    body = {"name": "Ada", "email": "ada@example.com"}
    assert api.post("accounts/", body).json()["id"] != api.post("accounts/", body).json()["id"]
