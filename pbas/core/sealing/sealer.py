"""Sealing what nothing can come before any more.

Ids are given before the commit, so a lower one may still be on its way while a higher one can be read. On PostgreSQL
an INSERT locks the table (ROW EXCLUSIVE) before it takes its id and until its transaction ends: once all who held that
lock after the highest id was read are gone, no id below it is missing. SQLite has one writer at a time.
"""

import time

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from pbas.core.models import Event, Seal
from pbas.core.sealing.blocks import BEFORE_ALL, block, digests
from pbas.core.sealing.chain import newest_seal

MOST = 10_000  # events in a block
PATIENCE = 30.0  # seconds that transactions under way get to end; if they take longer, the next round seals
_LOOK_AGAIN = 0.1

_WRITERS = """
SELECT virtualtransaction FROM pg_locks
 WHERE locktype = 'relation' AND relation = 'core_event'::regclass AND mode = 'RowExclusiveLock'
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pid <> pg_backend_pid()
"""


def seal_events(patience: float = PATIENCE) -> int:
    """Seal all events so far; answers how many. Safe to run twice, and at the same time."""
    up_to, sealed = _settled_id(patience), 0
    while (seal := _next_block(up_to)) is not None:
        try:
            with transaction.atomic():
                seal.save(force_insert=True)
        except IntegrityError:  # another sealer was faster
            break
        sealed += seal.count
    return sealed


def _next_block(up_to: int) -> Seal | None:
    before = newest_seal()
    after = before.last_event if before else BEFORE_ALL
    ids = Event.objects.filter(pk__gt=after, pk__lte=up_to).order_by("pk").values_list("pk", flat=True)
    ends = list(ids[MOST - 1 : MOST]) or [up_to]
    return block(digests(after, ends[0]), before)


def _settled_id(patience: float) -> int:
    """The id up to which no event can be added any more; BEFORE_ALL where that cannot be said in time."""
    newest: int | None = Event.objects.aggregate(newest=Max("pk"))["newest"]
    if newest is None:
        return BEFORE_ALL
    writing, until = _writers(), time.monotonic() + patience
    while writing and (writing := writing & _writers()):
        if time.monotonic() > until:
            return BEFORE_ALL
        time.sleep(_LOOK_AGAIN)
    return newest


def _writers() -> set[str]:
    """The transactions of others that may be adding events now."""
    if connection.vendor != "postgresql":
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_WRITERS)
        return {name for (name,) in cursor.fetchall()}
