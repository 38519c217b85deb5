"""How events are written down for a seal, and what the seal of a block of them is. Changing this breaks every chain.

An event is a JSON list of the COLUMNS of the block's form in UTF-8 without spaces, its time in UTC with microseconds.
The digest of a block is SHA-256 over the SHA-256 of each event by id, then over the line `form position first last
count previous`, where `previous` is the digest of the block before, "" for the first. Form 2 has the address, too.
Events are read in parts: memory is constant.
"""

import hashlib
import json
import struct
from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Any

from pbas.core.crypto import keyring
from pbas.core.models import Event, Seal

FORM = 2  # of blocks that are sealed now
_FIRST = (
    *("id", "at", "actor_kind", "actor", "kind", "text", "detail", "attempt", "milliseconds"),
    *("order_id", "subscription_id", "request_id", "license_id", "configuration_id"),
)
COLUMNS = {1: _FIRST, 2: (*_FIRST, "address")}  # by form
BEFORE_ALL = -(2**63)
PURPOSE = "seals of events"  # what the key of the signatures is derived for
_READ = 2000  # events at once
_MARK = struct.Struct(">q8s")  # an event's id, and the beginning of its digest


def digests(after: int, up_to: int, form: int = FORM) -> Iterator[tuple[int, bytes]]:
    """Id and SHA-256 of each event above `after`, up to `up_to`, by id."""
    columns = COLUMNS[form]
    while True:
        rows = list(Event.objects.filter(pk__gt=after, pk__lte=up_to).order_by("pk").values_list(*columns)[:_READ])
        for row in rows:
            yield row[0], hashlib.sha256(written(row)).digest()
        if len(rows) < _READ:
            return
        after = rows[-1][0]


def written(row: tuple[Any, ...]) -> bytes:
    """An event, given as the values of its form's columns."""
    pk, at, *rest = row
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return json.dumps([pk, moment, *rest], ensure_ascii=False, separators=(",", ":")).encode()


def block(events: Iterable[tuple[int, bytes]], before: Seal | None, form: int = FORM) -> Seal | None:
    """The seal of these events (ids and digests in that form), not saved; None where there are none."""
    total, marks, first, last = hashlib.sha256(), bytearray(), None, 0
    for last, digest in events:
        first = last if first is None else first
        total.update(digest)
        marks += _MARK.pack(last, digest)
    if first is None:
        return None
    position, previous = (before.position + 1, before.digest) if before else (1, "")
    count = len(marks) // _MARK.size
    total.update(f"{form} {position} {first} {last} {count} {previous}".encode())
    found = {"position": position, "first_event": first, "last_event": last, "count": count, "marks": bytes(marks)}
    return Seal(**found, form=form, digest=total.hexdigest(), signature=signature(position, total.hexdigest()))


def signature(position: int, digest: str) -> str:
    """What only this installation's field keys can make of a digest."""
    return keyring().sign(f"{position} {digest}", PURPOSE)


def marks_of(stored: bytes) -> dict[int, bytes]:
    """Of each sealed event its id and the beginning of its digest."""
    return dict(_MARK.iter_unpack(stored))
