"""What may be sold: plug-in configurations, and the license classes that their vendors offer."""

import uuid
from datetime import UTC, datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ka_plugins import registry
from pbas.core.fields import SealedJSONField

NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # sorts as the latest moment; a later date would overflow in some zones


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
        verbose_name = "plug-in configuration"
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

    @property
    def is_loaded(self) -> bool:
        """Whether its template can be used here: its package is installed, and loads."""
        return registry.is_loaded(self.template)

    @property
    def has_to_be_mended(self) -> bool:
        """Whether it waits for a person to save its settings: its vendor is not asked again by itself."""
        return self.parkings > 0 and self.parked_until is not None and self.parked_until >= NEVER

    @property
    def works(self) -> bool:
        """Whether requests of it go on now: it is configured, not parked, and its template can be used."""
        return self.status == self.Status.CONFIGURED and not self.parkings and self.is_loaded


class LicenseClass(models.Model):
    """One licensed product that a configuration may issue. Read-only but for the tick "we sell this"."""

    configuration = models.ForeignKey(PluginConfiguration, models.PROTECT, related_name="classes")
    code = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    sold = models.BooleanField(_("we sell this"), default=False)
    retired = models.BooleanField(default=False)  # the vendor no longer lists it
    monthly_fee = models.DecimalField(  # what the vendor bills us for one; the provider's own entry
        _("cost a month"),
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    currency = models.CharField(_("currency"), max_length=3, db_default="", blank=True)
    properties = models.JSONField(default=dict, blank=True)  # groups, features, additional: contract.ClassInfo

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "license classes"
        constraints = [models.UniqueConstraint(fields=["configuration", "code"], name="class_code_once")]

    def __str__(self) -> str:
        return self.name
