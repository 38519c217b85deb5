"""The set-wise SQL of requests: one text for PostgreSQL and SQLite, three fragments differ. The database's clock only.

A claim takes due rows, counts the attempt, and is the committed intent to buy where a purchase comes next; a move
changes rows whose state and attempt are still what the mover knows. The rows that come back are the ones that were won.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import DateTimeField
from django.db.models.expressions import RawSQL

from pbas.core import prepared

# Not clock_timestamp(): what may change within a statement bounds no index, and each claim would read all that waits.
_NOW = {"postgresql": "statement_timestamp()", "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')"}
_AFTER = {  # a moment so many seconds from now; NULL seconds give NULL
    "postgresql": "statement_timestamp() + CAST({0} AS double precision) * interval '1 second'",
    "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', {0} || ' seconds')",
}
_AGE = {  # seconds since a moment
    "postgresql": "CAST(EXTRACT(EPOCH FROM statement_timestamp() - {0}) AS double precision)",
    "sqlite": "(julianday('now') - julianday({0})) * 86400.0",
}
_SKIP_LOCKED = {"postgresql": "FOR UPDATE SKIP LOCKED", "sqlite": ""}

# The vendor is asked in these; the others that an engine walks are the panel's own work and go on while he is down.
# What neither names is of a newer version of the panel beside this one, and is left to it.
VENDOR_STATES = "'key', 'buying', 'in_doubt', 'files'"
OWN_STATES = "'install', 'proof'"
KINDS = "'issue', 'renew', 'change', 'suspend', 'resume', 'terminate'"

_BUYS = "r.state = 'key' AND r.kind IN ('issue', 'renew', 'change')"  # what is asked for next costs money

_OPEN_ROOM = """
SELECT c.id, c.name, c."limit", c.version, c.parkings, c.mode, c.status,
       c.parked_until IS NOT NULL AND c.parked_until > {now} AS parked,
       (SELECT count(*) FROM licenses_licenserequest l
         WHERE l.configuration_id = c.id AND l.leased AND l.due_at > {now} AND l.state IN ({vendor})) AS busy,
       EXISTS (SELECT 1 FROM licenses_licenserequest o
                WHERE o.configuration_id = c.id AND o.due_at <= {now} AND o.state IN ({own})) AS has_own
  FROM licenses_pluginconfiguration c
 WHERE EXISTS (SELECT 1 FROM licenses_licenserequest r WHERE r.configuration_id = c.id AND r.due_at <= {now})
"""

_CLAIM = """
WITH q AS MATERIALIZED (
  SELECT id AS taken FROM licenses_licenserequest
   WHERE configuration_id = %s AND due_at <= {now} AND state IN ({states}) AND kind IN ({kinds})
   ORDER BY due_at LIMIT %s {skip_locked})
UPDATE licenses_licenserequest AS r
   SET due_at = {lease}, leased = true, attempt = r.attempt + 1,
       state = CASE WHEN {buys} THEN 'buying' ELSE r.state END,
       intent_at = CASE WHEN {buys} THEN {now} ELSE r.intent_at END
  FROM q WHERE r.id = q.taken
RETURNING id, attempt, state, kind, uid, configuration_id, license_class_id, subscription_id,
          license_id, order_number, options, tries, intent_at, {age},
          deadline IS NOT NULL AND deadline < {now},
          state = 'buying' AND intent_at = {now}
"""

_LOCKED = """
SELECT id, attempt, state FROM licenses_licenserequest
 WHERE id IN (SELECT CAST(value AS bigint) FROM {rows}) ORDER BY id {lock}
"""
_LOCK = {"postgresql": "FOR NO KEY UPDATE", "sqlite": ""}

_MOVE = """
UPDATE licenses_licenserequest AS r
   SET state = d.next,
       due_at = CASE WHEN r.held THEN NULL ELSE {due} END,
       leased = d.leased,
       tries = d.tries,
       attempt = r.attempt + CASE WHEN r.leased THEN d.by_hand ELSE 0 END,
       license_id = COALESCE(d.license, r.license_id),
       problem_kind = d.kind, problem_text = d.text, problem_fault = d.fault, problem_vendor = d.vendor,
       stopped_in = d.stopped_in,
       cause = NULLIF(d.cause, ''),
       troubled_at = CASE WHEN d.cause = '' THEN NULL WHEN r.cause = d.cause THEN r.troubled_at ELSE {now} END,
       finished_at = CASE WHEN d.next IN ('done', 'cancelled') THEN {now} END
  FROM (SELECT CAST(value->>0 AS bigint) AS request, CAST(value->>1 AS integer) AS attempt, value->>2 AS state,
               value->>3 AS next, CAST(value->>4 AS double precision) AS wait, CAST(value->>5 AS boolean) AS leased,
               CAST(value->>6 AS integer) AS tries, CAST(value->>7 AS integer) AS by_hand,
               CAST(value->>8 AS bigint) AS license, value->>9 AS kind, value->>10 AS text, value->>11 AS fault,
               value->>12 AS vendor, value->>13 AS stopped_in, value->>14 AS cause
          FROM {rows}) AS d
 WHERE r.id = d.request AND r.attempt = d.attempt AND r.state = d.state
   AND (d.by_hand = 0 OR NOT r.leased OR r.due_at <= {now})
