"""Many files and keys brought at once: a batch, and its pieces with the request that each is for."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from licenses.models.request import LicenseRequest
from pbas.core.fields import SealedField, SealedTextField
from pbas.core.problems import Problem


class UploadBatch(models.Model):
    """What somebody dropped at once. A draft changes nothing; confirmed, each request takes its pieces."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Not confirmed yet")
        CONFIRMED = "confirmed", _("Confirmed")
        UNDONE = "undone", _("Undone")

    uid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)  # of the run that carries it out
    undo_uid = models.UUIDField(default=uuid.uuid4, editable=False)  # of the run that takes it back
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    actor = models.CharField(max_length=150)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "upload batches"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Upload {self.pk}"


class UploadPiece(models.Model):
    """One file, or one line of a key list. Its secrets go when the request has taken them."""

    class Verdict(models.TextChoices):
        FITS = "fits", _("Fits")
        AMBIGUOUS = "ambiguous", _("Fits several requests")
        UNKNOWN = "unknown", _("Fits no request")
        DUPLICATE = "duplicate", _("Here already")
        UNUSABLE = "unusable", _("Cannot be used")

    uid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    batch = models.ForeignKey(UploadBatch, models.CASCADE, related_name="pieces")
    name = models.CharField(max_length=255)  # of the file; of a key list with the line
    shown = models.CharField(max_length=200, blank=True)  # a key as people see it
    key = SealedTextField()
    activation_code = SealedTextField()
    body = SealedField()
    size = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    verdict = models.CharField(max_length=10, choices=Verdict)
    why = models.TextField(blank=True)  # in English, with places for the words
    words = models.JSONField(default=dict, db_default={})
    request = models.ForeignKey(LicenseRequest, models.PROTECT, null=True, blank=True, related_name="+")
    candidates = models.JSONField(default=list, blank=True)  # ids of requests that it may be for
    taken = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name

    @property
    def said(self) -> str:
        """Why, in the language of who reads it now."""
        return Problem(self.why, **self.words).message if self.why else ""
