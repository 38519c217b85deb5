"""The counters of tabs and states: appended to by database triggers, put together here."""

from django.db import transaction
from django.db.models import Sum

from licenses.models import StateCount

ENOUGH = 2000  # rows; below that, reading them all is cheaper than folding


def fold() -> int:
    """Replace the counter's rows by one a state; answers how many rows went. The sums stay what they were."""
    last = StateCount.objects.order_by("-pk").values_list("pk", flat=True).first()
    if last is None or StateCount.objects.count() < ENOUGH:
        return 0
    with transaction.atomic():
        rows = StateCount.objects.filter(pk__lte=last).select_for_update()
        ids = list(rows.order_by("pk").values_list("pk", flat=True))
        chosen = StateCount.objects.filter(pk__in=ids)
        sums = list(chosen.values("subject", "configuration_id", "state").annotate(total=Sum("n")).order_by())
        chosen.delete()
        StateCount.objects.bulk_create(
            StateCount(**{key: row[key] for key in ("subject", "configuration_id", "state")}, n=row["total"])
            for row in sums
            if row["total"]
        )
    return len(ids)
