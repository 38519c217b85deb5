"""What we owe and how far we are: configurations, classes, the request that walks, and the license it ends in."""

import uuid
from datetime import UTC, datetime
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from licenses.stock_models import ClassStock, StockKey  # noqa: F401 (Django finds models here)
from pbas.core.fields import SealedField, SealedJSONField, SealedTextField

NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # sorts as the latest expiry; a later date would overflow in some zones


class PluginConfiguration(models.Model):
    """A plug-in with the settings of one vendor login; its name is the title of its tab."""

    class Mode(models.TextChoices):
        ONLINE = "online", _("Online")
        OFFLINE = "offline", _("Upload licenses manually")

    class Status(models.TextChoices):
        FETCHING = "fetching", _("Fetching license classes")
        CONFIGURED = "configured", _("Configured")
        FAILED = "failed", _("License classes could not be fetched")
        PAUSED = "paused", _("Paused")

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    name = models.CharField(_("plug-in name"), max_length=80, unique=True)
    template = models.CharField(_("plug-in template"), max_length=40)
    mode = models.CharField(_("mode"), max_length=10, choices=Mode, default=Mode.ONLINE)
    settings = models.JSONField(default=dict, blank=True)
    secrets = SealedJSONField()
    status = models.CharField(max_length=12, choices=Status, default=Status.FETCHING)
    status_text = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)  # grows with each save of its settings
    limit = models.PositiveIntegerField(
        _("calls at once"),
        default=50,
        validators=[MinValueValidator(1), MaxValueValidator(2000)],
        help_text=_("How many requests may be at this vendor at the same time, over all workers."),
    )
    parked_until = models.DateTimeField(null=True, blank=True, editable=False)
    parked_why = models.TextField(blank=True, editable=False)
    parkings = models.PositiveIntegerField(default=0, editable=False)  # in a row; 0 = working
    fetch_at = models.DateTimeField(null=True, blank=True, editable=False)  # when classes are due, or leased until
    fetch_step = models.CharField(max_length=8, db_default="", blank=True, editable=False)  # classes.Step; "" = none
    fetch_failures = models.PositiveIntegerField(db_default=0, editable=False)  # in a row
    fetch_problem = models.TextField(db_default="", blank=True, editable=False)
    classes_received = models.PositiveIntegerField(db_default=0, editable=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(name="configuration_mode", condition=models.Q(mode__in=["online", "offline"])),
            models.CheckConstraint(
                name="configuration_status",
                condition=models.Q(status__in=["fetching", "configured", "failed", "paused"]),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_online(self) -> bool:
        """Whether the plug-in talks to the vendor; else a person uploads."""
        return self.mode == self.Mode.ONLINE


class LicenseClass(models.Model):
    """One licensed product that a configuration may issue. Read-only but for the tick "we sell this"."""

    configuration = models.ForeignKey(PluginConfiguration, models.PROTECT, related_name="classes")
    code = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    sold = models.BooleanField(_("we sell this"), default=False)
    retired = models.BooleanField(default=False)  # the vendor no longer lists it
    properties = models.JSONField(default=dict, blank=True)  # groups, features, additional: contract.ClassInfo

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "license classes"
        constraints = [models.UniqueConstraint(fields=["configuration", "code"], name="class_code_once")]

    def __str__(self) -> str:
        return self.name


class InstallTarget(models.Model):
    """Where the licenses of a subscription go; reported when its hosting service is ready."""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    subscription = models.OneToOneField("subscriptions.Subscription", models.PROTECT, related_name="install_target")
    kind = models.CharField(max_length=20)
    address = models.CharField(max_length=500)
    credentials = SealedJSONField()

    def __str__(self) -> str:
        return f"{self.kind}: {self.address}"


class License(models.Model):
    """The result: a key with its files and dates, in a subscription; additional keys have a parent."""

    class State(models.TextChoices):
        ISSUED = "issued", _("Not installed yet")
        INSTALLED = "installed", _("Installed")
        SUSPENDED = "suspended", _("Suspended")
        EXPIRED = "expired", _("Expired")
        TERMINATED = "terminated", _("Terminated")

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    configuration = models.ForeignKey(PluginConfiguration, models.PROTECT, related_name="+", db_index=False)
    license_class = models.ForeignKey(LicenseClass, models.PROTECT, related_name="+")
    subscription = models.ForeignKey(
        "subscriptions.Subscription", models.PROTECT, null=True, blank=True, related_name="licenses"
    )
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    state = models.CharField(max_length=12, choices=State, default=State.ISSUED)
    key = models.CharField(max_length=200)  # as people see it: masked where the plug-in's keys are secrets
    secret_key = SealedTextField()  # the key itself, where it is a secret
    fingerprint = models.CharField(max_length=64, unique=True, editable=False)
    activation_code = SealedTextField()
    features = models.JSONField(default=list, blank=True)
    issued_at = models.DateTimeField(db_default=Now())
    renew_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    expires_order = models.GeneratedField(
        expression=Coalesce("expires_at", models.Value(NEVER, output_field=models.DateTimeField())),
        output_field=models.DateTimeField(),
        db_persist=True,
    )
    installed_at = models.DateTimeField(null=True, blank=True)
    proven_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["configuration", "id"], name="license_tab"),
            models.Index(fields=["configuration", "state", "id"], name="license_tab_state"),
            models.Index(fields=["configuration", "key", "id"], name="license_tab_key"),
            models.Index(fields=["configuration", "expires_order", "id"], name="license_tab_expires"),
            models.Index(fields=["state", "id"], name="license_state"),
            models.Index(fields=["key", "id"], name="license_key"),
            models.Index(fields=["expires_order", "id"], name="license_expires"),
        ]
        constraints = [
            models.CheckConstraint(
                name="license_state_known",
                condition=models.Q(state__in=["issued", "installed", "suspended", "expired", "terminated"]),
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def full_key(self) -> str:
        """The key itself. Where it is a secret, whoever shows it records an event."""
        return str(self.secret_key) or self.key


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
    stopped_in = models.CharField(max_length=10, blank=True)  # the state that attention came from

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
    source = models.CharField(max_length=10, choices=[("vendor", _("Vendor")), ("upload", _("Upload"))])
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["license", "name", "version"], name="file_version_once"),
        ]

    def __str__(self) -> str:
        return self.name


class StateCount(models.Model):
    """How many licenses and requests a tab has in a state: the sum of its rows, which database triggers add."""

    subject = models.CharField(max_length=10)  # license, request
    configuration_id = models.BigIntegerField()
    state = models.CharField(max_length=12)
    n = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["subject", "configuration_id", "state"], name="state_count")]

    def __str__(self) -> str:
        return f"{self.subject} {self.configuration_id} {self.state}: {self.n}"
