"""The list of licenses as staff see it: tabs, states, pages, search."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from licenses.lists import LicenseList
from licenses.models import License, LicenseClass, PluginConfiguration
from tests.factories import World, make_class, make_configuration, make_license
from tests.web.moving import stop, uploaded

pytestmark = pytest.mark.django_db

PAGE = "/licenses/"
HTMX = {"HX-Request": "true"}


def make_licenses(license_class: LicenseClass, number: int, **values: Any) -> list[License]:
    """As many licenses, their keys in the order of their making."""
    given = {"configuration": license_class.configuration, "license_class": license_class, **values}
    return License.objects.bulk_create(
        License(key=f"KEY.{n:05}", fingerprint=f"{license_class.pk}-{n}", **given) for n in range(number)
    )


def keys_on(text: str) -> list[str]:
    return re.findall(r'<td class="key"><a href="/licenses/\d+/"[^>]*>([^<]+)</a>', text)


def link_of(text: str, name: str) -> str:
    """Where the page link of a name leads to."""
    found = re.search(rf'id="page-{name}" href="([^"]+)"', text)
    return unescape(found.group(1)) if found else ""


@pytest.mark.convention(2)
def test_each_configuration_has_a_tab_and_there_is_one_of_all(staff_client: Client) -> None:
    first, second = make_configuration(name="Vendor A"), make_configuration(name="Vendor B")
    text = staff_client.get(PAGE).text
    tabs = re.findall(r'id="tab-(\w+)" href="([^"]*)"( aria-current="page")?', text)
    assert [name for name, _link, _current in tabs] == ["all", str(first.pk), str(second.pk)]
    assert [bool(current) for _name, _link, current in tabs] == [True, False, False]


def test_a_tab_shows_only_the_licenses_of_its_configuration(staff_client: Client) -> None:
    mine, other = make_license(), make_license()
    text = staff_client.get(f"{PAGE}?plugin={mine.configuration_id}").text
    assert keys_on(text) == [mine.key]
    assert other.key not in text


@pytest.mark.convention(2)
def test_a_tab_counts_what_needs_attention_and_mutes_zero(staff_client: Client, world: World) -> None:
    assert 'class="count"' in staff_client.get(f"{PAGE}?plugin={world.configuration.pk}").text
    stop(world.request)
    text = staff_client.get(PAGE).text
    assert re.search(rf'id="tab-{world.configuration.pk}".*?<span class="count count-bad">1<', text, re.DOTALL)


@pytest.mark.convention(2)
def test_a_paused_configuration_has_a_warning_in_its_tab(staff_client: Client) -> None:
    make_configuration(status=PluginConfiguration.Status.PAUSED)
    assert 'role="img" aria-label="Paused"' in staff_client.get(PAGE).text


@pytest.mark.convention(5)
def test_the_state_line_counts_exactly_and_filters(staff_client: Client) -> None:
    sold = make_class()
    make_licenses(sold, 3, state=License.State.INSTALLED)
    make_license(sold, state=License.State.EXPIRED)
    text = staff_client.get(f"{PAGE}?plugin={sold.configuration_id}").text
    counts = re.findall(r'id="state-(\w+)" href="[^"]*"[^>]*>[^<]*<b>([\d,]+)</b>', text)
    assert dict(counts) == {
        "all": "4",
        "issued": "0",
        "installed": "3",
        "suspended": "0",
        "expired": "1",
        "terminated": "0",
    }
    text = staff_client.get(f"{PAGE}?plugin={sold.configuration_id}&state=expired").text
    assert len(keys_on(text)) == 1
    assert "1 of 1" in text
    assert "Clear all" in text


@pytest.mark.convention(5)
def test_each_chip_takes_its_own_filter_away_and_one_link_all_of_them_but_never_the_tab(staff_client: Client) -> None:
    one = make_license(state=License.State.EXPIRED, key="KEY.1234")
    tab = f"plugin={one.configuration_id}"
    asked = f"{PAGE}?{tab}&state=expired&q=KEY.1&issued={timezone.now():%Y-%m-%d}"
    chips = chips_on(staff_client.get(asked).text)
    assert len(chips) == 4  # three filters, and all of them
    for label, link in chips.items():
        left = chips_on(staff_client.get(PAGE + link).text)
        assert left.keys() == (set() if label == "Clear all" else chips.keys() - {label}), label
        assert tab in link


def chips_on(text: str) -> dict[str, str]:
    """What the list is filtered by, and the link that takes it away."""
    chips = re.findall(r'<span class="chip">([^<]+)<a href="([^"]*)">', text)
    cleared = re.findall(r'<a class="clear" href="([^"]*)">(Clear all)</a>', text)
    return {label: unescape(link) for label, link in [*chips, *((label, link) for link, label in cleared)]}


def test_pages_go_forth_and_back_and_to_both_ends(staff_client: Client) -> None:
    sold = make_class()
    made = [license_.key for license_ in reversed(make_licenses(sold, 120))]
    first = staff_client.get(PAGE).text
    assert keys_on(first) == made[:50]
    assert link_of(first, "previous") == ""
    second = staff_client.get(PAGE + link_of(first, "next")).text
    assert keys_on(second) == made[50:100]
    third = staff_client.get(PAGE + link_of(second, "next")).text
    assert keys_on(third) == made[100:]
    assert link_of(third, "next") == ""
    assert keys_on(staff_client.get(PAGE + link_of(third, "previous")).text) == made[50:100]
    assert keys_on(staff_client.get(PAGE + link_of(first, "last")).text) == made[-50:]
    assert keys_on(staff_client.get(PAGE + link_of(second, "first")).text) == made[:50]


@pytest.mark.parametrize("sort", ["key", "-key", "expires_order", "-expires_order", "id"])
@pytest.mark.convention(8)
def test_every_order_can_be_walked_to_its_end_and_back_without_losing_a_row(staff_client: Client, sort: str) -> None:
    sold = make_class()
    now = timezone.now()
    for n, license_ in enumerate(make_licenses(sold, 130)):
        License.objects.filter(pk=license_.pk).update(expires_at=None if n % 3 else now + timedelta(days=n // 10))
    column, sign = sort.removeprefix("-"), "-" if sort.startswith("-") else ""
    plain = list(License.objects.order_by(sort, f"{sign}id").values_list("key", flat=True))
    assert column in {"id", "key", "expires_order"}
    assert [key for page in walk(staff_client, f"?sort={sort}", "next") for key in page] == plain
    back = list(walk(staff_client, f"?sort={sort}&last=1", "previous"))
    assert [key for page in reversed(back) for key in page][-100:] == plain[-100:]


def walk(client: Client, start: str, way: str) -> Iterator[list[str]]:
    """The keys of each page from a start until there is no further link."""
    place = start
    while place:
        text = client.get(PAGE + place).text
        yield keys_on(text)
        place = link_of(text, way)


@pytest.mark.parametrize(
    "rubbish",
    [
        "plugin=999999999999999999999&state=none&sort=secret_key&after=x",
        "after=1~2~3&before=~&last=",
        "sort=expires_order&after=yesterday~5",
        "sort=key&after=KEY~99999999999999999999999",
        "sort=id&before=%00&q=%00%00%00%00",
        "after=-1&q=%27%22%3C%25_",
    ],
)
def test_rubbish_in_the_address_is_ignored(staff_client: Client, rubbish: str) -> None:
    make_license()
    assert staff_client.get(f"{PAGE}?{rubbish}").status_code == 200


@pytest.mark.parametrize("part", ["name", "account", "order", "key"])
def test_a_search_finds_by_key_subscription_account_and_order(staff_client: Client, world: World, part: str) -> None:
    make_license()
    subscription = world.subscription
    words = {
        "name": subscription.name[2:10],
        "account": "ADA@example",
        "order": subscription.order.number,
        "key": world.license.key[2:].lower(),
    }
    text = staff_client.get(PAGE, {"q": words[part]}).text
    assert keys_on(text) == [world.license.key]
    assert "1 match" in text


def test_a_search_of_a_frequent_word_says_more_than_it_counts(staff_client: Client) -> None:
    make_licenses(make_class(), 1100)
    text = staff_client.get(PAGE, {"q": "KEY."}).text
    assert len(keys_on(text)) == 50
    assert "more than 50 matches" in text
    assert len(keys_on(staff_client.get(PAGE + link_of(text, "next")).text)) == 50


def test_a_secret_key_is_found_by_its_end_only_as_a_whole_one_would_stand_in_the_address(
    staff_client: Client, world: World
) -> None:
    license_ = uploaded(world, key="SECRET-1234-ABCD")
    assert keys_on(staff_client.get(PAGE, {"q": "SECRET-1234"}).text) == []
    assert keys_on(staff_client.get(PAGE, {"q": "ABCD"}).text) == [license_.key]


def test_a_search_of_two_signs_is_not_made_and_says_why(staff_client: Client) -> None:
    license_ = make_license()
    text = staff_client.get(PAGE, {"q": "zz"}).text
    assert "Type at least 3 signs" in text
    assert keys_on(text) == [license_.key]


@pytest.mark.convention(11)
def test_nothing_found_and_nothing_there_are_said_differently(staff_client: Client) -> None:
    assert "No licenses yet" in staff_client.get(PAGE).text
    text = staff_client.get(PAGE, {"q": "nowhere"}).text
    assert "No license matches" in text
    assert "Clear the filters" in text


def test_what_was_searched_stands_in_the_page_escaped(staff_client: Client) -> None:
    text = staff_client.get(PAGE, {"q": "<script>"}).text
    assert "<script>" not in text.replace('<script src="', "")
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize(("query", "most"), [({}, 5), ({"q": "host"}, 6), ({"state": "issued", "sort": "key"}, 5)])
@pytest.mark.convention(13)
def test_a_page_of_the_list_costs_six_statements_at_most(
    staff_client: Client, world: World, django_assert_max_num_queries: Any, query: dict[str, str], most: int
) -> None:
    assert world.license
    for _n in range(5):
        make_license(make_class())
    staff_client.get(PAGE)
    with django_assert_max_num_queries(most):
        staff_client.get(PAGE, query)


def test_htmx_gets_the_list_alone_and_going_back_gets_the_page(staff_client: Client) -> None:
    part = staff_client.get(PAGE, headers=HTMX)
    assert "<html" not in part.text
    assert 'id="list"' in part.text
    assert "HX-Request" in part["Vary"]
    whole = staff_client.get(PAGE, headers={**HTMX, "HX-History-Restore-Request": "true"})
    assert "<html" in whole.text


WALKS = [
    *("", "sort=id", "sort=key", "sort=-key", "sort=expires_order", "state=issued", "size=25&last=1"),
    *("state=installed&sort=expires_order", "columns=key,number,email,installed,sync"),
    *("q=KEY.000", "q=KEY.000&state=installed&sort=expires_order", "q=KEY.000&sort=id"),
]


@pytest.mark.parametrize("asked", WALKS)
def test_a_walk_along_an_index_shows_what_the_filter_leaves_on_each_page(rf: Any, asked: str, staff: User) -> None:
    now = timezone.now()
    for license_class in (make_class(), make_class()):
        made = [one.pk for one in make_licenses(license_class, 120)]
        License.objects.filter(pk__in=made[::2]).update(state="installed", installed_at=now)
        License.objects.filter(pk__in=made[::3]).update(expires_at=now + timedelta(days=9))
    for tab in ("", f"&plugin={license_class.configuration_id}"):
        address: str | None = asked + tab
        for _page in range(12):
            listed = LicenseList(rf.get(f"{PAGE}?{address}").GET, staff)
            assert listed.walked is not None
            rows = listed.query.page(listed.filtered().values_list(*listed.fields, named=True)).rows
            assert rows
            assert [one._asdict() for one in listed.page.rows] == [one._asdict() for one in rows]
            if listed.page.next is None:
                break
            address = f"{asked}{tab}&{urlencode(listed.page.next)}"
        assert listed.page.next is None
