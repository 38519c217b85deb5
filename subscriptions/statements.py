"""The set-wise SQL of subscriptions, one text for both databases; the engine runs it at every batch that ends."""

import json
from collections.abc import Sequence

from django.db import connection

from pbas.core import prepared

_LOCK = """
SELECT id FROM subscriptions_subscription
 WHERE id IN (SELECT CAST(value AS bigint) FROM {rows}) AND state = 'pending' ORDER BY id {lock}
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


def activate_served(ids: Sequence[int]) -> list[int]:
    """Make those of these subscriptions active that wait for nothing any more; gives their ids.

    Locked first, in one order: of two transactions that finish the last two requests of one, the second must see the
    first.
    """
    rows = prepared.opened()
    pending = _ids("look_pending", _LOCK.format(rows=rows, lock=_LOCKS[connection.vendor]), ids)
    return _ids("activate", _ACTIVATE.format(rows=rows), pending) if pending else []


def _ids(name: str, text: str, ids: Sequence[int]) -> list[int]:
    return [pk for (pk,) in prepared.answer(name, text, [json.dumps(ids)])]
