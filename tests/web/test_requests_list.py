"""The list of license requests as staff see it."""

import re
from typing import Any

import pytest
from django.test import Client

from licenses import services
from licenses.models import LicenseRequest
from licenses.uploads import upload
from pbas.core.story import SYSTEM
from tests.factories import World, make_subscription
from tests.web.moving import State, move, trouble

pytestmark = pytest.mark.django_db

PAGE = "/license-requests/"


def rows_on(text: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'<td class="key"><a href="/license-requests/(\d+)/"', text)]


def test_the_list_has_tabs_states_and_exact_totals(staff_client: Client, asked: LicenseRequest) -> None:
    other = make_subscription().license_requests.get()
    text = staff_client.get(PAGE).text
    assert rows_on(text) == [other.pk, asked.pk]
    assert rows_on(staff_client.get(f"{PAGE}?plugin={asked.configuration_id}").text) == [asked.pk]
    assert rows_on(staff_client.get(f"{PAGE}?state=services").text) == [other.pk]
    counts = dict(re.findall(r'id="state-(\w+)" href="[^"]*"[^>]*>[^<]*<b>(\d+)</b>', text))
    assert counts["all"] == "2"
    assert counts["key"] == counts["services"] == "1"


def test_the_list_says_how_many_need_somebody(staff_client: Client, online: LicenseRequest) -> None:
    move(online, State.ATTENTION, trouble=trouble())
    text = staff_client.get(PAGE).text
    assert "1 open request, 1 needs you" in text
    assert "state-attention" in text


def test_an_offline_request_needs_somebody_while_it_waits_for_its_upload(
    staff_client: Client, asked: LicenseRequest
) -> None:
    assert asked.state == State.KEY
    assert "1 open request, 1 needs you" in staff_client.get(PAGE).text


def test_a_request_on_hold_says_that_in_the_list(staff_client: Client, asked: LicenseRequest) -> None:
    services.hold_request(request=asked, actor=SYSTEM)
    assert "On hold" in staff_client.get(PAGE).text


def test_requests_are_found_by_order_account_and_key(staff_client: Client, world: World, asked: LicenseRequest) -> None:
    make_subscription()
    upload(request=asked, key="SECRET-1234-ABCD", actor=SYSTEM)
    for word in (world.order.number, world.subscription.name, "ABCD"):
        assert rows_on(staff_client.get(PAGE, {"q": word}).text) == [asked.pk]


@pytest.mark.parametrize(("query", "most"), [({}, 5), ({"q": "host"}, 6), ({"state": "key", "plugin": "1"}, 5)])
def test_a_page_of_the_list_costs_six_statements_at_most(
    staff_client: Client, django_assert_max_num_queries: Any, query: dict[str, str], most: int
) -> None:
    for _n in range(4):
        make_subscription()
    staff_client.get(PAGE)
    with django_assert_max_num_queries(most):
        staff_client.get(PAGE, query)
