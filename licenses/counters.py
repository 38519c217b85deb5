"""The counters of tabs and states: appended to by database triggers, put together here."""

from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Sum

from licenses.models import PluginConfiguration, StateCount
from licenses.selectors import WAITING_FOR_STAFF, WAITING_OFFLINE
from pbas.core import prepared

ENOUGH = 2000  # rows; below that, reading them all is cheaper than folding
MOST = 10_000  # rows in one transaction: as many values as any statement takes

# Text, as each page of a list asks it, and the ORM needs longer to write it than the database to answer.
_COUNTED = "SELECT subject, configuration_id, state, sum(n) FROM licenses_statecount GROUP BY 1, 2, 3"


class Counts:
    """Exact totals of licenses and requests, by configuration and state."""

    def __init__(self, rows: Iterable[tuple[str, int, str, int]]) -> None:
        self.rows = tuple(rows)
        self._tabs: dict[str, dict[int, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
        for subject, configuration, state, n in self.rows:
            self._tabs[subject][configuration][state] = n

    def of(self, subject: str, *, states: Iterable[str] = (), tab: int | None = None) -> int:
        """How many there are of a subject ("license" or "request"), of some states and one configuration if given."""
        tabs = self._tabs[subject]
        counted = tabs.values() if tab is None else [tabs.get(tab, {})]
        if not states:
            return sum([sum(one.values()) for one in counted])
        return sum([one.get(state, 0) for one in counted for state in states])

    def waiting(self, tab: PluginConfiguration) -> int:
        """How many requests of a configuration need a person; an offline one needs him for key, files, install."""
        counted = self._tabs["request"].get(tab.id, {})
        states = WAITING_FOR_STAFF if tab.is_online else WAITING_OFFLINE
        return sum([n for state, n in counted.items() if state in states])


def counts() -> Counts:
    """What the database has counted."""
    return Counts(prepared.answer("counts", _COUNTED))


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
