"""Ready keys: bought before they are ordered, and given to the requests of their class by themselves."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pbas.core.fields import SealedTextField


class ReadyKeyRule(models.Model):
    """What a provider says of the ready keys of one class: how many there should be, and how a key looks."""

    license_class = models.OneToOneField("licenses.LicenseClass", models.CASCADE, related_name="ready_key_rule")
    low_mark = models.PositiveIntegerField(_("low mark"), default=0)
    pattern = models.CharField(_("form of a key"), max_length=200, blank=True)  # a regular expression; "" = any
    example = models.CharField(_("example"), max_length=200, blank=True)

    class Meta:
        db_table = "licenses_classstock"  # its name before: renaming it would hold up what sells meanwhile
        verbose_name = "low mark or form of keys"
        verbose_name_plural = "low marks and forms of keys"

    def __str__(self) -> str:
        return f"rule of {self.license_class_id}"


class ReadyKey(models.Model):
    """A ready key. When a request takes it, its row goes and the license comes, in one transaction."""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    license_class = models.ForeignKey("licenses.LicenseClass", models.PROTECT, related_name="ready_keys")
    shown = models.CharField(max_length=200)  # as people see it: masked where the plug-in's keys are secrets
    key = SealedTextField()
    activation_code = SealedTextField()
    fingerprint = models.CharField(max_length=64, unique=True, editable=False)
    brought_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "licenses_stockkey"  # what is encrypted in it is bound to this name
        ordering = ["id"]
        verbose_name = "ready key"

    def __str__(self) -> str:
        return self.shown
