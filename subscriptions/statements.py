"""The set-wise SQL of subscriptions, one text for both databases: what batches and pages run."""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection

from pbas.core import prepared

_LOCK = """
SELECT id, state FROM subscriptions_subscription
 WHERE id IN (SELECT CAST(value AS bigint) FROM {rows}) AND state IN ('pending', 'ending') ORDER BY id {lock}
"""
_LOCKS = {"postgresql": "FOR NO KEY UPDATE", "sqlite": ""}

_ACTIVATE = """
UPDATE subscriptions_subscription SET state = 'active'
 WHERE id IN (SELECT CAST(value AS bigint) FROM {rows}) AND state = 'pending'
   AND NOT EXISTS (SELECT 1 FROM subscriptions_service s
                    WHERE s.subscription_id = subscriptions_subscription.id AND s.state <> 'ready')
   AND NOT EXISTS (SELECT 1 FROM licenses_licenserequest r
                    WHERE r.subscription_id = subscriptions_subscription.id AND r.finished_at IS NULL)
RETURNING id
"""

_END = """
UPDATE subscriptions_subscription SET state = 'ended'
 WHERE id IN (SELECT CAST(value AS bigint) FROM {rows}) AND state = 'ending'
   AND NOT EXISTS (SELECT 1 FROM licenses_licenserequest r
                    WHERE r.subscription_id = subscriptions_subscription.id AND r.finished_at IS NULL)
   AND NOT EXISTS (SELECT 1 FROM licenses_license l
                    WHERE l.subscription_id = subscriptions_subscription.id AND l.state <> 'terminated')
RETURNING id
"""

_OWED = """
SELECT subscription_id, count(*),
       count(CASE WHEN state = 'done' THEN 1 END), count(CASE WHEN state IN ('attention', 'in_doubt') THEN 1 END)
  FROM licenses_licenserequest
 WHERE subscription_id IN (SELECT CAST(value AS bigint) FROM {rows}) AND kind = 'issue' AND state <> 'cancelled'
 GROUP BY subscription_id
"""


def locked(ids: Sequence[int]) -> dict[int, str]:
    """Those of these subscriptions that are on their way somewhere, pending or ending, by their states.

    Each locked until the end of the transaction, in one order: of two transactions that finish the last two requests of
    one, the second must see the first.
    """
    text = _LOCK.format(rows=prepared.opened(), lock=_LOCKS[connection.vendor])
    return dict(prepared.answer("look_on_their_way", text, [json.dumps(ids)]))


def activate_served(ids: Sequence[int]) -> list[int]:
    """Make those of these locked subscriptions active that wait for nothing any more; gives their ids."""
    return _changed("activate", _ACTIVATE, ids)


def end_emptied(ids: Sequence[int]) -> list[int]:
    """Make those of these locked subscriptions ended in which nothing is open and no license lives; gives their ids."""
    return _changed("end_emptied", _END, ids)


def owed(ids: Sequence[int]) -> list[tuple[int, int, int, int]]:
    """Of each of these subscriptions that has any: how many requests for a license, how many done, how many stuck."""
    rows: list[Any] = prepared.answer("owed", _OWED.format(rows=prepared.opened()), [json.dumps(ids)])
    return rows


def _changed(name: str, text: str, ids: Sequence[int]) -> list[int]:
    if not ids:
        return []
    return [pk for (pk,) in prepared.answer(name, text.format(rows=prepared.opened()), [json.dumps(ids)])]
