"""Fingerprints are compared as a whole only: the index by their first signs, which Django adds to one that is unique on
PostgreSQL, answers nothing and is written at each move of a license."""

from typing import Any

from django.db import migrations

NAMED = "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND tablename = %s AND indexdef LIKE %s"


def drop(_apps: Any, schema_editor: Any) -> None:
    """Whatever it is called here."""
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(NAMED, ["licenses_license", "%(fingerprint varchar_pattern_ops)%"])
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP INDEX "{name}"')


class Migration(migrations.Migration):

    dependencies = [("licenses", "0015_sorts_and_filters")]

    operations = [migrations.RunPython(drop, migrations.RunPython.noop, elidable=False)]
