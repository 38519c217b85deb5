"""Installed licenses are read back every day; what was found has columns of its own beside the state."""

from django.db import migrations, models

FOUND = [
    ("missing", "Not there any more"),
    ("different", "Other content"),
    ("older", "Older than ours"),
    ("unknown", "Not known"),
    ("reinstall", "Being re-installed"),
]
AFTER = {
    "postgresql": "now() + (id % 86400) * interval '1 second'",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now', (id % 86400) || ' seconds')",
}


def spread(apps, schema_editor):
    """What is installed already is read back within the first day, not all of it in its first minute."""
    after = AFTER[schema_editor.connection.vendor]
    schema_editor.execute(
        f"UPDATE licenses_license SET prove_at = {after} WHERE state = 'installed' AND parent_id IS NULL", params=None
    )


class Migration(migrations.Migration):
    dependencies = [("licenses", "0007_reconciling")]

    operations = [
        migrations.AddField(
            "license", "found", models.CharField(blank=True, choices=FOUND, max_length=12, null=True)
        ),
        migrations.AddField("license", "found_text", models.TextField(blank=True, null=True)),
        migrations.AddField("license", "found_tries", models.PositiveSmallIntegerField(blank=True, null=True)),
        migrations.AddField("license", "prove_at", models.DateTimeField(blank=True, null=True)),
        migrations.RunPython(spread, migrations.RunPython.noop),
        migrations.AddIndex(
            "license",
            models.Index(
                fields=["prove_at"], condition=models.Q(prove_at__isnull=False), name="license_prove_at"
            ),
        ),
        migrations.AddIndex(
            "license",
            models.Index(fields=["found", "id"], condition=models.Q(found__isnull=False), name="license_found"),
        ),
    ]
