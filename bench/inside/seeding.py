"""Rows for the benchmarks, made set-wise in SQL: one text for PostgreSQL and SQLite, as in `licenses.statements`."""

import os
import shutil
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from licenses.models import LicenseClass, PluginConfiguration
from licenses.statements import now
from subscriptions.models import HostingPlan

_SERIES = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s) "
_UID = {"postgresql": "gen_random_uuid()", "sqlite": "lower(hex(randomblob(16)))"}
_TABLES = (  # children first
    *("core_event", "licenses_licensefile", "licenses_licenserequest", "licenses_license", "licenses_installtarget"),
    *("licenses_licenseclass", "licenses_pluginconfiguration", "licenses_statecount", "subscriptions_service"),
    *("subscriptions_subscription", "subscriptions_order", "subscriptions_account", "subscriptions_hostingplan"),
)

_ACCOUNTS = """
INSERT INTO subscriptions_account (id, store, reference, name, email)
{series} SELECT i, 'shop', 'c' || i, 'Customer ' || i, 'c' || i || '@example.com' FROM n
"""
_ORDERS = """
INSERT INTO subscriptions_order (id, number, store, reference, account_id, plan_id, state, subscription_name,
                                 setup_total, monthly_total, paid_at)
{series} SELECT i, 'O' || i, 'shop', 'r' || i, i, {plan}, 'paid', 'host-' || i || '.example.com', 0, 0, {now} FROM n
"""
_SUBSCRIPTIONS = """
INSERT INTO subscriptions_subscription (id, order_id, account_id, plan_id, name, state, search_text)
{series} SELECT i, i, i, {plan}, 'host-' || i || '.example.com', 'pending',
                'host-' || i || '.example.com Customer ' || i || ' c' || i || '@example.com O' || i FROM n
"""
_SERVICES = """
INSERT INTO subscriptions_service (subscription_id, name, label, is_hosting, state, reason)
{series} SELECT i, 'hosting', 'Hosting', true, '{service}', '' FROM n
"""
_TARGETS = """
INSERT INTO licenses_installtarget (uid, subscription_id, kind, address)
{series} SELECT {uid}, i, 'directory', '{place}/' || i FROM n
"""
_REQUESTS = """
INSERT INTO licenses_licenserequest (id, uid, kind, state, configuration_id, license_class_id, subscription_id,
                                     license_id, order_number, options, due_at, leased, attempt, tries, held,
                                     problem_kind, problem_text, problem_fault, problem_vendor, stopped_in, finished_at)
{series} SELECT i, {uid}, 'issue', '{state}', {tab}, {tab}, i, {license}, 'O' || i, '{{}}', {due}, false, 0, 0, false,
                '', '', '', '', '', {finished} FROM n
"""


def clear() -> None:
    """Empty every table of the business, and start their numbers anew. RuntimeError outside a bench's own database."""
    if os.environ.get("PBAS_BENCH") != "1":
        raise RuntimeError("This database is not a benchmark's; nothing was deleted.")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(_TABLES)} RESTART IDENTITY CASCADE")
            return
        cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'event_never_delete'")
        seal = cursor.fetchone()
        if seal:
            cursor.execute("DROP TRIGGER event_never_delete")
        for table in (*_TABLES, "licenses_statecount"):  # which the triggers of the others write to
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 (names of our own)
        cursor.execute("DELETE FROM sqlite_sequence")
        if seal:
            cursor.execute(seal[0])


def make_requests(
    *, number: int, template: str, settings: dict[str, Any], place: str, waits: bool = False, folders: str = ""
) -> None:
    """Paid orders at one vendor, each with a request for one license into the folder `place`/NUMBER.

    The requests are due now; or, if `waits`, wait for their hosting services, which then bring their targets. The
    folders are made here; below `folders`, if given, nothing is left of an earlier run.
    """
    clear()
    if folders:
        shutil.rmtree(folders, ignore_errors=True)
    for one in range(1, number + 1):
        Path(place, str(one)).mkdir(parents=True)
    make_tab("Vendor", template=template, settings=settings, secrets={"password": "demo"})
    texts = (_ACCOUNTS, _ORDERS, _SUBSCRIPTIONS, _SERVICES, *(() if waits else (_TARGETS,)), _REQUESTS)
    state, service, due = ("services", "pending", "NULL") if waits else ("key", "ready", now())
    words = {"state": state, "service": service, "due": due, "place": place, "tab": "1"}
    _fill(texts, number, {**words, "license": "NULL", "finished": "NULL"})


def make_tab(name: str, *, template: str, settings: dict[str, Any], secrets: dict[str, str]) -> None:
    """An online configuration that works, and one class of it that is sold."""
    configuration = PluginConfiguration.objects.create(
        name=name, template=template, settings=settings, secrets=secrets, status="configured", limit=2000
    )
    name = "Plesk 10 and later"
    LicenseClass.objects.create(configuration=configuration, code="PLESK_10_AND_LATER", name=name, sold=True)


def _fill(texts: tuple[str, ...], number: int, words: dict[str, str]) -> None:
    plan = HostingPlan.objects.create(code="plan", name="Plan").pk
    common = {"series": _SERIES, "uid": _UID[connection.vendor], "now": now(), "plan": str(plan)}
    with transaction.atomic(), connection.cursor() as cursor:
        for text in texts:
            cursor.execute(text.format(**common, **words), [number])
    with connection.cursor() as cursor:
        for table in {text.split()[2] for text in texts}:  # not the empty ones: nobody would ever analyse these
            cursor.execute(f"{'VACUUM ANALYZE' if connection.vendor == 'postgresql' else 'ANALYZE'} {table}")
