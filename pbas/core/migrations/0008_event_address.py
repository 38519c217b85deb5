"""Events say from where; what people did, and each kind, is found by an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0007_rights")]

    operations = [
        migrations.AddField("event", "address", models.GenericIPAddressField(blank=True, null=True)),
        migrations.AddIndex(
            "event",
            models.Index(
                fields=["actor_kind", "id"], condition=~models.Q(actor_kind="system"), name="event_actor_kind"
            ),
        ),
        migrations.AddIndex(
            "event",
            models.Index(fields=["actor", "id"], condition=~models.Q(actor=""), name="event_actor"),
        ),
        migrations.AddIndex("event", models.Index(fields=["kind", "id"], name="event_kind")),
    ]
