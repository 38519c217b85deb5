"""Views of list pages with their statements, plans and times. Runs on the database of the environment."""

import re
import time
from collections import defaultdict
from collections.abc import Callable
from statistics import median
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from bench.inside.list_seeding import LICENSES_EACH, SUBSCRIPTIONS_EACH, key_of, make_lists
from licenses.counters import fold
from pbas.core.lists.query import seal

VIEWS = 7
BIG = 1000  # rows; below that reading the whole table is the better plan
CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "PRAGMA", "EXPLAIN")

PAGES = {
    "licenses of a tab": "/licenses/?plugin=1",
    "licenses, all tabs": "/licenses/",
    "licenses of a tab by key": "/licenses/?plugin=1&sort=key",
    "licenses of a tab by expiry": "/licenses/?plugin=1&sort=expires_order",
    "licenses of a tab in one state by expiry": "/licenses/?plugin=1&state=expired&sort=-expires_order",
    "licenses that are not in sync": "/licenses/?sync=out",
    "licenses not as installed": "/licenses/?target=off",
    "licenses that end soon": "/licenses/?ends=soon",
    "licenses of a tab in one state": "/licenses/?plugin=1&state=installed",
    "licenses of a tab, middle": "/licenses/?plugin=1&after={place}",
    "licenses of a tab, last page": "/licenses/?plugin=1&last=1",
    "licenses by part of a key": "/licenses/?q={part}",
    "licenses by part of a host": "/licenses/?q=host-{host}.",
    "licenses by a whole key": "/licenses/?q={key}",
    "requests by a whole host": "/license-requests/?q=host-{host}.example.com",
    "subscriptions by two words": "/subscriptions/?q=customer+{customer}",
    "orders by part of a host": "/orders/?q=host-{host}.",
    "requests of a tab": "/license-requests/?plugin=1",
    "requests, all tabs": "/license-requests/",
    "requests, failed lately": "/license-requests/?failed=day",
    "requests of a tab in one state": "/license-requests/?plugin=1&state=done",
    "subscriptions": "/subscriptions/",
    "orders": "/orders/",
}
ADMIN = {
    "stock admin, licenses": ("/admin/licenses/license/", "licenses, all tabs"),
    "stock admin, licenses of a tab": ("/admin/licenses/license/?configuration__id__exact=1", "licenses of a tab"),
}

Statement = tuple[str, Any]


def measure(*, number: int) -> list[dict[str, Any]]:
    """Each page with its number of statements, times in ms, and the tables that it reads from end to end."""
    make_lists(number=number)
    fold()
    User.objects.filter(username="bench").delete()
    client = Client()
    client.force_login(User.objects.create_superuser("bench"))
    middle = number // 2
    host, key = middle // LICENSES_EACH, key_of(middle)
    words = {"host": host, "key": key, "part": key[4:12], "customer": host // SUBSCRIPTIONS_EACH}
    words["place"] = seal("licenses", "-id", str(middle))
    ours = [_page(client, name, address.format(**words), "") for name, address in PAGES.items()]
    return [*ours, *(_page(client, name, address, like) for name, (address, like) in ADMIN.items())]


def _page(client: Client, name: str, address: str, naive: str) -> dict[str, Any]:
    _view(client, address)  # templates and statements are prepared
    views = [_view(client, address) for _ in range(VIEWS)]
    statements = views[-1][0]
    times = [_database_ms(statement) for statement in statements]
    return {
        "name": name,
        "naive": naive,
        "statements": len(statements),
        "database": sum(times),
        "slowest": max(times),
        "page": median(taken for _, taken in views),
        "scans": sorted({table for statement in statements for table in _scanned(*statement)}),
    }


def _view(client: Client, address: str) -> tuple[list[Statement], float]:
    """The statements of one view, and the ms that all of it took."""
    seen: list[Statement] = []

    def watch(execute: Callable[..., Any], sql: str, given: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
        if not sql.startswith(CONTROL):
            seen.append((sql, given))
        return execute(sql, given, many, context)

    began = time.perf_counter()
    with connection.execute_wrapper(watch):
        answer = client.get(address)
    taken = 1000 * (time.perf_counter() - began)
    if answer.status_code != 200:  # noqa: PLR2004 (HTTP's)
        raise RuntimeError(f"{address} answers {answer.status_code}.")
    return seen, taken


def _database_ms(statement: Statement) -> float:
    """What a statement costs the database: planned and run by PostgreSQL's own clock, or in this process by SQLite."""
    return median(_run(*statement) for _ in range(VIEWS))


def _run(sql: str, given: Any) -> float:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY ON) {sql}", given)
            return sum(float(ms) for (line,) in cursor.fetchall() for ms in re.findall(r" Time: ([\d.]+) ms", line))
        began = time.perf_counter()
        cursor.execute(sql, given)
        cursor.fetchall()
        return 1000 * (time.perf_counter() - began)


def _scanned(sql: str, given: Any) -> list[str]:
    """The big tables that a statement reads from end to end, by its plan."""
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {sql}", given)
        plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
    if connection.vendor == "postgresql":
        return [table for table in re.findall(r"Seq Scan on (\w+)", plan) if _is_big(table)]
    if " LIMIT " in sql and " WHERE " not in sql and "TEMP B-TREE" not in plan:
        return []  # the rows in their own order, no further than the page
    names = {alias or table: table for table, alias in re.findall(r'"(\w+)"(?: (\w+)\b)?', sql)}
    found = re.findall(r"^SCAN (\w+)\b(?! USING| VIRTUAL TABLE INDEX \d+:M)", plan, flags=re.MULTILINE)
    return [table for name in found if _is_big(table := names.get(name, name))]


_rows: dict[str, int] = defaultdict(int)


def _is_big(table: str) -> bool:
    if table not in _rows and table in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608 (the name of a table)
            _rows[table] = cursor.fetchone()[0]
    return _rows[table] > BIG
