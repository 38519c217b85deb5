"""One piece of long work for who asked for it."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

TEXTS: dict[tuple[str, str], Any] = {
    ("run", "open"): _("Run %(run)s is under way: %(total)s rows."),
    ("run", "done"): _("Run %(run)s has ended: %(done)s done, %(skipped)s skipped, %(failed)s failed."),
    ("run", "stopped"): _(
        "Run %(run)s was stopped: %(done)s done, %(skipped)s skipped, %(failed)s failed; %(left)s left as they were."
    ),
    ("classes", "open"): _("%(plugin)s: the license classes are being fetched."),
    ("classes", "done"): _("%(plugin)s: %(n)s license classes are here."),
    ("classes", "failed"): _("%(plugin)s: the license classes could not be fetched."),
    ("reconciliation", "open"): _("%(plugin)s: its keys are being compared with ours."),
    ("reconciliation", "done"): _("%(plugin)s: %(n)s keys were compared with ours."),
    ("reconciliation", "failed"): _("%(plugin)s: its keys could not be compared with ours."),
}


class Notice(models.Model):
    """Work that is under way for its owner, and later how it ended. The text is made when it is read."""

    class State(models.TextChoices):
        OPEN = "open", _("Under way")
        DONE = "done", _("Ended")
        FAILED = "failed", _("Failed")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    subject = models.BigIntegerField()  # the number of what is worked on: a run's, a configuration's
    words = models.JSONField(default=dict)
    link = models.CharField(max_length=200)
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    begun_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["owner", "id"], name="notice_owner"),
            models.Index(fields=["kind", "subject"], condition=models.Q(state="open"), name="notice_open"),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """What is said of it, in the reader's language."""
        return str(TEXTS[self.kind, self.words.get("how", self.state)] % self.words)
