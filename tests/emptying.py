"""The database between tests that commit: emptied by deletes, which takes a hundredth of Django's flush.

That truncates, which makes a file anew for each table and index, and then makes permissions and roles anew.
"""

from functools import cache

from django.db import connection, transaction

from licenses.models import StateCount

WRITTEN_BY_MIGRATIONS = frozenset(
    {"django_migrations", "django_content_type", "auth_permission", "auth_group", "auth_group_permissions"}
)


def allow_deletes() -> None:
    """Events may be deleted here; PostgreSQL needs no leave, as no trigger sees what `empty` does."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER event_never_delete")


def empty() -> None:
    """Delete all rows but those that migrations have written."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")  # neither triggers nor foreign keys look on
        for table in _tables():
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")  # noqa: S608 (names of our own)


@cache
def _tables() -> list[str]:
    """Counts come last: on SQLite triggers count what is deleted."""
    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False))
    counts = StateCount._meta.db_table
    return [*sorted(tables - WRITTEN_BY_MIGRATIONS - {counts}), counts]
