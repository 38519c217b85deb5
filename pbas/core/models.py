"""The story: append-only lines about orders, subscriptions, requests and licenses."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pbas.core.lists.models import BulkRow, BulkRun, SavedView
from pbas.core.notices.models import Notice
from pbas.core.rights import PanelRight

__all__ = ["PROBLEMS", "BulkRow", "BulkRun", "Event", "IdempotencyRecord", "Notice", "PanelRight", "SavedView", "Seal"]

_PROBLEMS = (
    "needs_attention in_doubt service_failed install_failed proof_lost proof_unknown reinstall_failed not_taken_out"
    " orphan_not_ended configuration_failed connection_failed classes_not_received reconciliation_failed"
)
PROBLEMS = frozenset(_PROBLEMS.split())  # kinds of events that tell of what did not go as it should


class Event(models.Model):
    """Who did what, when and why. The story of an object is ordered by id.

    Never changed, never deleted: triggers of the database refuse both, and seals show it if somebody gets past them.
    """

    class Actor(models.TextChoices):
        STAFF = "staff", _("Staff")
        STORE = "store", _("Store")
        CUSTOMER = "customer", _("Customer")
        SYSTEM = "system", _("System")

    at = models.DateTimeField(db_default=Now())
    actor_kind = models.CharField(max_length=10, choices=Actor)
    actor = models.CharField(max_length=150, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)  # from where a person or a store did it
    kind = models.CharField(max_length=40)
    text = models.TextField()
    detail = models.TextField(blank=True)
    attempt = models.IntegerField(null=True, blank=True)
    milliseconds = models.IntegerField(null=True, blank=True)  # how long the attempt took that it tells of
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
    configuration = models.ForeignKey(  # may point to one that was deleted: what was told of it stays as it is
        "licenses.PluginConfiguration", models.DO_NOTHING, null=True, blank=True, db_index=False, db_constraint=False
    )

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=[subject], condition=models.Q((f"{subject}__isnull", False)), name=f"event_{subject}")
            for subject in ("order", "subscription", "request", "license", "configuration")
        ] + [  # what people do is little beside what the panel does, and is looked for among it
            models.Index(
                fields=["actor_kind", "id"], condition=~models.Q(actor_kind="system"), name="event_actor_kind"
            ),
            models.Index(fields=["actor", "id"], condition=~models.Q(actor=""), name="event_actor"),
            models.Index(fields=["kind", "id"], name="event_kind"),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def is_problem(self) -> bool:
        """Whether it tells of something that did not go as it should."""
        return self.kind in PROBLEMS


class Seal(models.Model):
    """One block of events, sealed: whoever changes one of them, or any block before, changes what `digest` must be."""

    position = models.PositiveBigIntegerField(unique=True)  # 1, 2, 3 ...; two sealers cannot both write the same
    first_event = models.BigIntegerField()
    last_event = models.BigIntegerField()  # the block is all events above the last one of the block before, up to this
    count = models.PositiveIntegerField()
    form = models.PositiveSmallIntegerField()  # how events are written down for it; see `sealing`
    digest = models.CharField(max_length=64)  # SHA-256, over the digest before it too
    signature = models.CharField(max_length=64)  # HMAC-SHA256 of the digest: a database alone cannot make it
    marks = models.BinaryField()  # twelve bytes an event, by which the one that was changed is named
    sealed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-position"]

    def __str__(self) -> str:
        return f"Seal {self.position}"


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
