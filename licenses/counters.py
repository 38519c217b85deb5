"""The counters of tabs and states: appended to by database triggers, put together here."""

from django.db import transaction
from django.db.models import Sum

from licenses.models import StateCount

ENOUGH = 2000  # rows; below that, reading them all is cheaper than folding
MOST = 10_000  # rows in one transaction: as many values as any statement takes


def fold() -> int:
    """Replace the counter's rows by one a state; answers by how many they became fewer. The sums stay as they were."""
    fewer = 0
    while StateCount.objects.count() >= ENOUGH and (gone := _fold_oldest()) > 0:
        fewer += gone
    return fewer


def _fold_oldest() -> int:
    """Only rows that were seen are replaced: one that is being added meanwhile may have a lower number than they."""
    with transaction.atomic():
        rows = StateCount.objects.select_for_update().order_by("pk")[:MOST]
        ids = list(rows.values_list("pk", flat=True))
        chosen = StateCount.objects.filter(pk__in=ids)
        sums = list(chosen.values("subject", "configuration_id", "state").annotate(total=Sum("n")).order_by())
        chosen.delete()
        StateCount.objects.bulk_create(
            StateCount(**{key: row[key] for key in ("subject", "configuration_id", "state")}, n=row["total"])
            for row in sums
            if row["total"]
        )
    return len(ids) - len(sums)
