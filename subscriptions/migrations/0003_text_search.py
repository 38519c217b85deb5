"""What SQLite finds licenses and subscriptions by, as PostgreSQL does by its indexes; and how names begin, on both.

Both tables are here, as this is the upper of the two legs.
"""

from django.db import OperationalError, migrations, transaction

NAMES = {
    "postgresql": "CREATE INDEX subscription_name_start ON subscriptions_subscription (upper(name) text_pattern_ops)",
    "sqlite": "CREATE INDEX subscription_name_start ON subscriptions_subscription (name COLLATE NOCASE)",
}
SEARCHED = {"licenses_license": "key", "subscriptions_subscription": "search_text"}
# Without a copy of the texts, which are in the table; without positions, as whole texts are looked for there.
TABLE = """
CREATE VIRTUAL TABLE {table}_search USING fts5(
  {column}, content='{table}', content_rowid='id', tokenize='trigram', detail=none)
"""
REMOVE = "INSERT INTO {table}_search ({table}_search, rowid, {column}) VALUES ('delete', OLD.id, OLD.{column});"
ADD = "INSERT INTO {table}_search (rowid, {column}) VALUES (NEW.id, NEW.{column});"
STATEMENTS = (
    f"CREATE TRIGGER {{table}}_search_insert AFTER INSERT ON {{table}} BEGIN {ADD} END",
    f"CREATE TRIGGER {{table}}_search_delete AFTER DELETE ON {{table}} BEGIN {REMOVE} END",
    "CREATE TRIGGER {table}_search_update AFTER UPDATE OF id, {column} ON {table} "
    f"WHEN OLD.{{column}} <> NEW.{{column}} OR OLD.id <> NEW.id BEGIN {REMOVE} {ADD} END",
    "INSERT INTO {table}_search ({table}_search) VALUES ('rebuild')",
)


def add(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    schema_editor.execute(NAMES[vendor], params=None)
    for table, column in SEARCHED.items() if vendor == "sqlite" else ():
        try:
            with transaction.atomic(schema_editor.connection.alias):
                schema_editor.execute(TABLE.format(table=table, column=column), params=None)
        except OperationalError:  # this SQLite has no FTS5, or one without trigrams: searches read the rows
            continue
        for statement in STATEMENTS:
            schema_editor.execute(statement.format(table=table, column=column), params=None)


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0002_search"), ("licenses", "0004_fetching")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
