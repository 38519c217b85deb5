"""The dashboard's figures; each is the count of the list that it links to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from statistics import quantiles
from typing import Any, Final

from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from licenses.models import Finding, License, LicenseRequest, PluginConfiguration, StateCount
from licenses.reconciling.selectors import Cost, cost_of, findings, open_ones
from licenses.selectors import expiring_soon, failed_lately

Kind, State = LicenseRequest.Kind, LicenseRequest.State

WAITING_SHOWN: Final = 8  # requests that the dashboard names
DAYS: Final = 14  # of the chart of what was issued
SAMPLED: Final = 1000  # of the newest licenses delivered, by which the time to install is told
_SPANS: Final[tuple[tuple[timedelta | None, Any], ...]] = (
    (timedelta(seconds=1), _("up to 1 second")),
    (timedelta(seconds=5), _("up to 5 seconds")),
    (timedelta(seconds=30), _("up to 30 seconds")),
    (timedelta(minutes=5), _("up to 5 minutes")),
    (timedelta(hours=1), _("up to 1 hour")),
    (timedelta(days=1), _("up to 1 day")),
    (None, _("longer")),
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a chart: what it is, its number, how long it is drawn, of 100, and by what its list is filtered."""

    label: Any
    number: int
    length: float
    value: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How long licenses take, from the order at the vendor (by hand: from the request) to the proven install.

    `median` and `p95` are milliseconds.
    """

    sample: int
    median: int
    p95: int
    bars: tuple[Bar, ...]


def bars(rows: Sequence[tuple[Any, int, str]]) -> tuple[Bar, ...]:
    """Labels, numbers and values as a chart's lines, the greatest the whole width."""
    most = max((number for _label, number, _value in rows), default=0) or 1
    return tuple(Bar(label, number, round(100 * number / most, 1), value) for label, number, value in rows)


def delivery_times() -> Delivery:
    """How long the newest licenses took. One statement."""
    done = LicenseRequest.objects.filter(state=State.DONE).order_by("-id")[: 4 * SAMPLED]  # walks an index
    rows = done.values_list("kind", Coalesce(F("intent_at"), F("created_at")), "finished_at")
    took = [end - begun for kind, begun, end in rows if kind == Kind.ISSUE and end is not None][:SAMPLED]
    return Delivery(len(took), _quantile(took, 50), _quantile(took, 95), bars(_by_span(took)))


def _quantile(took: Sequence[timedelta], percent: int) -> int:
    times = [int(one.total_seconds() * 1000) for one in took]
    if len(times) < 2:  # noqa: PLR2004 (of one there are no quantiles)
        return sum(times)
    return int(quantiles(times, n=100, method="inclusive")[percent - 1])


def _by_span(took: Sequence[timedelta]) -> list[tuple[Any, int, str]]:
    rows, before = [], 0
    for most, label in _SPANS:
        within = len(took) if most is None else sum(one <= most for one in took)
        rows.append((label, within - before, ""))
        before = within
    return rows


def issued_each_day() -> tuple[Bar, ...]:
    """How many licenses were issued on each of the last DAYS days of the reader's zone. One statement."""
    today = timezone.localdate()
    days = [today - timedelta(days=n) for n in reversed(range(DAYS))]
    begins = timezone.make_aware(datetime.combine(days[0], time.min))
    rows = License.objects.filter(issued_at__gte=begins).order_by()
    counted = dict(rows.values_list(TruncDate("issued_at")).annotate(Count("pk")))
    return bars([(day, counted.get(day, 0), day.isoformat()) for day in days])


def plugins_for_list() -> QuerySet[PluginConfiguration]:
    """All plug-in configurations, without their settings."""
    return PluginConfiguration.objects.defer("settings", "secrets").order_by("name")


def oldest_open_request() -> LicenseRequest | None:
    """The open request that has been on its way for the longest time. Two statements."""
    first = LicenseRequest.objects.filter(state=OuterRef("state")).order_by("id").values("pk")[:1]
    counters = StateCount.objects.filter(subject="request", state__in=LicenseRequest.OPEN).order_by()
    firsts = counters.annotate(first=Subquery(first)).values_list("first", flat=True).distinct()
    oldest = min((pk for pk in firsts if pk is not None), default=None)
    return LicenseRequest.objects.filter(pk=oldest).first() if oldest is not None else None


def requests_for_staff() -> QuerySet[LicenseRequest]:
    """The requests that wait for a person, the oldest first."""
    rows = LicenseRequest.objects.select_related("license_class", "configuration", "subscription")
    return rows.filter(state=State.ATTENTION).order_by("id")[:WAITING_SHOWN]


def expiring_licenses() -> int:
    """How many licenses in use end soon."""
    return License.objects.filter(expiring_soon()).count()


def requests_failed_lately() -> int:
    """How many requests stopped lately and still need a person."""
    return LicenseRequest.objects.filter(failed_lately()).count()


def orphans() -> tuple[int, Cost]:
    """Keys that the vendors have and we do not, and what they cost a month. Two statements."""
    rows = open_ones(findings()).filter(kind=Finding.Kind.ORPHAN)
    return rows.count(), cost_of(rows)
