"""The story: append-only lines about orders, subscriptions, requests and licenses."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pbas.core.lists.models import BulkRow, BulkRun, SavedView

__all__ = ["BulkRow", "BulkRun", "Event", "IdempotencyRecord", "SavedView"]


class Event(models.Model):
    """Who did what, when and why. Never changed, never deleted; the story of an object is ordered by id."""

    class Actor(models.TextChoices):
        STAFF = "staff", _("Staff")
        STORE = "store", _("Store")
        CUSTOMER = "customer", _("Customer")
        SYSTEM = "system", _("System")

    at = models.DateTimeField(db_default=Now())
    actor_kind = models.CharField(max_length=10, choices=Actor)
    actor = models.CharField(max_length=150, blank=True)
    kind = models.CharField(max_length=40)
    text = models.TextField()
    detail = models.TextField(blank=True)
    attempt = models.IntegerField(null=True, blank=True)
    # Without constraints in the database, see ADR 14: checking five subjects a line costs as much as writing it.
    order = models.ForeignKey(
        "subscriptions.Order", models.PROTECT, null=True, blank=True, db_index=False, db_constraint=False
    )
    subscription = models.ForeignKey(
        "subscriptions.Subscription", models.PROTECT, null=True, blank=True, db_index=False, db_constraint=False
    )
    request = models.ForeignKey(
        "licenses.LicenseRequest", models.PROTECT, null=True, blank=True, db_index=False, db_constraint=False
    )
    license = models.ForeignKey(
        "licenses.License", models.PROTECT, null=True, blank=True, db_index=False, db_constraint=False
    )
    configuration = models.ForeignKey(
        "licenses.PluginConfiguration", models.PROTECT, null=True, blank=True, db_index=False, db_constraint=False
    )

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=[subject], condition=models.Q((f"{subject}__isnull", False)), name=f"event_{subject}")
            for subject in ("order", "subscription", "request", "license", "configuration")
        ]

    def __str__(self) -> str:
        return self.text


class IdempotencyRecord(models.Model):
    """The answer once given to a POST with an Idempotency-Key, so that its repeat does nothing and says the same."""

    user_id = models.BigIntegerField()
    key = models.CharField(max_length=255)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    answer = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user_id", "key"], name="one_answer_a_key")]

    def __str__(self) -> str:
        return self.key
