"""Events are append-only by the database, tell how long an attempt took, and are sealed in blocks; see ADR 0018."""

from django.db import migrations, models
from django.db.models.deletion import DO_NOTHING
from django.db.models.functions import Now

POSTGRESQL = """
CREATE FUNCTION core_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'Events are never changed and never deleted.';
END $$;
CREATE TRIGGER event_is_append_only BEFORE UPDATE OR DELETE ON core_event
  FOR EACH ROW EXECUTE FUNCTION core_event_is_append_only();
"""

SQLITE = """
CREATE TRIGGER event_never_{verb} BEFORE {verb} ON core_event
BEGIN SELECT RAISE(ABORT, 'Events are never changed and never deleted.'); END
"""


def add(apps, schema_editor):
    """Statements of our own that a later rebuild of the table on SQLite has to repeat."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL, params=None)
    else:
        for verb in ("update", "delete"):
            schema_editor.execute(SQLITE.format(verb=verb), params=None)


class Migration(migrations.Migration):
    dependencies = [("core", "0006_lists")]

    operations = [
        migrations.AddField("event", "milliseconds", models.IntegerField(blank=True, null=True)),
        migrations.AlterField(
            "event",
            "configuration",
            models.ForeignKey(
                "licenses.pluginconfiguration",
                DO_NOTHING,
                null=True,
                blank=True,
                db_index=False,
                db_constraint=False,
            ),
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveBigIntegerField(unique=True)),
                ("first_event", models.BigIntegerField()),
                ("last_event", models.BigIntegerField()),
                ("count", models.PositiveIntegerField()),
                ("form", models.PositiveSmallIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("signature", models.CharField(max_length=64)),
                ("marks", models.BinaryField()),
                ("sealed_at", models.DateTimeField(db_default=Now())),
            ],
            options={"ordering": ["-position"]},
        ),
        migrations.RunPython(add, migrations.RunPython.noop),
    ]
