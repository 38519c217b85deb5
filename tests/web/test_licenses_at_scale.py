"""The lists with many rows on PostgreSQL: what they cost is told by the plans, not by a clock."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from licenses.models import License, LicenseRequest
from pbas.core.lists.query import seal
from subscriptions.models import Subscription
from tests.factories import World, make_class

pytestmark = pytest.mark.django_db

SUBSCRIPTIONS, LICENSES = 25_000, 100_000
MOST_SCANNED = 1_100  # rows: a common word is found at once in the order of the table, and the search stops
SEARCH_INDEXES = ["license_key_search", "subscription_search"]

_OWNERS = """
INSERT INTO subscriptions_order (number, store, reference, account_id, plan_id, state, subscription_name,
                                 setup_total, monthly_total)
SELECT 'T' || n, 'bulk', n, %(account)s, %(plan)s, 'paid', 'srv' || n || '.example.com', 0, 0
  FROM generate_series(1, %(number)s) AS n;
INSERT INTO subscriptions_subscription (order_id, account_id, plan_id, name, state, search_text)
SELECT id, account_id, plan_id, subscription_name, 'active', subscription_name || ' ' || number || ' Ada' || id % 700
  FROM subscriptions_order WHERE store = 'bulk'
"""
_LICENSES = """
INSERT INTO licenses_license (uid, configuration_id, license_class_id, subscription_id, state, key, fingerprint,
                              features, expires_at)
SELECT gen_random_uuid(), c.configuration_id, c.id, s.lowest + n %% s.number,
       (ARRAY['installed', 'installed', 'installed', 'expired', 'issued'])[1 + n %% 5], 'PLSK.' || (n * 7919) || '.1',
       'bulk' || n, '[]', CASE WHEN n %% 9 > 0 THEN now() + n * interval '1 hour' END
  FROM generate_series(1, %(licenses)s) AS n
  JOIN (SELECT id, configuration_id, row_number() OVER (ORDER BY id) - 1 AS turn FROM licenses_licenseclass
         WHERE id = ANY(%(classes)s)) AS c ON c.turn = n %% 4,
       (SELECT min(id) AS lowest, count(*) AS number FROM subscriptions_subscription) AS s
"""
_REQUESTS = """
INSERT INTO licenses_licenserequest (uid, kind, state, configuration_id, license_class_id, subscription_id, license_id,
                                     order_number, options, leased, attempt, tries, held, problem_kind, problem_text,
                                     problem_fault, problem_vendor, stopped_in, finished_at)
SELECT gen_random_uuid(), 'issue', 'done', configuration_id, license_class_id, subscription_id, id, '', '{}', false, 1,
       0, false, '', '', '', '', '', now() FROM licenses_license
"""


@pytest.fixture
def many(world: World) -> int:
    """Many licenses with a done request each, in four tabs; the id of one configuration."""
    if connection.vendor != "postgresql":
        pytest.skip("plans are PostgreSQL's")
    classes = [make_class() for _n in range(4)]
    order = world.order
    with connection.cursor() as cursor:
        owner = {"account": order.account_id, "plan": order.plan_id, "number": SUBSCRIPTIONS}
        cursor.execute(_OWNERS.replace(" % 700", " %% 700"), owner)
        cursor.execute(_LICENSES, {"licenses": LICENSES, "classes": [one.pk for one in classes]})
        cursor.execute(_REQUESTS)
        # a fresh index keeps new entries aside for the vacuum, and plans shun it until then
        cursor.execute("SELECT gin_clean_pending_list(i) FROM unnest(%s::regclass[]) AS i", [SEARCH_INDEXES])
        cursor.execute("ANALYZE")
    assert (Subscription.objects.count(), License.objects.count()) == (SUBSCRIPTIONS, LICENSES)
    assert LicenseRequest.objects.count() == LICENSES
    return classes[0].configuration_id


@pytest.mark.convention(13)
def test_no_page_of_a_list_reads_a_whole_table(staff_client: Client, many: int) -> None:
    key = License.objects.values_list("key", flat=True)[777]
    last = str(License.objects.order_by("id").values_list("id", flat=True)[LICENSES // 2])
    addresses = [f"/licenses/?{query}" for query in _queries(many, "expired", key, seal("licenses", "-id", last))]
    place = seal("license_requests", "-id", last)
    addresses += [f"/license-requests/?{query}" for query in _queries(many, "done", key, place)]
    sorts = ("key", "-key", "expires_order", "-expires_order", "id")
    addresses += [f"/licenses/?plugin={many}&sort={sort}" for sort in sorts]
    staff_client.get("/licenses/?q=warmed+up")  # the sample of rows, which stays for minutes
    scans = []
    for address in addresses:
        with CaptureQueriesContext(connection) as asked:
            answer = staff_client.get(address)
        assert (answer.status_code, "note-warning" in answer.text) == (200, False), address
        assert len(asked) <= 6, address
        for query in asked.captured_queries:
            scans += [f"{address}: {table}" for table, rows in _scanned(_plan(query["sql"])) if rows > MOST_SCANNED]
    assert scans == []


def _queries(many: int, state: str, key: str, place: str) -> list[str]:
    """What people ask of a list; the place is in the middle of it."""
    return [
        *("", f"plugin={many}", f"plugin={many}&state={state}", f"plugin={many}&state={state}&last=1", "last=1"),
        *(f"after={place}", f"plugin={many}&before={place}"),
        *(f"q={key[4:11]}", "q=srv7777.example.com", f"q=srv77&state={state}", "q=example.com"),
    ]


def _plan(sql: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        found = cursor.fetchone()[0]
    return dict((json.loads(found) if isinstance(found, str) else found)[0]["Plan"])


def _scanned(node: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """The tables that a plan reads from their beginning, and how many rows until it stops."""
    if node["Node Type"] == "Seq Scan":
        yield node["Relation Name"], node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    for child in node.get("Plans", []):
        yield from _scanned(child)
