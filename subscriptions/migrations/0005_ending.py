"""A subscription is being ended until nothing of it is open."""

from django.db import migrations, models

BY_HAND = """
SELECT sql FROM sqlite_master WHERE tbl_name = 'subscriptions_subscription'
   AND (type = 'trigger' OR name = 'subscription_name_start') ORDER BY type
"""
STATES = ["pending", "active", "ending", "ended"]
_kept = []  # between the two functions below


def keep(apps, schema_editor):
    """SQLite changes a constraint by making the table anew: what earlier migrations made of it by hand would be gone."""
    _kept.clear()
    if schema_editor.connection.vendor == "sqlite":
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(BY_HAND)
            _kept.extend(sql for (sql,) in cursor.fetchall())


def give_back(apps, schema_editor):
    for sql in _kept:
        schema_editor.execute(sql, params=None)


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0004_account_user"), ("licenses", "0015_sorts_and_filters")]

    operations = [
        migrations.AlterField(
            "subscription",
            "state",
            models.CharField(
                choices=[
                    ("pending", "Being set up"),
                    ("active", "Active"),
                    ("ending", "Being ended"),
                    ("ended", "Ended"),
                ],
                default="pending",
                max_length=10,
            ),
        ),
        migrations.RunPython(keep, migrations.RunPython.noop),
        migrations.RemoveConstraint("subscription", "subscription_state_known"),
        migrations.AddConstraint(
            "subscription",
            models.CheckConstraint(name="subscription_state_known", condition=models.Q(state__in=STATES)),
        ),
        migrations.RunPython(give_back, migrations.RunPython.noop),
    ]
