"""Hosting plans in the panel: made and changed with their services and licenses."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from subscriptions.models import HostingPlan
from tests.factories import World, make_class, make_order, make_plan
from tests.web.wares import make_wares

pytestmark = pytest.mark.django_db


def typed(**changed: Any) -> dict[str, Any]:
    """A new plan's form, with one service, as a browser sends it."""
    rows = {f"{name}-{part}": "0" for name in ("services", "licenses") for part in ("INITIAL_FORMS", "TOTAL_FORMS")}
    plan = {
        "name": "Small",
        "code": "small",
        "description": "",
        "currency": "eur",
        "setup_fee": "5",
        "monthly_fee": "9.50",
    }
    service = {"services-TOTAL_FORMS": "1", "services-0-label": "Server", "services-0-name": "hosting"}
    return {**rows, **plan, **service, "is_active": "on", "in_store": "on", **changed}


def with_license(pk: int) -> dict[str, Any]:
    fees = {"licenses-0-setup_fee": "1", "licenses-0-monthly_fee": "2"}
    return {"licenses-TOTAL_FORMS": "1", "licenses-0-license_class": str(pk), **fees}


def test_a_plan_is_made_with_its_services_and_licenses(staff_client: Client, world: World) -> None:
    answer = staff_client.post("/plans/new/", typed(**with_license(world.license_class.pk)), follow=True)
    plan = HostingPlan.objects.get()
    assert answer.redirect_chain == [("/plans/small/", 302)]
    assert (plan.currency, plan.monthly_fee) == ("EUR", Decimal("9.50"))
    assert [service.name for service in plan.services.all()] == ["hosting"]
    offered = plan.licenses.get()
    assert (offered.license_class, offered.is_included) == (world.license_class, False)
    assert "Plan Small is saved." in answer.text


def test_only_sold_classes_can_be_offered(staff_client: Client, world: World) -> None:
    hidden = make_class(world.configuration, name="Not sold by us", sold=False)
    assert "Not sold by us" not in staff_client.get("/plans/new/").text
    page = staff_client.post("/plans/new/", typed(**with_license(hidden.pk)))
    assert page.status_code == 200
    assert not HostingPlan.objects.exists()


def test_a_class_that_is_no_longer_sold_stays_on_the_plan_that_has_it(staff_client: Client, world: World) -> None:
    assert world.plan
    world.license_class.sold = False
    world.license_class.save()
    assert world.license_class.name in staff_client.get(f"/plans/{world.plan.code}/edit/").text
    assert "no longer sold" in staff_client.get(f"/plans/{world.plan.code}/").text


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": ""}, "This field is required."),
        ({"code": "two words"}, "valid “slug”"),
        ({"currency": "12€"}, "A currency has three letters"),
        ({"monthly_fee": "-1"}, "greater than or equal to 0"),
        ({"services-0-name": "no spaces"}, "valid “slug”"),
        (
            {
                "services-TOTAL_FORMS": "2",
                "services-0-is_hosting": "on",
                "services-1-label": "Second",
                "services-1-name": "second",
                "services-1-is_hosting": "on",
            },
            "Only one service can bring the install target.",
        ),
    ],
)
def test_a_faulty_plan_says_what_is_wrong_and_keeps_what_was_typed(
    staff_client: Client, changed: dict[str, Any], message: str
) -> None:
    page = staff_client.post("/plans/new/", typed(description="My words", **changed))
    assert page.status_code == 200
    assert message in page.text
    assert "My words" in page.text
    assert not HostingPlan.objects.exists()


def test_a_plan_is_changed_and_orders_keep_what_they_were(staff_client: Client, world: World) -> None:
    order = make_order(world.plan)
    offered = world.plan.licenses.get()
    given = {
        **typed(name="Renamed", code=world.plan.code),
        "services-TOTAL_FORMS": "0",
        "licenses-TOTAL_FORMS": "1",
        "licenses-INITIAL_FORMS": "1",
        "licenses-0-id": str(offered.pk),
        "licenses-0-license_class": str(offered.license_class_id),
        "licenses-0-setup_fee": "0",
        "licenses-0-monthly_fee": "0",
        "licenses-0-DELETE": "on",
    }
    staff_client.post(f"/plans/{world.plan.code}/edit/", given)
    world.plan.refresh_from_db()
    assert world.plan.name == "Renamed"
    assert not world.plan.licenses.exists()
    assert order.lines.count() == 1


def test_the_list_of_plans_costs_the_same_for_one_and_for_many(
    staff_client: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    for _ in range(8):
        make_plan(world.license_class)
    with django_assert_max_num_queries(5):
        page = staff_client.get("/plans/").text
    assert page.count("Hosting, Mail") == 8


def test_an_unknown_plan_is_not_found(staff_client: Client) -> None:
    assert staff_client.get("/plans/none/").status_code == 404
    assert staff_client.get("/plans/none/edit/").status_code == 404


def test_a_plan_with_a_class_whose_options_are_missing_leads_to_them(staff_client: Client, world: World) -> None:
    wares = make_wares(world.configuration)
    page = staff_client.post("/plans/new/", typed(**with_license(wares.pk)), follow=True)
    offered = HostingPlan.objects.get(code="small").licenses.get()
    place = f"/plans/small/licenses/{offered.pk}/options/"
    assert page.redirect_chain == [(place, 302)]
    assert "Choose one of Domains." in page.text
    assert "Choose one of Domains." in staff_client.get("/plans/small/").text, "its orders would come to a person"
    wrong = staff_client.post(place, {"features": ["D10", "D100"]}).text
    assert "exclude one another" in wrong
    assert "Choose one of Domains." in staff_client.post(place, {}).text
    saved = staff_client.post(place, {"features": ["POWER", "D100"], "additional": ["AV"]}, follow=True)
    assert saved.redirect_chain == [("/plans/small/", 302)]
    assert "100 domains, Power pack, Antivirus" in saved.text
    offered.refresh_from_db()
    assert offered.options["features"] == ["D100", "POWER"]
    assert "checked" in staff_client.get(place).text


def test_options_of_a_license_that_the_plan_does_not_offer_are_not_found(staff_client: Client, world: World) -> None:
    offered = world.plan.licenses.get()
    assert staff_client.get(f"/plans/{world.plan.code}/licenses/{offered.pk}/options/").status_code == 200
    assert staff_client.get(f"/plans/{world.plan.code}/licenses/999999/options/").status_code == 404
    assert staff_client.get(f"/plans/none/licenses/{offered.pk}/options/").status_code == 404
