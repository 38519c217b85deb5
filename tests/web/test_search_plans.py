"""Searches ask an index, on both databases, and find what reading every row would."""

import re
from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from licenses import selectors
from licenses.models import License
from subscriptions.models import Order, Subscription
from subscriptions.selectors import orders_matching, subscriptions_matching
from tests.factories import World, make_license

pytestmark = pytest.mark.django_db

PAGES = ("licenses", "license-requests", "subscriptions", "orders")
SIGNS = ("100%", "a_b_c", "O'Neil", 'say "yes" now', "NEAR(x y)", "one AND two", "key:*", "^key", "-key", "back\\slash")


def _scans(sql: str) -> list[str]:
    """The tables that a plan reads from end to end; PostgreSQL has no statistics of these and is told to avoid it."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {sql}")
            return re.findall(r"Seq Scan on (\w+)", "\n".join(row[0] for row in cursor.fetchall()))
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        plan = "\n".join(row[-1] for row in cursor.fetchall())
        return re.findall(r"^SCAN (\w+)\b(?! USING INDEX| VIRTUAL TABLE INDEX \d+:M)", plan, flags=re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("part", ["key", "whole key", "host", "account", "order", "two words", "start", "nothing"])
def test_no_search_reads_a_whole_table(staff_client: Client, world: World, page: str, part: str) -> None:
    assert world.license.key
    name, number = world.subscription.name, world.subscription.order.number
    text = {
        "key": world.license.key[1:6],
        "whole key": world.license.key,
        "host": name[2:10],
        "account": world.subscription.account.email,
        "order": number,
        "two words": f"{name} {number[:2]}",
        "start": name[:2],
        "nothing": "nowhere at all",
    }[part]
    staff_client.get(f"/{page}/?q={quote(text)}")
    with CaptureQueriesContext(connection) as asked:
        assert staff_client.get(f"/{page}/?q={quote(text)}").status_code == 200
    assert len(asked) <= 5
    searches = [query["sql"] for query in asked if re.search(r"LIKE|MATCH", query["sql"])]
    assert searches or len(text) < selectors.SHORTEST_SEARCH
    assert [table for sql in searches for table in _scans(sql)] == []


@pytest.mark.parametrize("text", SIGNS)
def test_special_signs_are_data(world: World, text: str) -> None:
    wanted, other = make_license(key=f"K {text} Z"), make_license(key="K plain")
    assert selectors.found_by(text.upper()).licenses == (wanted.pk,)
    assert world.subscription.search_text
    Subscription.objects.filter(pk=world.subscription.pk).update(search_text=f"before {text} after")
    assert selectors.found_by(text).subscriptions == (world.subscription.pk,)
    assert list(subscriptions_matching(Subscription.objects.all(), text)) == [world.subscription]
    assert list(orders_matching(Order.objects.all(), text)) == [world.subscription.order]
    assert selectors.found_by("plain").licenses == (other.pk,)


def test_every_part_of_a_key_finds_it_whatever_the_case() -> None:
    license_ = make_license(key="PLSK.10050000.0001-ÄÖ")
    make_license(key="PLSK.1005")
    key = license_.key
    for start in range(len(key)):
        for end in range(start + 3, len(key) + 1):
            assert license_.pk in selectors.found_by(key[start:end]).licenses
    assert selectors.found_by("plsk.1005000").licenses == (license_.pk,)
    assert selectors.found_by("PLSK.10050001").licenses == ()


def test_what_changes_or_goes_is_found_as_it_is_now() -> None:
    license_ = make_license(key="OLD-KEY-1")
    License.objects.filter(pk=license_.pk).update(key="NEW-KEY-2")
    assert selectors.found_by("OLD-KEY").licenses == ()
    assert selectors.found_by("NEW-KEY").licenses == (license_.pk,)
    license_.delete()
    assert selectors.found_by("NEW-KEY").licenses == ()


def test_short_words_are_the_start_of_a_name_or_narrow_a_longer_word(world: World) -> None:
    subscription = world.subscription
    Subscription.objects.filter(pk=subscription.pk).update(name="ab.example.com", search_text="ab.example.com Zoe")

    def found(text: str) -> list[Any]:
        return list(subscriptions_matching(Subscription.objects.all(), text))

    assert found("AB") == found("ab zo") == found("zo exam") == [subscription]
    assert found("zo") == found("exam xx") == found("b.") == []


def test_a_sample_of_other_rows_changes_nothing_that_is_found() -> None:
    license_ = make_license(key="PLSK.10050000")
    for sample in ("", "PLSK.10050000 " * 1000, "OTHER"):
        cache.set("search-sample", sample)
        assert selectors.found_by("SK.100500").licenses == (license_.pk,)
        assert selectors.found_by("SK.100501").licenses == ()


def test_without_trigrams_in_sqlite_the_rows_are_read() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite may lack them")
    license_ = make_license(key="PLSK.10050000")
    with connection.cursor() as cursor:  # as a migration by such an SQLite leaves the database
        for trigger in ("insert", "delete", "update"):
            cursor.execute(f"DROP TRIGGER licenses_license_search_{trigger}")
        cursor.execute("DROP TABLE licenses_license_search")
    selectors._is_kept.cache_clear()
    try:
        assert selectors.found_by("100500").licenses == (license_.pk,)
        assert selectors.found_by("5%0").licenses == ()
    finally:
        selectors._is_kept.cache_clear()
