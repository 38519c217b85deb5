"""A list is sorted where an index serves the order together with the filter, and says so where it is not."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from licenses.models import License
from tests.factories import make_license

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("query", "offered"),
    [
        ("", {"key", "id", "expires_order"}),
        ("state=issued", {"id", "expires_order"}),
        ("sync=out", {"id"}),
        ("target=off", {"id"}),
        ("ends=soon", {"expires_order"}),
    ],
)
def test_beside_a_filter_only_the_orders_with_an_index_are_offered(
    staff_client: Client, query: str, offered: set[str]
) -> None:
    license_ = make_license(state="installed" if "ends" in query else "issued", in_sync=False, found="missing")
    License.objects.filter(pk=license_.pk).update(expires_at=timezone.now() + timedelta(days=3))
    page = staff_client.get(f"/licenses/?{query}").text
    assert set(re.findall(r'id="sort-(\w+)"', page)) == offered


def test_a_filter_leaves_behind_an_order_that_it_has_not(staff_client: Client) -> None:
    make_license()
    page = staff_client.get("/licenses/?sort=key").text
    assert 'href="?state=issued"' in page
    assert 'href="?state=issued&amp;sort=expires_order"' in staff_client.get("/licenses/?sort=expires_order").text


def test_an_order_without_an_index_is_left_out_and_said(staff_client: Client) -> None:
    make_license()
    page = staff_client.get("/licenses/?state=issued&sort=key").text
    assert "cannot be sorted by “key”" in page


def test_a_state_and_another_narrowing_are_chosen_one_instead_of_the_other(staff_client: Client) -> None:
    make_license(in_sync=False)
    assert 'href="?state=issued"' in staff_client.get("/licenses/?sync=out").text
