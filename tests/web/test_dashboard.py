"""The dashboard: each number is the count of the list that it links to."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from licenses.models import Finding, License, LicenseRequest, ReadyKeyRule
from tests.factories import World, make_class, make_configuration, make_license, make_order, make_subscription

pytestmark = pytest.mark.django_db


def tiles(page: str) -> dict[str, tuple[str, str]]:
    """Each tile's label with its number and address."""
    found = re.findall(r'<a class="tile" href="([^"]+)">([^<]+)<b[^>]*>([^<]+)</b>', page)
    return {label.strip(): (number, link.replace("&amp;", "&")) for link, label, number in found}


def test_an_empty_panel_says_that_nothing_waits(staff_client: Client) -> None:
    page = staff_client.get("/").text
    assert "Nothing waits for you" in page
    assert {number for number, _link in tiles(page).values()} == {"0", "–"}  # noqa: RUF001 (no time to install yet)


def rows_of(client: Client, link: str) -> int:
    """How many rows the list has that a figure leads to."""
    page = client.get(link).text
    assert "Not everything that this address asks for" not in page
    return page.partition("<tbody>")[2].partition("</tbody>")[0].count("<tr>")


@pytest.mark.convention(27)
def test_each_figure_is_the_number_of_rows_of_the_list_that_it_links_to(staff_client: Client, world: World) -> None:
    for _ in range(3):
        make_subscription(make_order(world.plan))
    LicenseRequest.objects.filter(pk=world.request.pk).update(state="attention", troubled_at=timezone.now())
    make_configuration(name="Parked one", parkings=1, parked_why="503")
    make_configuration(name="Paused one", status="paused")
    few = make_class(world.configuration)
    ReadyKeyRule.objects.create(license_class=few, low_mark=2)
    ReadyKeyRule.objects.create(license_class=make_class(world.configuration), low_mark=0)
    Finding.objects.create(
        configuration=world.configuration, kind="orphan", shown="K-1", fingerprint="K-1", seen_at=timezone.now()
    )
    soon, late = timezone.now() + timedelta(days=10), timezone.now() + timedelta(days=90)
    for expires_at in (soon, late, None):
        make_license(world.license_class, state="installed", expires_at=expires_at)
    make_license(world.license_class, state="terminated", expires_at=soon)
    LicenseRequest.objects.filter(subscription=make_subscription(make_order(world.plan))).update(state="done")
    page = staff_client.get("/").text
    shown = tiles(page)
    figures = {label: number for label, (number, _link) in shown.items() if label != "Time to install"}
    assert figures == {
        "Need attention": "1",
        "Failed in 24 hours": "1",
        "Open requests": "4",
        "Plug-ins in trouble": "1",
        "Expiring in 30 days": "1",
        "Few ready keys": "1",
        "Keys nobody uses": "1",
    }
    for label, number in figures.items():
        assert rows_of(staff_client, shown[label][1].partition("#")[0]) == int(number), label
    opened = re.findall(r'href="(/license-requests/\?plugin=\d+&amp;open=yes)"><svg.*?</svg>(\d+)<', page)
    assert [rows_of(staff_client, link.replace("&amp;", "&")) for link, _n in opened] == [int(n) for _link, n in opened]
    assert sorted(int(n) for _link, n in opened) == [0, 0, 4]


@pytest.mark.convention(27)
def test_the_chart_of_days_has_its_numbers_as_a_table_whose_links_lead_to_as_many_licenses(
    staff_client: Client, world: World
) -> None:
    staff_client.cookies["zone"] = "Pacific/Auckland"
    now = timezone.now()
    for days in (0, 0, 3, 20):
        made = make_license(world.license_class)
        License.objects.filter(pk=made.pk).update(issued_at=now - timedelta(days=days))
    rows = re.findall(r'<a href="(/licenses/\?issued=[^"]+)">(\d+)</a>', staff_client.get("/").text)
    assert [int(number) for _link, number in rows] == [2, 0, 0, 1, *[0] * 10]
    for link, number in rows:
        assert rows_of(staff_client, link) == int(number)


@pytest.mark.parametrize("day", ["2026-02-30", "yesterday", "2026-11-30T00:00"])
def test_a_day_that_does_not_exist_is_said_and_left_out(staff_client: Client, world: World, day: str) -> None:
    key = make_license(world.license_class).key
    page = staff_client.get("/licenses/", {"issued": day}).text
    assert "The filter has no value" in page
    assert key in page


def test_what_waits_for_staff_is_named_with_its_request(staff_client: Client, world: World) -> None:
    LicenseRequest.objects.filter(pk=world.request.pk).update(state="attention")
    page = staff_client.get("/").text
    assert f'href="/license-requests/{world.request.pk}/"' in page
    assert world.subscription.name in page


def test_plugins_are_shown_with_their_state(staff_client: Client) -> None:
    make_configuration(name="Paused one", status="paused")
    make_configuration(name="Parked one", parkings=1)
    words = re.findall(r'">(P[a-z]+ one)</a>.*?<span>([^<]+)</span>', staff_client.get("/").text, re.DOTALL)
    assert words == [("Parked one", "Does not work for now"), ("Paused one", "Paused")]


def test_the_dashboard_costs_the_same_whatever_there_is(
    staff_client: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        make_subscription(make_order(world.plan))
        make_configuration()
    LicenseRequest.objects.update(state="attention")
    with django_assert_max_num_queries(15):
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
    assert tiles(page)["Time to install"][0] == "2.0 s"
    assert "95 of 100 within 6.3 min" in page
    rows = re.findall(r'<th scope="row">([^<]+)</th>.*?<td class="end">(\d+)</td>', page, re.DOTALL)
    assert [row for row in rows if row[1] != "0"] == [
        ("up to 5 seconds", "18"),
        ("up to 30 seconds", "1"),
        ("up to 1 day", "1"),
    ]
