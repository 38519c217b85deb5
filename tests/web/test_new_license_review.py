"""The review of New License, the requests that it makes, what a repeat does, and what the pages cost."""

import dataclasses
import time
from typing import Any

import pytest
from django.test import Client

from ka_plugins.contract import ClassInfo, Feature
from licenses.models import LicenseClass, LicenseRequest, PluginConfiguration
from subscriptions.models import Subscription
from tests.factories import World, make_configuration
from tests.web.wares import PAGE, PLESK, make_wares, options_page, posted, review_page, send, start

pytestmark = pytest.mark.django_db


def test_the_review_shows_what_is_sent_and_to_which_account_but_no_secret(
    staff_client: Client, world: World, ready: Subscription
) -> None:
    text = review_page(staff_client, world, subscription=ready.pk)
    for shown in (PLESK.name, PLESK.code, "100 domains", "D100", "One language", "Power pack", "Antivirus", ready.name):
        assert shown in text
    for shown in ("Day and night", "ka.example.com", "7050", "provider", "C-77", "Ada Example"):
        assert shown in text
    assert "hush-hush" not in text
    assert ready.license_requests.count() == 1


def test_the_way_back_keeps_what_was_chosen(staff_client: Client, world: World, ready: Subscription) -> None:
    page = review_page(staff_client, world, subscription=ready.pk)
    kept = posted(send(staff_client, page, "change").text)
    assert (kept["features.0"], kept["features"], kept["AV/features.0"]) == ("D100", "POWER", "S24")
    assert kept.getlist("additional") == ["AV"]
    first = send(staff_client, page, "class").text
    assert f'name="license_class" value="{world.license_class.pk}"' in first
    assert 'name="number" value="2"' in first
    assert f'value="#{ready.pk}"' in first


def test_the_requests_hold_what_the_review_showed(staff_client: Client, world: World, ready: Subscription) -> None:
    page = review_page(staff_client, world, subscription=ready.pk)
    before = set(ready.license_requests.values_list("pk", flat=True))
    answer = send(staff_client, page, "buy")
    assert answer["Location"] == f"/license-requests/?plugin={world.configuration.pk}"
    assert "2 licenses were requested." in staff_client.get(answer["Location"]).text
    made = ready.license_requests.exclude(pk__in=before)
    wanted = {"features": ["D100", "L1", "POWER"], "additional": [{"code": "AV", "features": ["S24"]}]}
    assert [(one.options, one.state, one.order_number) for one in made] == [(wanted, "key", ready.order.number)] * 2


@pytest.mark.parametrize("number", [1, 3])
def test_a_form_that_is_sent_twice_asks_once_and_lands_on_the_same_page(
    staff_client: Client, world: World, ready: Subscription, number: int
) -> None:
    page = review_page(staff_client, world, subscription=ready.pk, number=number)
    first = send(staff_client, page, "buy")
    LicenseClass.objects.update(sold=False)  # what happens meanwhile does not matter
    again = send(staff_client, page, "buy", number=5)
    assert again["Location"] == first["Location"]
    assert ready.license_requests.count() == 1 + number


def test_a_subscription_that_ended_meanwhile_is_refused_at_its_field(
    staff_client: Client, world: World, ready: Subscription
) -> None:
    page = review_page(staff_client, world, subscription=ready.pk)
    Subscription.objects.update(state="ended")
    assert "No subscription is called" in send(staff_client, page, "buy").text
    assert ready.license_requests.count() == 1


def test_licenses_for_stock_need_no_subscription_and_start_at_once(staff_client: Client, world: World) -> None:
    world.license_class = make_wares(world.configuration, ClassInfo("PLAIN", "Plain file"))
    start_of_stock: dict[str, Any] = {"plugin": world.configuration.pk, "license_class": world.license_class.pk}
    page = staff_client.get(PAGE, {**start_of_stock, "number": 2, "purpose": "stock"}).text
    assert "assigned to a subscription later" in page
    assert "By hand: nothing is sent" in page
    assert send(staff_client, page, "buy").status_code == 302
    assert [(one.state, one.subscription, one.order_number) for one in LicenseRequest.objects.all()] == [
        ("key", None, "")
    ] * 2


def test_what_is_sold_for_an_address_is_not_kept_in_stock(staff_client: Client, world: World) -> None:
    world.configuration = make_configuration(name="Manage2", template="cpanel_manage2", mode="online")
    plain = make_wares(world.configuration, ClassInfo("PLAIN", "Plain file"))
    given: dict[str, Any] = {"plugin": world.configuration.pk, "license_class": plain.pk, "number": 1}
    page = staff_client.get(PAGE, {**given, "purpose": "stock"}).text
    assert "there is no stock of them" in send(staff_client, page, "buy").text
    assert not LicenseRequest.objects.exists()


def test_a_page_of_options_asks_few_questions(
    staff_client: Client, world: World, ready: Subscription, django_assert_max_num_queries: Any
) -> None:
    for n in range(20):
        make_wares(world.configuration, code=f"OTHER{n}")
    with django_assert_max_num_queries(5):  # user, tabs, class and its options, subscription
        page = options_page(staff_client, world, subscription=f"#{ready.pk}")
    with django_assert_max_num_queries(6):  # the vendor's account, too
        send(staff_client, page, "review", **{"features.0": "D10"})
    with django_assert_max_num_queries(4):
        staff_client.get(PAGE, {"plugin": world.configuration.pk})


def test_the_pages_are_for_staff(client: Client, world: World, wares: LicenseClass) -> None:
    assert PluginConfiguration.objects.filter(pk=wares.configuration_id).exists()
    page = client.get(PAGE, {"plugin": world.configuration.pk})
    assert page["Location"].startswith("/accounts/login/")
    answer = client.post(PAGE, {"plugin": world.configuration.pk, "step": "buy"})
    assert 'action="/accounts/login/"' in answer.text
    assert not LicenseRequest.objects.exists()


def test_a_page_of_three_hundred_features_takes_less_than_fifty_milliseconds(
    staff_client: Client, world: World, ready: Subscription
) -> None:
    features = tuple(Feature(f"FEATURE_{n}", f"Feature number {n}") for n in range(300))
    world.license_class = make_wares(world.configuration, dataclasses.replace(PLESK, code="LARGE", features=features))
    given = start(world, subscription=f"#{ready.pk}")
    assert staff_client.get(PAGE, given).text.count('type="checkbox"') > 300
    spent = []
    for _ in range(8):  # the best of some: other work on the machine counts as well
        begun = time.thread_time()
        staff_client.get(PAGE, given)
        spent.append(time.thread_time() - begun)
    assert min(spent) < 0.05
