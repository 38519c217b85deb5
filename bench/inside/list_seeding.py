"""Rows for the benchmarks of lists, up to a million: indexes and counters are made once they are there, not a row."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection, transaction

from bench.inside.seeding import clear, make_tab
from licenses.statements import now
from subscriptions.models import HostingPlan

TABS = 20  # configurations, with equal shares of the rows
LICENSES_EACH, SUBSCRIPTIONS_EACH = 4, 5  # of a subscription, of an account
_YEARS = 2 * 365 * 24 * 3600  # seconds over which the expiries are spread

_UID = {"postgresql": "gen_random_uuid()", "sqlite": "lower(hex(randomblob(16)))"}
_LATER = {
    "postgresql": "now() + ({}) * interval '1 second'",
    "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f000', 'now', ({}) || ' seconds')",
}
_TABLES = (
    *("subscriptions_account", "subscriptions_order", "subscriptions_subscription"),
    *("licenses_license", "licenses_licenserequest"),
)
_ROWS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number} / {a_row}) "
_ACCOUNTS = """
INSERT INTO subscriptions_account (id, store, reference, name, email)
{rows} SELECT i, 'shop', 'c' || i, 'Customer ' || i, 'c' || i || '@example.com' FROM n
"""
_ORDERS = """
INSERT INTO subscriptions_order (id, number, store, reference, account_id, plan_id, state, subscription_name,
                                 setup_total, monthly_total, paid_at)
{rows} SELECT i, 'O' || i, 'shop', 'r' || i, 1 + (i - 1) / {subscriptions_each}, {plan}, 'paid',
              'host-' || i || '.example.com', 0, 0, {now} FROM n
"""
_SUBSCRIPTIONS = """
INSERT INTO subscriptions_subscription (id, order_id, account_id, plan_id, name, state, search_text)
SELECT o.id, o.id, account_id, {plan}, subscription_name, 'active',
       subscription_name || ' ' || name || ' ' || email || ' ' || number || ' ' || o.reference
  FROM subscriptions_order o JOIN subscriptions_account a ON a.id = account_id
"""
# Keys and expiries are scattered over the rows, as they are in a database that grew; some states and marks are rare.
_LICENSES = """
INSERT INTO licenses_license (id, uid, configuration_id, license_class_id, subscription_id, state, key, fingerprint,
                              features, issued_at, installed_at, in_sync, found, expires_at)
{rows}, turns AS (SELECT i, 1 + i %% {tabs} AS tab, i / {tabs} AS turn, CAST(i AS bigint) * 7919 AS spread FROM n)
SELECT i, {uid}, tab, tab, 1 + (i - 1) / {licenses_each},
       CASE WHEN turn %% 1000 = 16 THEN 'issued' WHEN turn %% 20 < 15 THEN 'installed' WHEN turn %% 20 < 17
            THEN 'expired' WHEN turn %% 20 < 18 THEN 'suspended' ELSE 'terminated' END,
       'PLSK.' || (10000000 + spread %% 89999999) || '.0001', 'f' || i, '[]', {now}, {now},
       turn %% 1000 <> 3, CASE WHEN turn %% 1000 = 7 THEN 'missing' END,
       CASE WHEN turn %% 9 > 0 THEN {expiry} END FROM turns
"""
_REQUESTS = """
INSERT INTO licenses_licenserequest (id, uid, kind, state, configuration_id, license_class_id, subscription_id,
                                     license_id, order_number, options, leased, attempt, tries, held, problem_kind,
                                     problem_text, problem_fault, problem_vendor, stopped_in, finished_at, troubled_at)
SELECT id, {uid}, 'issue', CASE WHEN state = 'issued' THEN 'attention' ELSE 'done' END, configuration_id,
       license_class_id, subscription_id, id, 'O' || subscription_id, '{{}}', false, 1, 0, false, '', '', '', '', '',
       CASE WHEN state <> 'issued' THEN {now} END, CASE WHEN state = 'issued' THEN {now} END FROM licenses_license
"""
_ROWS_OF = {_ACCOUNTS: LICENSES_EACH * SUBSCRIPTIONS_EACH, _ORDERS: LICENSES_EACH}  # so many licenses a row
_TEXTS = (_ACCOUNTS, _ORDERS, _SUBSCRIPTIONS, _LICENSES, _REQUESTS)
_AROUND = {  # whose, how it goes, how it comes again
    "postgresql": """
SELECT c.relname, 'DROP INDEX ' || indexrelid::regclass, pg_get_indexdef(indexrelid)
  FROM pg_index JOIN pg_class c ON c.oid = indrelid
 WHERE indexrelid NOT IN (SELECT conindid FROM pg_constraint)
""",
    "sqlite": """
SELECT tbl_name, 'DROP ' || type || ' ' || name, sql FROM sqlite_master
 WHERE type IN ('index', 'trigger') AND sql IS NOT NULL
""",
}
_COUNTS = """
INSERT INTO licenses_statecount (subject, configuration_id, state, n)
SELECT '{subject}', configuration_id, state, count(*) FROM {table} GROUP BY 2, 3
"""
_COUNTED = {"license": "licenses_license", "request": "licenses_licenserequest"}


def key_of(row: int) -> str:
    """The key of a license of `make_lists`, by its id."""
    return f"PLSK.{10_000_000 + row * 7919 % 89_999_999}.0001"


def make_lists(*, number: int) -> None:
    """Licenses with a request each, and a quarter as many subscriptions, spread evenly over the tabs."""
    clear()
    for tab in range(1, TABS + 1):
        make_tab(f"Vendor {tab}", template="manual", settings={}, secrets={})
    words = {
        "number": number,
        "plan": HostingPlan.objects.create(code="plan", name="Plan").pk,
        "tabs": TABS,
        "licenses_each": LICENSES_EACH,
        "subscriptions_each": SUBSCRIPTIONS_EACH,
        "now": now(),
        "uid": _UID[connection.vendor],
        "expiry": _LATER[connection.vendor].format(f"spread %% {_YEARS} - {_YEARS} / 10"),
    }
    with transaction.atomic(), connection.cursor() as cursor, _bare(_TABLES):
        for text in _TEXTS:
            rows = _ROWS.format(number=number, a_row=_ROWS_OF.get(text, 1))
            cursor.execute(text.format(rows=rows, **words), [])
    if connection.vendor != "postgresql":
        return  # nobody gathers statistics of a panel's SQLite, so its plans do without them here, too
    with connection.cursor() as cursor:
        for table in (*_TABLES, "licenses_statecount"):
            cursor.execute(f"VACUUM ANALYZE {table}")


@contextmanager
def _bare(tables: Sequence[str]) -> Iterator[None]:
    """Without indexes and triggers until the rows are there; then with what these would have made of them."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # no triggers, those of foreign keys neither
            cursor.execute("SET LOCAL session_replication_role = replica; SET LOCAL maintenance_work_mem = '512MB'")
        cursor.execute(_AROUND[connection.vendor])
        around = [(drop, make) for table, drop, make in cursor.fetchall() if table in tables]
        for drop, _make in around:
            cursor.execute(drop)
        yield
        for _drop, make in around:
            cursor.execute(make)
        for subject, table in _COUNTED.items():
            cursor.execute(_COUNTS.format(subject=subject, table=table))
        for table in connection.introspection.table_names(cursor):
            if table.endswith("_search"):  # SQLite's; the triggers keep these
                cursor.execute(f"INSERT INTO {table} ({table}) VALUES ('rebuild')")  # noqa: S608 (names of our own)