RETURNING id
"""

_INSTALLED = """
UPDATE licenses_license
   SET state = CASE WHEN state = 'terminated' THEN state ELSE 'installed' END,
       installed_at = {now}, proven_at = {now},
       prove_at = CASE WHEN state = 'terminated' THEN {now} ELSE {look} END,
       found = CASE WHEN state = 'terminated' THEN 'left' END, found_text = NULL, found_tries = NULL
 WHERE id IN (SELECT CAST(value AS bigint) FROM {rows})
"""

_EVENTS = """
INSERT INTO core_event (at, actor_kind, actor, kind, text, detail, attempt, milliseconds, subscription_id, request_id,
                        license_id, configuration_id)
SELECT {now}, value->>0, value->>1, value->>2, value->>3, value->>4, CAST(value->>5 AS integer),
       CAST(value->>6 AS integer), CAST(value->>7 AS bigint), CAST(value->>8 AS bigint), CAST(value->>9 AS bigint),
       CAST(value->>10 AS bigint)
  FROM {rows}
"""


def now() -> str:
    """The SQL of this moment by the database's clock."""
    return _NOW[connection.vendor]


def after(seconds: str) -> str:
    """The SQL of a moment so many seconds (an SQL expression) from now."""
    return _AFTER[connection.vendor].format(seconds)


@dataclass(frozen=True, slots=True)
class Room:
    """A configuration that has due requests, and how its vendor stands."""

    configuration: int
    name: str
    limit: int
    version: int
    parkings: int
    online: bool
    working: bool
    parked: bool
    busy: int
    has_own: bool  # whether any of them is the panel's own work

    @property
    def free(self) -> int:
        """How many more requests may go to this vendor now; one at a time while it is being probed after a failure."""
        if not self.online or not self.working or self.parked:
            return 0
        return max(0, (1 if self.parkings else self.limit) - self.busy)


def open_rooms() -> list[Room]:
    """Every configuration that has a due request."""
    text = _OPEN_ROOM.format(now=now(), vendor=VENDOR_STATES, own=OWN_STATES)
    return [_room(*row) for row in prepared.answer("rooms", text)]


def _room(pk: int, name: str, limit: int, version: int, parkings: int, mode: str, status: str, *counted: Any) -> Room:
    parked, busy, has_own = counted
    online, working = mode == "online", status == "configured"
    return Room(pk, name, limit, version, parkings, online, working, bool(parked), busy, bool(has_own))


def lock_claims() -> None:
    """Let claims of the whole fleet pass one by one, so that the limits counted at a claim hold."""
    lock_one_by_one(712093645)


def lock_one_by_one(number: int) -> None:
    """Until the end of the transaction, let nobody else pass who locks the same number. SQLite does anyway."""
    if connection.vendor == "postgresql":
        prepared.answer("lock", "SELECT pg_advisory_xact_lock(%s)", [number])


def claim(configuration: int, *, most: int, lease: float, vendor: bool) -> list[tuple[Any, ...]]:
    """Lease up to `most` due requests of a configuration for `lease` seconds, those for its vendor or the others.

    Those whose next call spends money are in buying by it; the last value of a row says so.
    """
    text = _CLAIM.format(
        now=now(),
        buys=_BUYS,
        lease=after("%s"),
        age=_AGE[connection.vendor].format("intent_at"),
        states=VENDOR_STATES if vendor else OWN_STATES,
        kinds=KINDS,
        skip_locked=_SKIP_LOCKED[connection.vendor],
    )
    return prepared.answer("claim", text, [configuration, most, lease])


def locked(requests: Sequence[int]) -> list[tuple[int, int, str]]:
    """Id, attempt and state of requests, each locked until the end of the transaction."""
    text = _LOCKED.format(rows=prepared.opened(), lock=_LOCK[connection.vendor])
    return prepared.answer("look_locked", text, [json.dumps(requests)])


def move(rows: Sequence[tuple[Any, ...]]) -> set[int]:
    """Make the moves (rows as `moves.Move.row` gives them) whose guards hold; the ids that were won."""
    text = _MOVE.format(now=now(), due=after("d.wait"), rows=prepared.opened())
    return {pk for (pk,) in prepared.answer("move", text, [json.dumps(rows)])}


def set_installed(licenses: Sequence[int], *, look: float) -> None:
    """Licenses are installed and proven as of now, and read back in `look` seconds.

    One that ended while it was being installed stays ended, and is taken out again.
    """
    text = _INSTALLED.format(now=now(), look=after("%s"), rows=prepared.opened())
    prepared.answer("set_installed", text, [look, json.dumps(licenses)])


def add_events(rows: Iterable[tuple[Any, ...]]) -> None:
    """Append events: actor_kind, actor, kind, text, detail, attempt, milliseconds, and the subjects.

    Those are subscription, request, license, configuration.
    """
    listed = list(rows)
    if listed:
        prepared.answer("add_events", _EVENTS.format(now=now(), rows=prepared.opened()), [json.dumps(listed)])


def in_seconds(seconds: float) -> RawSQL:
    """A moment so many seconds from now, for the ORM's own updates."""
    return RawSQL(after("%s"), [seconds], output_field=DateTimeField())  # noqa: S611 (the text is this module's own)
