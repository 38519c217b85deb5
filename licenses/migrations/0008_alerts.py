"""Requests know since when and for which cause they fail; each cause has one alert."""

import uuid

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now

from licenses.failing.causes import cause_of

OPEN = ["services", "key", "buying", "files", "install", "proof", "in_doubt", "attention"]


def name_causes(apps, schema_editor):
    """What fails already gets its cause; since when it fails nobody wrote down, so it counts from now."""
    model = apps.get_model("licenses", "LicenseRequest")
    failing = model.objects.filter(state__in=OPEN).exclude(problem_kind="").order_by()
    for row in failing.only("problem_kind", "problem_text", "problem_vendor").iterator(2000):
        cause = cause_of(row.problem_kind, row.problem_text, row.problem_vendor)
        model.objects.filter(pk=row.pk).update(cause=cause, troubled_at=Now())


class Migration(migrations.Migration):
    dependencies = [("licenses", "0009_proving")]

    operations = [
        migrations.AddField(
            "licenserequest", "cause", models.CharField(blank=True, editable=False, max_length=16, null=True)
        ),
        migrations.AddField(
            "licenserequest", "troubled_at", models.DateTimeField(blank=True, editable=False, null=True)
        ),
        migrations.AddIndex(
            "licenserequest",
            models.Index(
                condition=models.Q(("cause__isnull", False)), fields=["configuration", "cause"], name="request_cause"
            ),
        ),
        migrations.CreateModel(
            "Alert",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("step", models.CharField(blank=True, max_length=10)),
                ("cause", models.CharField(max_length=16)),
                ("kind", models.CharField(max_length=20)),
                ("text", models.TextField()),
                ("requests", models.PositiveIntegerField(default=0)),
                ("count", models.PositiveIntegerField(default=0)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("opened_at", models.DateTimeField(db_default=Now())),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "configuration",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="licenses.pluginconfiguration",
                    ),
                ),
                (
                    "sample",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="licenses.licenserequest",
                    ),
                ),
            ],
            {
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=("configuration", "step", "cause"),
                        name="one_open_alert_a_cause",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            "AlertDelivery",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "subject",
                    models.CharField(choices=[("opened", "Opened"), ("closed", "Closed")], max_length=6),
                ),
                ("way", models.CharField(choices=[("mail", "E-mail"), ("webhook", "Webhook")], max_length=7)),
                ("address", models.CharField(max_length=500)),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("deadline", models.DateTimeField()),
                ("tries", models.PositiveIntegerField(default=0)),
                ("problem", models.TextField(blank=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="licenses.alert",
                    ),
                ),
            ],
            {
                "verbose_name_plural": "alert deliveries",
                "ordering": ["id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="alert_delivery_due"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("alert", "subject", "way", "address"), name="one_delivery_an_address"
                    )
                ],
            },
        ),
        migrations.RunPython(name_causes, migrations.RunPython.noop),
    ]
