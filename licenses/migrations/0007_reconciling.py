"""Reconciliation with the vendors: rounds, findings, what a class costs, and whether a license is in sync."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import pbas.core.fields
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("licenses", "0010_ready_keys_and_to_end"),
        ("subscriptions", "0003_text_search"),
    ]

    operations = [
        migrations.CreateModel(
            name="Finding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "configuration",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="findings",
                        to="licenses.pluginconfiguration",
                    ),
                ),
                (
                    "license",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="findings",
                        to="licenses.license",
                    ),
                ),
                (
                    "license_class",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="licenses.licenseclass",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="licenses.licenserequest",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("missing", "Ours, not the vendor's"),
                            ("orphan", "The vendor's, not ours"),
                            ("different", "Different"),
                            ("doubt", "Being bought"),
                        ],
                        max_length=10,
                    ),
                ),
                ("fingerprint", models.CharField(editable=False, max_length=64)),
                ("shown", models.CharField(max_length=200)),
                ("key", pbas.core.fields.SealedTextField(blank=True, null=True)),
                ("class_code", models.CharField(blank=True, max_length=200)),
                ("vendor_status", models.CharField(blank=True, max_length=12)),
                ("differences", models.JSONField(blank=True, default=list)),
                ("is_billed", models.BooleanField(default=False)),
                ("first_seen_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("seen_at", models.DateTimeField()),
                ("busy_until", models.DateTimeField(blank=True, null=True)),
                ("ignored_until", models.DateTimeField(blank=True, null=True)),
                ("ignored_why", models.TextField(blank=True)),
                ("ignored_by", models.CharField(blank=True, max_length=150)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Reconciliation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "configuration",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reconciliation",
                        to="licenses.pluginconfiguration",
                    ),
                ),
                ("due_at", models.DateTimeField(db_index=True)),
                ("step", models.CharField(blank=True, max_length=10)),
                ("attempt", models.PositiveIntegerField(default=0)),
                ("began_at", models.DateTimeField(blank=True, null=True)),
                ("reached", models.BigIntegerField(default=0)),
                ("compared", models.PositiveIntegerField(default=0)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("problem", models.TextField(blank=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("has_list", models.BooleanField(default=True)),
            ],
        ),
        migrations.AddField(
            model_name="license",
            name="checked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="license",
            name="in_sync",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="licenseclass",
            name="currency",
            field=models.CharField(blank=True, db_default="", max_length=3, verbose_name="currency"),
        ),
        migrations.AddField(
            model_name="licenseclass",
            name="monthly_fee",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                max_digits=12,
                null=True,
                validators=[django.core.validators.MinValueValidator(0)],
                verbose_name="cost a month",
            ),
        ),
        migrations.AddIndex(
            model_name="license",
            index=models.Index(
                condition=models.Q(("in_sync", False)), fields=["configuration", "id"], name="license_not_in_sync"
            ),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(fields=["configuration", "kind", "id"], name="finding_tab"),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.UniqueConstraint(fields=("configuration", "fingerprint"), name="one_finding_a_key"),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["missing", "orphan", "different", "doubt"])), name="finding_kind_known"
            ),
        ),
    ]
