"""The one search of the whole panel: exact hits open their page, everything else is listed by kind."""

import re
from typing import Any

import pytest
from django.test import Client

from licenses import intake
from licenses.plugins import plugin_class
from tests.factories import World, make_class, make_license, make_order, make_subscription

pytestmark = pytest.mark.django_db
SECRET = "QQQQ-WWWW-EEEE-0001"


def goes_to(client: Client, text: str) -> str:
    """Where a search leads; "" where it shows what fits."""
    answer = client.post("/search/", {"find": text})
    return answer["Location"] if answer.status_code == 302 else ""


@pytest.mark.convention(7)
def test_what_is_named_exactly_opens_its_page(staff_client: Client, world: World) -> None:
    plugin = plugin_class(world.configuration.template)
    license_ = make_license(world.license_class, key="••••0001", fingerprint=intake.fingerprint(plugin, SECRET))
    subscription, order = world.subscription, world.order
    assert goes_to(staff_client, f" {SECRET} ") == f"/licenses/{license_.pk}/"
    assert goes_to(staff_client, order.number) == f"/orders/{order.number}/"
    assert goes_to(staff_client, order.reference) == f"/orders/{order.number}/"
    assert goes_to(staff_client, subscription.name.upper()) == f"/subscriptions/{subscription.pk}/"
    for text in (f"#{world.request.pk}", f"request {world.request.pk}", f"Request #{world.request.pk}"):
        assert goes_to(staff_client, text) == f"/license-requests/{world.request.pk}/"


def test_what_fits_is_shown_by_kind_with_a_link_to_the_whole_list(staff_client: Client, world: World) -> None:
    name = world.subscription.name
    page = staff_client.post("/search/", {"find": name[:8]}).text
    for address in (f"/subscriptions/{world.subscription.pk}/", f"/license-requests/{world.request.pk}/"):
        assert f'href="{address}"' in page
    assert f'href="/orders/{world.order.number}/"' in page
    assert f'href="/subscriptions/?q={name[:8]}"' in page


@pytest.mark.convention(7)
def test_nothing_and_too_little_are_said_and_no_address_ever_holds_what_was_typed(staff_client: Client) -> None:
    assert "Nothing fits" in staff_client.post("/search/", {"find": SECRET}).text
    assert "at least 3 signs" in staff_client.post("/search/", {"find": "ab"}).text
    assert "Nothing fits" not in staff_client.get("/search/").text
    assert not re.search(r'<form[^>]*class="find"[^>]*method="get"', staff_client.get("/").text)


def test_a_search_costs_the_same_however_much_fits(
    staff_client: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        make_license(make_class(world.configuration), subscription=world.subscription, key=f"NORD-{number:04}")
        make_subscription(make_order(world.plan, name=f"nord{number}.example"))
    with django_assert_max_num_queries(18):
        page = staff_client.post("/search/", {"find": "nord"}).text
    assert page.count('href="/licenses/') >= 8


def test_the_shortcuts_are_a_page_of_their_own_without_a_script(staff_client: Client) -> None:
    assert "<kbd>?</kbd>" in staff_client.get("/shortcuts/").text
