"""Reads of reconciliation. Each says how many statements it costs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone

from licenses.models import Finding, LicenseRequest, PluginConfiguration, Reconciliation

Kind = Finding.Kind

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Cost:
    """What findings cost a month: an amount for each currency, and how many of them have no fee entered."""

    amounts: tuple[tuple[str, Decimal], ...] = ()
    unknown: int = 0


def findings(configuration: PluginConfiguration | None = None) -> "QuerySet[Finding]":
    """All findings, or those of one configuration, with what their rows show; keys stay sealed."""
    rows = Finding.objects.select_related("configuration", "license_class", "license__license_class").defer(
        *("key", "license__secret_key", "license__activation_code"),
        *("configuration__settings", "configuration__secrets", "license_class__properties"),
        "license__license_class__properties",
    )
    return rows if configuration is None else rows.filter(configuration=configuration)


def ignored_now() -> Q:
    """Which findings somebody ignores."""
    return Q(ignored_until__gt=timezone.now())


def open_ones(rows: "QuerySet[Finding]", *, ignored: bool = False) -> "QuerySet[Finding]":
    """Those that nobody ignores now, or those that somebody does."""
    open_now = Q(ignored_until=None) | Q(ignored_until__lte=timezone.now())
    return rows.filter(ignored_now() if ignored else open_now)


def counts_of(
    configuration: PluginConfiguration | None, *, began_at: datetime | None = None, ignored: bool = False
) -> dict[str, int]:
    """How many findings of each kind, ignored ones left out (or alone); since a round began. One statement."""
    rows = open_ones(findings(configuration), ignored=ignored)
    if began_at is not None:
        rows = rows.filter(seen_at__gte=began_at)
    found = dict(rows.order_by().values_list("kind").annotate(n=Count("pk")))
    return {kind: found.get(kind, 0) for kind in Kind.values}


def cost_of(rows: "QuerySet[Finding]") -> Cost:
    """What these findings cost a month. One statement."""
    fee, currency = F("license_class__monthly_fee"), F("license_class__currency")
    sums = (
        rows.filter(is_billed=True)
        .order_by()
        .values_list(currency)
        .annotate(sum=Sum(fee), n=Count("pk"), known=Count(fee))
    )
    found = list(sums)
    amounts = tuple(sorted((unit or "", sum_.quantize(_CENT)) for unit, sum_, _n, _known in found if sum_ is not None))
    return Cost(amounts, sum(n - known for _unit, _sum, n, known in found))


def progress_of(configuration: PluginConfiguration) -> Reconciliation | None:
    """How far the comparison of a configuration is; None before its first. One statement."""
    return Reconciliation.objects.filter(configuration=configuration).first()


def last_requests(licenses: Iterable[int]) -> dict[int, int]:
    """The newest request of each license, by ids. One statement."""
    rows = LicenseRequest.objects.filter(license__in=list(licenses)).order_by("pk")
    return dict(rows.values_list("license", "pk"))
