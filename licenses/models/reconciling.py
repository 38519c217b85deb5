"""Reconciliation: how far the comparison with each vendor is, and what was found to differ."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from licenses.models.catalog import LicenseClass, PluginConfiguration
from licenses.models.license import License
from licenses.models.request import LicenseRequest
from pbas.core.fields import SealedTextField


class Reconciliation(models.Model):
    """How a configuration's keys are compared with those of its vendor: one row each, so never two rounds at once."""

    configuration = models.OneToOneField(PluginConfiguration, models.CASCADE, related_name="reconciliation")
    due_at = models.DateTimeField(db_index=True)  # when the next round is due, or until when a worker has it
    step = models.CharField(max_length=10, blank=True)  # reconciling.rounds.Step; "" = no round is under way
    attempt = models.PositiveIntegerField(default=0)  # grows with each claim: the fence
    began_at = models.DateTimeField(null=True, blank=True)  # of the round under way; a resumed one keeps it
    reached = models.BigIntegerField(default=0)  # the last license that was checked by itself
    compared = models.PositiveIntegerField(default=0)  # keys, in this round
    failures = models.PositiveIntegerField(default=0)  # in a row
    problem = models.TextField(blank=True)  # why the last attempt failed
    finished_at = models.DateTimeField(null=True, blank=True)  # the last whole round
    has_list = models.BooleanField(default=True)  # whether the vendor named all his keys in it

    def __str__(self) -> str:
        return f"reconciliation of {self.configuration_id}"


class Finding(models.Model):
    """One key on which the panel and a vendor do not agree, as the last round saw it; gone once they agree."""

    class Kind(models.TextChoices):
        MISSING = "missing", _("Ours, not the vendor's")
        ORPHAN = "orphan", _("The vendor's, not ours")
        DIFFERENT = "different", _("Different")
        DOUBT = "doubt", _("Being bought")

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    configuration = models.ForeignKey(PluginConfiguration, models.CASCADE, related_name="findings", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind)
    fingerprint = models.CharField(max_length=64, editable=False)
    shown = models.CharField(max_length=200)  # the key as people see it
    key = SealedTextField()  # the vendor's key itself, where it is not one of ours
    class_code = models.CharField(max_length=200, blank=True)  # what the vendor says that it is
    vendor_status = models.CharField(max_length=12, blank=True)  # contract.KeyStatus; "" = he says nothing
    license_class = models.ForeignKey(LicenseClass, models.SET_NULL, null=True, blank=True, related_name="+")
    license = models.ForeignKey(  # of ours; with an orphan the one that it is additional to
        License, models.CASCADE, null=True, blank=True, related_name="findings"
    )
    request = models.ForeignKey(LicenseRequest, models.SET_NULL, null=True, blank=True, related_name="+")
    differences = models.JSONField(default=list, blank=True)  # [{"what", "ours", "theirs"}]
    is_billed = models.BooleanField(default=False)  # the vendor bills it and nobody uses it: at its class's cost
    first_seen_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField()  # the round that last saw it
    busy_until = models.DateTimeField(null=True, blank=True)  # somebody is adopting it or ending it at the vendor
    ignored_until = models.DateTimeField(null=True, blank=True)
    ignored_why = models.TextField(blank=True)
    ignored_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["configuration", "kind", "id"], name="finding_tab")]
        constraints = [
            models.UniqueConstraint(fields=["configuration", "fingerprint"], name="one_finding_a_key"),
            models.CheckConstraint(
                name="finding_kind_known",
                condition=models.Q(kind__in=["missing", "orphan", "different", "doubt"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shown}: {self.get_kind_display()}"

    @property
    def is_ignored(self) -> bool:
        """Whether somebody has left it out for now."""
        return self.ignored_until is not None and self.ignored_until > timezone.now()
