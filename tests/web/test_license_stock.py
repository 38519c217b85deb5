"""Licenses without a subscription: in stock, until one is assigned."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from licenses.models import License, LicenseRequest
from pbas.core.models import Event
from subscriptions.models import Subscription
from tests.factories import World, make_license, make_ready, make_subscription
from tests.web.wares import address, offered

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(world: World) -> License:
    """In stock, of an offline plug-in: its request waits for a subscription."""
    made = make_license(world.license_class, key="STOCK-1", activation_code="CODE")
    make_license(world.license_class, parent=made, key="STOCK-2")
    LicenseRequest.objects.create(
        configuration=world.configuration, license_class=world.license_class, license=made, state="install"
    )
    return made


@pytest.fixture
def ready(kept: License, tmp_path: Path) -> Subscription:  # noqa: ARG001 (comes first)
    subscription = make_subscription()
    make_ready(subscription, tmp_path)
    return subscription


def test_a_license_in_stock_is_assigned_with_its_additional_keys(
    staff_client: Client, kept: License, ready: Subscription
) -> None:
    page = address(kept, "assign")
    text = staff_client.get(address(kept)).text
    assert page in text
    assert "none yet: in stock" in text
    assert "STOCK-2" in staff_client.get(page).text
    answer = staff_client.post(page, {"subscription": f"#{ready.pk}"}, follow=True)
    assert "The license is assigned" in answer.text
    request = kept.requests.get()
    assert (request.state, request.subscription, request.order_number) == ("install", ready, ready.order.number)
    assert request.due_at is not None
    assert {one.subscription for one in License.objects.filter(key__startswith="STOCK")} == {ready}
    assert Event.objects.get(kind="assigned").license == kept
    assert "not in stock any more" in staff_client.post(page, {"subscription": f"#{ready.pk}"}).text
    assert page not in staff_client.get(address(kept)).text


def test_a_license_in_stock_is_neither_renewed_nor_changed(staff_client: Client, kept: License) -> None:
    assert offered(staff_client, kept) == {"terminate"}
    assert "Assign it to a subscription first" in staff_client.get(address(kept, "renew")).text


def test_a_subscription_that_is_not_ready_takes_no_license_from_stock(staff_client: Client, kept: License) -> None:
    pending = make_subscription()
    text = staff_client.post(address(kept, "assign"), {"subscription": f"#{pending.pk}"}).text
    assert "is still being set up" in text
    kept.refresh_from_db()
    assert kept.subscription is None


def test_the_request_of_a_license_in_stock_says_so_and_leads_to_its_subscription(
    staff_client: Client, kept: License
) -> None:
    request = kept.requests.get()
    for state, problem in (("install", ""), ("attention", "no_target")):
        LicenseRequest.objects.filter(pk=request.pk).update(state=state, problem_kind=problem)
        text = staff_client.get(reverse("license_request", args=[request.pk])).text
        assert "In stock" in text
        assert address(kept, "assign") in text
        assert reverse("license_request_install", args=[request.pk]) not in text


def test_when_a_license_in_stock_is_ended_its_request_can_be_cancelled(staff_client: Client, kept: License) -> None:
    page = reverse("license_request_cancel", args=[kept.requests.get().pk])
    assert "End that license instead" in staff_client.post(page, {"reason": "Not needed."}).text
    License.objects.filter(pk=kept.pk).update(state="terminated")
    assert staff_client.post(page, {"reason": "Not needed."}).status_code == 302
    assert kept.requests.get().state == "cancelled"
