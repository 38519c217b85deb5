"""A subscription is ended on its page: asked first, with what becomes of everything; then it shows what holds it up."""

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from licenses.models import License, LicenseRequest
from pbas.core.story import SYSTEM
from subscriptions.ending import end_subscription
from subscriptions.models import Subscription
from subscriptions.selectors import order_token
from tests.factories import World, make_configuration, make_license, make_ready
from tests.web.wares import form_of

pytestmark = pytest.mark.django_db


def page_of(subscription: Subscription) -> str:
    return reverse("subscription_end", args=[subscription.pk])


def answered(client: Client, subscription: Subscription, reason: str = "He has left.", seen: str | None = None) -> str:
    """Read the page, press its button; the page that follows."""
    given = form_of(client.get(page_of(subscription)).text)
    asked = {"reason": reason, "seen": given["seen"] if seen is None else seen}
    return client.post(page_of(subscription), asked, follow=True).text


def texts(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_before_it_is_ended_the_page_says_what_becomes_of_each_license_and_request(
    staff_client: Client, world: World
) -> None:
    world.configuration = make_configuration(name="Vendor", template="plesk_ka", mode="online", settings={})
    request, main = world.request, world.license
    child = make_license(world.license_class, subscription=world.subscription, parent=main)
    by_hand = make_license(make_license().license_class, subscription=world.subscription)
    doubt, busy = (
        LicenseRequest.objects.create(
            configuration=world.configuration,
            license_class=world.license_class,
            subscription=world.subscription,
            state=state,
        )
        for state in ("in_doubt", "buying")
    )
    page = texts(staff_client.get(page_of(world.subscription)).text)
    for words in (
        f"{main.key} Plesk 10 and later Vendor ends it for good, and it is taken out of its install target.",
        f"With it ends its additional key {child.key}",
        f"{by_hand.key} Plesk 10 and later {by_hand.configuration.name} is offline: somebody has to end it",
        f"Request {request.pk} Plesk 10 and later, New license It is cancelled; nothing is bought for it.",
        f"Request {doubt.pk} Plesk 10 and later, New license It may have been sold: the vendor is asked first",
        f"Request {busy.pk} Plesk 10 and later, New license A worker is busy with it: it is waited for",
        "This cannot be undone.",
    ):
        assert words in page
    assert Subscription.objects.get(pk=world.subscription.pk).state == "pending"


def test_its_button_ends_it_and_its_page_names_what_it_still_waits_for(staff_client: Client, world: World) -> None:
    license_ = world.license
    page = answered(staff_client, world.subscription)
    asked = LicenseRequest.objects.get(kind="terminate")
    for words in (
        "The subscription is being ended. Below is what it still waits for.",
        "It ends when nothing of this is open any more",
        f"Request {asked.pk}",
        license_.key,
        "End the license with its vendor Nothing:",
    ):
        assert words in texts(page)
    assert page_of(world.subscription) not in page
    assert "Set by hand" not in page
    assert "He has left." in page, "it is in the story"
    found = staff_client.get("/subscriptions/?state=ending").text
    assert f"/subscriptions/{world.subscription.pk}/" in found


def test_it_is_not_ended_without_a_reason(staff_client: Client, world: World) -> None:
    assert "This field is required." in answered(staff_client, world.subscription, reason="")
    assert Subscription.objects.get().state == "pending"


def test_what_was_added_after_the_page_was_read_is_not_ended_unseen(staff_client: Client, world: World) -> None:
    given = form_of(staff_client.get(page_of(world.subscription)).text)
    added = world.license
    page = answered(staff_client, world.subscription, seen=str(given["seen"]))
    assert "What belongs to it has changed meanwhile." in page
    assert added.key in page
    assert Subscription.objects.get().state == "pending"


def test_who_comes_second_is_told_that_somebody_has_ended_it(staff_client: Client, world: World) -> None:
    given = form_of(staff_client.get(page_of(world.subscription)).text)
    end_subscription(subscription=world.subscription, actor=SYSTEM, reason="He has left.")
    again = staff_client.post(page_of(world.subscription), {"reason": "Me too.", "seen": given["seen"]}, follow=True)
    assert "Somebody has ended this subscription already." in again.text
    assert (
        "Somebody has ended this subscription already."
        in staff_client.get(page_of(world.subscription), follow=True).text
    )
    assert staff_client.get(reverse("subscription_end", args=[999])).status_code == 404


def test_a_service_is_not_marked_ready_in_what_has_ended(staff_client: Client, world: World) -> None:
    end_subscription(subscription=world.subscription, actor=SYSTEM, reason="He has left.")
    page = staff_client.post(f"/subscriptions/{world.subscription.pk}/services/mail/ready/", follow=True).text
    assert "has ended: nothing new begins in it" in page


def test_the_end_of_an_offline_license_is_written_down_on_the_page_of_its_request(
    staff_client: Client, world: World
) -> None:
    license_ = world.license
    end_subscription(subscription=world.subscription, actor=SYSTEM, reason="He has left.")
    task = LicenseRequest.objects.get(kind="terminate")
    address = reverse("license_request", args=[task.pk])
    page = staff_client.get(address).text
    assert "End the license with its vendor" in page
    assert f"{address}ended/" in page
    assert f"{address}cancel/" not in page, "it cannot be given up"
    assert "Has" in staff_client.get(f"{address}ended/").text
    assert "This field is required." in staff_client.post(f"{address}ended/", {"reason": ""}).text
    page = staff_client.post(f"{address}ended/", {"reason": "He wrote so."}, follow=True).text
    assert "It is written down: the license has ended." in page
    assert License.objects.get(pk=license_.pk).state == "terminated"
    assert Subscription.objects.get().state == "ended"
    assert "does not wait for an end by hand" in staff_client.post(f"{address}ended/", {"reason": "Again."}).text


def test_its_customer_is_told_in_the_store_that_it_was_ended(client: Client, world: World, tmp_path: Path) -> None:
    make_ready(world.subscription, tmp_path)
    end_subscription(subscription=world.subscription, actor=SYSTEM, reason="He has left.")
    page = client.get(reverse("store_order", args=[order_token(world.order)])).text
    assert "Your subscription was ended" in page
