"""Alerts: one row a cause of failures, opened by the first of them, closed by itself when none is left."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from licenses.models.catalog import PluginConfiguration
from licenses.models.request import LicenseRequest


class Alert(models.Model):
    """What fails for one cause: requests of a configuration at one step, or the configuration itself."""

    configuration = models.ForeignKey(PluginConfiguration, models.CASCADE, related_name="+", db_index=False)
    step = models.CharField(max_length=10, blank=True)  # the state in which requests fail; "" = the plug-in itself
    cause = models.CharField(max_length=16)  # failing.causes.cause_of, or what is wrong with the plug-in
    kind = models.CharField(max_length=20)  # the problem's kind; parked or failed for a plug-in
    text = models.TextField()  # the words of the newest sample
    sample = models.ForeignKey(LicenseRequest, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    requests = models.PositiveIntegerField(default=0)  # that fail for it now
    count = models.PositiveIntegerField(default=0)  # that have failed for it since it was opened
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()  # when the newest of them came
    opened_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["configuration", "step", "cause"],
                condition=models.Q(closed_at__isnull=True),
                name="one_open_alert_a_cause",
            ),
        ]

    def __str__(self) -> str:
        return f"Alert {self.pk}"


class AlertDelivery(models.Model):
    """One saying of one alert to one address: kept until it was taken, or given up at its deadline."""

    class Subject(models.TextChoices):
        OPENED = "opened", _("Opened")
        CLOSED = "closed", _("Closed")

    class Way(models.TextChoices):
        MAIL = "mail", _("E-mail")
        WEBHOOK = "webhook", _("Webhook")

    uid = models.UUIDField(default=uuid.uuid4, editable=False)  # by which a receiver knows a repetition
    alert = models.ForeignKey(Alert, models.CASCADE, related_name="deliveries")
    subject = models.CharField(max_length=6, choices=Subject)
    way = models.CharField(max_length=7, choices=Way)
    address = models.CharField(max_length=500)
    due_at = models.DateTimeField(null=True, blank=True)  # next try, or leased until; NULL: over
    deadline = models.DateTimeField()  # after which it is given up
    tries = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)  # why the last try failed
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "alert deliveries"
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="alert_delivery_due"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["alert", "subject", "way", "address"], name="one_delivery_an_address"),
        ]

    def __str__(self) -> str:
        return f"{self.alert}: {self.subject}"
