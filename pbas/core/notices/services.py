"""Notices begin where long work is asked for and end where it ends; what the frame shows of them is counted then."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import transaction
from django.db.models import Count, Q
from django.db.models.functions import Now
from django.utils import timezone

from pbas.core import at_hand
from pbas.core.models import Event
from pbas.core.notices.models import Notice
from pbas.core.story import Actor

KEPT = 200  # notices of one person
FORGOTTEN = timedelta(days=1)  # work that has not ended by then is not waited for
State = Notice.State


@dataclass(frozen=True, slots=True)
class Counted:
    """What the frame shows: how much is under way, and how much has ended and was not looked at."""

    open: int = 0
    unread: int = 0


def begin(*, actor: Actor, kind: str, subject: int, link: str, **words: Any) -> None:
    """Work was asked for. Only a person of the staff has notices; asked for twice it is one."""
    owner = User.objects.filter(username=actor.name).first() if actor.kind == Event.Actor.STAFF else None
    if owner is None:
        return
    Notice.objects.filter(owner=owner, kind=kind, subject=subject, state=State.OPEN).delete()
    Notice.objects.create(owner=owner, kind=kind, subject=subject, link=link, words=words)
    old = Notice.objects.filter(owner=owner).values_list("pk", flat=True)[KEPT:]
    Notice.objects.filter(pk__in=list(old)).delete()
    transaction.on_commit(partial(recount, owner.pk))


def end(*, kind: str, subject: int, state: str = State.DONE, **words: Any) -> None:
    """Work has ended, for all who asked for it."""
    for notice in Notice.objects.filter(kind=kind, subject=subject, state=State.OPEN):
        notice.state, notice.words = state, {**notice.words, **words}
        notice.ended_at = timezone.now()
        notice.save(update_fields=["state", "words", "ended_at"])
        transaction.on_commit(partial(recount, notice.owner_id))


def read(*, owner: Any, **which: Any) -> None:
    """Its owner has looked at what ended."""
    if Notice.objects.filter(_UNREAD, owner=owner, **which).update(read_at=Now()):
        recount(owner.pk)
        at_hand.let_go(owner)


def counted(user: Any) -> Counted:
    """What the frame shows; it costs no statement."""
    kept: Counted | None = at_hand.look(at_hand.NOTICES, user) if user.pk else None
    return kept or Counted()


def recount(owner_id: int) -> None:
    """Count the notices of a person for the frame. One statement."""
    waited_for = Q(state=State.OPEN, begun_at__gt=timezone.now() - FORGOTTEN)
    found = Notice.objects.filter(owner=owner_id).aggregate(
        open=Count("pk", filter=waited_for), unread=Count("pk", filter=_UNREAD)
    )
    cache.set(_place(owner_id), Counted(**found), None)


def on_login(*, user: Any, **_options: Any) -> None:
    """What the cache may have forgotten meanwhile."""
    recount(user.pk)


_UNREAD = Q(ended_at__isnull=False, read_at__isnull=True)


def _place(owner_id: int) -> str:
    return at_hand.NOTICES.format(reader=owner_id)
