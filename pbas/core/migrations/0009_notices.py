"""Long work that somebody asked for, and how it ended."""

from django.conf import settings
from django.db import migrations, models
from django.db.models.deletion import CASCADE
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0008_event_address"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("subject", models.BigIntegerField()),
                ("words", models.JSONField(default=dict)),
                ("link", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Under way"), ("done", "Ended"), ("failed", "Failed")],
                        default="open",
                        max_length=6,
                    ),
                ),
                ("begun_at", models.DateTimeField(db_default=Now())),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                ("owner", models.ForeignKey(settings.AUTH_USER_MODEL, CASCADE, related_name="+")),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["owner", "id"], name="notice_owner"),
                    models.Index(
                        fields=["kind", "subject"], condition=models.Q(state="open"), name="notice_open"
                    ),
                ],
            },
        ),
    ]
