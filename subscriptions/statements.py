"""The set-wise SQL of subscriptions, one text for both databases; the engine runs it at every batch that ends."""

from collections.abc import Sequence

from django.db import connection

_LOCK = "SELECT id FROM subscriptions_subscription WHERE id IN ({marks}) AND state = 'pending' ORDER BY id {lock}"
_LOCKS = {"postgresql": "FOR NO KEY UPDATE", "sqlite": ""}

_ACTIVATE = """
UPDATE subscriptions_subscription SET state = 'active'
 WHERE id IN ({marks}) AND state = 'pending'
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
    with connection.cursor() as cursor:
        cursor.execute(_LOCK.format(marks=_marks(ids), lock=_LOCKS[connection.vendor]), list(ids))
        pending = [pk for (pk,) in cursor.fetchall()]
        if pending:
            cursor.execute(_ACTIVATE.format(marks=_marks(pending)), pending)
            pending = [pk for (pk,) in cursor.fetchall()]
    return pending


def _marks(ids: Sequence[int]) -> str:
    return ", ".join(["%s"] * len(ids)) or "NULL"
