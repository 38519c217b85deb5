"""What people keep about lists, and what they asked to be done with many rows."""

import uuid
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pbas.core import at_hand

KEPT_SECONDS = 60  # for how long views are believed where a change did not reach this process's cache


class SavedView(models.Model):
    """A list as somebody wants it again: filter, columns, sort, size, all in one query string.

    The one without a name is what its owner sees where an address says nothing of columns and size.
    """

    list_name = models.CharField(max_length=30)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.CharField(max_length=60, blank=True)
    query = models.TextField(blank=True)
    is_shared = models.BooleanField(default=False)

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["owner", "list_name", "name"], name="one_view_a_name")]

    def __str__(self) -> str:
        return self.name


def views_for(list_name: str, reader: Any) -> list[SavedView]:
    """What a reader keeps of a list, and the views that others share. Asked of the database after a change only."""
    newest = at_hand.look(at_hand.NEWEST_VIEW, reader, list_name)
    mark, views = at_hand.look(at_hand.VIEWS, reader, list_name) or (None, None)
    if views is None or mark != newest:
        mine = models.Q(owner=reader.pk) | models.Q(is_shared=True)
        views = list(SavedView.objects.filter(mine, list_name=list_name))
        cache.set(at_hand.VIEWS.format(reader=reader.pk, page=list_name), (newest, views), KEPT_SECONDS)
    return list(views)


def on_view_changed(*, instance: SavedView, **_options: Any) -> None:
    """What is kept of this list's views is not true any more: now, and once more when everybody sees the change."""

    def forget() -> None:
        cache.set(at_hand.NEWEST_VIEW.format(page=instance.list_name), uuid.uuid4().hex, None)

    forget()
    transaction.on_commit(forget)


class BulkRun(models.Model):
    """One action over many rows of a list, done in the background; its number stands for all of them."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits for a worker")
        RUNNING = "running", _("Running")
        STOPPED = "stopped", _("Stopped")
        FINISHED = "finished", _("Finished")

    uid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)  # of the form: sent twice, it runs once
    list_name = models.CharField(max_length=30)
    action = models.CharField(max_length=30)
    query = models.TextField(blank=True)  # the filter ("?...") whose rows these are; empty: rows that were ticked
    reason = models.CharField(max_length=500, blank=True)
    actor = models.CharField(max_length=150)
    address = models.GenericIPAddressField(null=True, blank=True)  # from where it was asked for
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)  # a worker has it until then
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["leased_until"], condition=models.Q(state__in=["waiting", "running"]), name="bulk_run_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action}: {self.total}"

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.state in {self.State.WAITING, self.State.RUNNING}

    @property
    def tried(self) -> int:
        """How many rows have a result."""
        return self.done + self.skipped + self.failed


class BulkRow(models.Model):
    """One row of a run, and what came of it."""

    class Outcome(models.TextChoices):
        OPEN = "", _("Not tried")
        DONE = "done", _("Done")
        SKIPPED = "skipped", _("Skipped")
        FAILED = "failed", _("Failed")

    run = models.ForeignKey(BulkRun, models.CASCADE, related_name="rows", db_index=False)
    target = models.BigIntegerField()  # the id of the row in its list
    label = models.CharField(max_length=200)
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.OPEN, blank=True)
    text = models.TextField(blank=True)  # why

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["run", "outcome", "id"], name="bulk_row_outcome")]
        constraints = [models.UniqueConstraint(fields=["run", "target"], name="bulk_row_once")]

    def __str__(self) -> str:
        return self.label
