"""The index that finds a subscription by any part of its name, account, e-mail or order."""

from django.db import migrations


def add(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE INDEX subscription_search ON subscriptions_subscription USING gin (upper(search_text) gin_trgm_ops)",
            params=None,
        )


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0001_initial"), ("licenses", "0003_counters_and_search")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
