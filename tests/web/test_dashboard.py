"""The dashboard: each number is the count of the list that it links to."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from licenses.models import LicenseRequest
from tests.factories import World, make_configuration, make_license, make_order, make_subscription

pytestmark = pytest.mark.django_db


def tiles(page: str) -> dict[str, tuple[str, str]]:
    """Each tile's label with its number and address."""
    found = re.findall(r'<a class="tile" href="([^"]+)">([^<]+)<b[^>]*>([^<]+)</b>', page)
    return {label.strip(): (number, link.replace("&amp;", "&")) for link, label, number in found}


def test_an_empty_panel_says_that_nothing_waits(staff_client: Client) -> None:
    page = staff_client.get("/").text
    assert "Nothing waits for you" in page
    assert {number for number, _link in tiles(page).values()} == {"0"}


def test_the_figures_agree_with_the_lists_that_they_link_to(staff_client: Client, world: World) -> None:
    for _ in range(3):
        make_subscription(make_order(world.plan))
    LicenseRequest.objects.filter(pk=world.request.pk).update(state="attention", troubled_at=timezone.now())
    make_configuration(name="Parked one", parkings=1)
    soon, late = timezone.now() + timedelta(days=10), timezone.now() + timedelta(days=90)
    for expires_at in (soon, late, None):
        make_license(world.license_class, state="installed", expires_at=expires_at)
    make_license(world.license_class, state="terminated", expires_at=soon)
    shown = tiles(staff_client.get("/").text)
    assert {label: number for label, (number, _link) in shown.items()} == {
        "Need attention": "1",
        "Open requests": "4",
        "Active licenses": "3",
        "Failed in 24 hours": "1",
        "Expiring in 30 days": "1",
        "Plug-ins in trouble": "1",
        "Keys nobody uses": "0",
    }
    for label in ("Failed in 24 hours", "Expiring in 30 days"):
        assert " match" in staff_client.get(shown[label][1]).text  # as many rows as the figure says
    assert "3" in staff_client.get(shown["Active licenses"][1]).text
    assert f"/license-requests/{world.request.pk}/" in staff_client.get(shown["Need attention"][1]).text


def test_what_waits_for_staff_is_named_with_its_request(staff_client: Client, world: World) -> None:
    LicenseRequest.objects.filter(pk=world.request.pk).update(state="attention")
    page = staff_client.get("/").text
    assert f'href="/license-requests/{world.request.pk}/"' in page
    assert world.subscription.name in page


def test_plugins_are_shown_with_their_state(staff_client: Client) -> None:
    make_configuration(name="Paused one", status="paused")
    make_configuration(name="Parked one", parkings=1)
    words = re.findall(r'">(P[a-z]+ one)</a>.*?<span>([^<]+)</span>', staff_client.get("/").text, re.DOTALL)
    assert words == [("Parked one", "Waiting"), ("Paused one", "Paused")]


def test_the_dashboard_costs_the_same_whatever_there_is(
    staff_client: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        make_subscription(make_order(world.plan))
        make_configuration()
    LicenseRequest.objects.update(state="attention")
    with django_assert_max_num_queries(14):
        staff_client.get("/")


def test_the_time_to_install_is_told_by_its_median_and_95_of_100_with_the_chart_as_a_table(
    staff_client: Client, world: World
) -> None:
    now = timezone.now()
    for seconds in [2] * 18 + [20, 7200]:
        LicenseRequest.objects.create(
            configuration=world.configuration,
            license_class=world.license_class,
            state="done",
            intent_at=now - timedelta(seconds=seconds),
            finished_at=now,
        )
    page = staff_client.get("/").text
    assert re.findall(r"<dd><b>([^<]+)</b></dd>", page) == ["2.0 s", "6.3 min"]
    rows = re.findall(r'<th scope="row">([^<]+)</th>.*?<td class="end">(\d+)</td>', page, re.DOTALL)
    assert [row for row in rows if row[1] != "0"] == [
        ("up to 5 seconds", "18"),
        ("up to 30 seconds", "1"),
        ("up to 1 day", "1"),
    ]
