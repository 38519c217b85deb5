"""Subscriptions in the panel: the list, one subscription, services and install target by hand."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from licenses.models import LicenseRequest
from tests.factories import World, make_order, make_ready, make_subscription

pytestmark = pytest.mark.django_db

STATEMENTS = 5


def test_the_list_costs_the_same_for_one_row_and_for_a_full_page(
    staff_client: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    for _ in range(55):
        make_subscription(make_order(world.plan))
    with django_assert_max_num_queries(STATEMENTS):
        page = staff_client.get("/subscriptions/").text
    assert page.count("0 of 1 installed") == 50


def test_the_list_is_searched_by_name_customer_mail_and_order(staff_client: Client, world: World) -> None:
    other = make_subscription(make_order(world.plan, name="srv9.nordwind.example"))
    for text in ("Nordwind", other.order.number, f"nordwind {other.order.reference}"):
        page = staff_client.get("/subscriptions/", {"q": text}).text
        assert f"/subscriptions/{other.pk}/" in page
        assert f"/subscriptions/{world.subscription.pk}/" not in page
    assert f"/subscriptions/{other.pk}/" in staff_client.get("/subscriptions/", {"q": "ada@example.com"}).text


def test_the_list_is_filtered_by_state(staff_client: Client, world: World) -> None:
    assert f"/subscriptions/{world.subscription.pk}/" in staff_client.get("/subscriptions/?state=pending").text
    assert f"/subscriptions/{world.subscription.pk}/" not in staff_client.get("/subscriptions/?state=active").text


def test_the_list_says_which_subscriptions_need_attention(staff_client: Client, world: World) -> None:
    LicenseRequest.objects.filter(pk=world.request.pk).update(state="attention")
    assert "1 needs attention" in staff_client.get("/subscriptions/").text


def test_a_subscription_says_what_its_licenses_wait_for(staff_client: Client, world: World) -> None:
    page = staff_client.get(f"/subscriptions/{world.subscription.pk}/").text
    assert "Licenses wait for the services" in page
    assert "Still open: Hosting, Mail." in page


def test_a_subscription_links_to_order_plan_request_and_license(staff_client: Client, world: World) -> None:
    page = staff_client.get(f"/subscriptions/{world.license.subscription_id}/").text
    for link in (
        f"/orders/{world.order.number}/",
        f"/plans/{world.plan.code}/",
        f"/license-requests/{world.request.pk}/",
        f"/licenses/{world.license.pk}/",
    ):
        assert f'href="{link}"' in page


def test_a_subscription_costs_no_statement_more_with_more_licenses(
    staff_client: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    assert world.license
    with django_assert_max_num_queries(8):
        staff_client.get(f"/subscriptions/{world.subscription.pk}/")


def test_an_unknown_subscription_is_not_found(staff_client: Client) -> None:
    assert staff_client.get("/subscriptions/999/").status_code == 404


def test_a_service_is_marked_ready_by_hand(staff_client: Client, world: World) -> None:
    answer = staff_client.post(f"/subscriptions/{world.subscription.pk}/services/mail/ready/", follow=True)
    assert "Mail is ready." in answer.text
    assert world.subscription.services.get(name="mail").state == "ready"


def test_the_hosting_service_cannot_be_ready_without_its_install_target(staff_client: Client, world: World) -> None:
    answer = staff_client.post(f"/subscriptions/{world.subscription.pk}/services/hosting/ready/", follow=True)
    assert answer.status_code == 200
    assert "give its install target" in answer.text
    assert world.subscription.services.get(name="hosting").state == "pending"


def test_all_services_ready_by_hand_starts_the_licenses(staff_client: Client, world: World, tmp_path: Path) -> None:
    address = f"/subscriptions/{world.subscription.pk}"
    staff_client.post(f"{address}/target/", {"kind": "directory", "directory-address": str(tmp_path)})
    for name in ("hosting", "mail"):
        staff_client.post(f"{address}/services/{name}/ready/")
    world.request.refresh_from_db()
    assert world.request.state == "key"


def test_a_service_fails_by_hand_with_its_reason(staff_client: Client, world: World) -> None:
    address = f"/subscriptions/{world.subscription.pk}/services/mail/failed/"
    page = staff_client.post(address, {"mail-reason": "The disk is full."}, follow=True).text
    assert "The disk is full." in page
    assert world.subscription.services.get(name="mail").state == "failed"
    world.request.refresh_from_db()
    assert world.request.state == "services"


def test_a_service_cannot_fail_without_a_reason(staff_client: Client, world: World) -> None:
    page = staff_client.post(f"/subscriptions/{world.subscription.pk}/services/mail/failed/", {"mail-reason": ""})
    assert page.status_code == 200
    assert "This field is required." in page.text
    assert world.subscription.services.get(name="mail").state == "pending"


def test_an_unknown_service_is_refused_in_words(staff_client: Client, world: World) -> None:
    page = staff_client.post(f"/subscriptions/{world.subscription.pk}/services/dns/ready/", follow=True)
    assert "has no service" in page.text


def test_a_subscription_without_open_services_does_not_say_that_it_waits(
    staff_client: Client, world: World, tmp_path: Path
) -> None:
    make_ready(world.subscription, tmp_path)
    assert "Licenses wait" not in staff_client.get(f"/subscriptions/{world.subscription.pk}/").text
