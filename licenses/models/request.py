"""What is owed, and how far it is: the row that walks, and the files that it brings."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from licenses.models.catalog import LicenseClass, PluginConfiguration
from licenses.models.license import License
from pbas.core.fields import SealedField

_STOPPED = models.Q(state__in=["attention", "in_doubt"])  # what waits for the staff, of any plug-in


class LicenseRequest(models.Model):
    """The row that walks: one owed license, or one renewal, change or end of it. Queue and state machine in one."""

    class Kind(models.TextChoices):
        ISSUE = "issue", _("New license")
        RENEW = "renew", _("Renewal")
        CHANGE = "change", _("Change")
        SUSPEND = "suspend", _("Suspension")
        RESUME = "resume", _("Resumption")
        TERMINATE = "terminate", _("Termination")

    class State(models.TextChoices):  # named after what is awaited; the moves between them are in `moves.py`
        SERVICES = "services", _("Waits for services")
        KEY = "key", _("Waits for the key")
        BUYING = "buying", _("Ordering at the vendor")
        FILES = "files", _("Waits for files")
        INSTALL = "install", _("Waits for the install")
        PROOF = "proof", _("Waits for proof")
        IN_DOUBT = "in_doubt", _("In doubt")
        ATTENTION = "attention", _("Needs attention")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    OPEN: ClassVar = ("services", "key", "buying", "files", "install", "proof", "in_doubt", "attention")
    FINAL: ClassVar = ("done", "cancelled")

    uid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)  # the idempotency key; never changes
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.ISSUE)
    state = models.CharField(max_length=10, choices=State)
    configuration = models.ForeignKey(PluginConfiguration, models.PROTECT, related_name="+", db_index=False)
    license_class = models.ForeignKey(LicenseClass, models.PROTECT, related_name="+", db_index=False)
    subscription = models.ForeignKey(
        "subscriptions.Subscription", models.PROTECT, null=True, blank=True, related_name="license_requests"
    )
    license = models.ForeignKey(License, models.PROTECT, null=True, blank=True, related_name="requests")
    order_number = models.CharField(max_length=40, blank=True)  # a copy, for the vendor's note and for the sales desk
    options = models.JSONField(default=dict, blank=True)  # what was ordered: {"features": [], "additional": []}

    due_at = models.DateTimeField(null=True, blank=True)  # next try, or lease until; NULL: held, a person's, or final
    leased = models.BooleanField(default=False)  # a worker has it until due_at
    attempt = models.PositiveIntegerField(default=0)  # grows with each claim: the fence
    tries = models.PositiveIntegerField(default=0)  # failures in a row at this step
    held = models.BooleanField(default=False)
    deadline = models.DateTimeField(null=True, blank=True)  # when an unfinished request comes to a person
    intent_at = models.DateTimeField(null=True, blank=True)  # when "about to buy" was committed

    problem_kind = models.CharField(max_length=20, blank=True)  # unavailable, refused, misconfigured, unknown, ...
    problem_text = models.TextField(blank=True)
    problem_fault = models.CharField(max_length=40, blank=True)
    problem_vendor = models.TextField(blank=True)  # the vendor's own words
    cause = models.CharField(max_length=16, null=True, blank=True, editable=False)  # failing.causes; NULL: no problem
    troubled_at = models.DateTimeField(null=True, blank=True, editable=False)  # since when it fails for this cause
    stopped_in = models.CharField(max_length=10, blank=True)  # the state that attention came from
    to_end = models.JSONField(null=True, blank=True)  # licenses that are ended once this change is proven: their ids

    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["configuration", "due_at"], condition=models.Q(due_at__isnull=False), name="request_due"
            ),
            models.Index(fields=["configuration"], condition=models.Q(leased=True), name="request_leased"),
            models.Index(fields=["configuration", "id"], name="request_tab"),
            models.Index(fields=["configuration", "state", "id"], name="request_tab_state"),
            models.Index(fields=["state", "id"], name="request_state"),
            models.Index(fields=["configuration", "id"], condition=_STOPPED, name="request_stopped"),
            models.Index(fields=["id"], condition=_STOPPED, name="request_all_stopped"),
            models.Index(
                fields=["configuration", "cause"], condition=models.Q(cause__isnull=False), name="request_cause"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="request_state_known",
                condition=models.Q(
                    state__in=[
                        *("services", "key", "buying", "files", "install", "proof"),
                        *("in_doubt", "attention", "done", "cancelled"),
                    ]
                ),
            ),
            models.CheckConstraint(
                name="request_kind_known",
                condition=models.Q(kind__in=["issue", "renew", "change", "suspend", "resume", "terminate"]),
            ),
            models.UniqueConstraint(  # two renewals of one license at once would buy twice
                fields=["license", "kind"],
                condition=models.Q(finished_at__isnull=True) & ~models.Q(kind="issue"),
                name="one_open_request_a_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"Request {self.pk}"

    @property
    def class_name(self) -> str:
        """What it asks for, for people: where it is about an additional key, that key's own class."""
        if self.license is None or self.license.parent_id is None:
            return self.license_class.name
        return self.license.class_name

    @property
    def is_final(self) -> bool:
        """Whether nothing more can happen to the request."""
        return self.state in self.FINAL


class LicenseFile(models.Model):
    """A license file: the vendor's bytes, exactly. A newer one of the same name is a new version."""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    request = models.ForeignKey(LicenseRequest, models.PROTECT, related_name="files")  # which brought it
    license = models.ForeignKey(License, models.PROTECT, null=True, blank=True, related_name="files")
    name = models.CharField(max_length=200)
    version = models.PositiveIntegerField(default=1)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    body = SealedField()
    source = models.CharField(
        max_length=10, choices=[("vendor", _("Vendor")), ("upload", pgettext_lazy("what came", "Upload"))]
    )
    created_at = models.DateTimeField(db_default=Now())
    cleared_at = models.DateTimeField(null=True, blank=True)  # when it was taken out of the target, as it is over

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["license", "name", "version"], name="file_version_once"),
        ]

    def __str__(self) -> str:
        return self.name
