"""What the panel measures of itself, as Prometheus reads it (text exposition format 0.0.4): aggregates, no walks."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from licenses.counters import Counts, counts
from licenses.failing.stuck import last_count
from licenses.models import Alert, AlertDelivery, LicenseRequest, PluginConfiguration


@dataclass(frozen=True, slots=True)
class Metric:
    """One gauge with its values by labels."""

    name: str
    help: str
    values: Iterable[tuple[Mapping[str, object], float]]

    def lines(self) -> Iterator[str]:
        """As the format writes it."""
        yield f"# HELP {self.name} {self.help}"
        yield f"# TYPE {self.name} gauge"
        for labels, value in self.values:
            named = ",".join(f'{name}="{_escaped(str(one))}"' for name, one in labels.items())
            yield f"{self.name}{{{named}}} {value}" if named else f"{self.name} {value}"


def exposition() -> str:
    """All metrics. Six statements, and those of the stuck rows where their last count is old."""
    return "".join(f"{line}\n" for metric in _metrics() for line in metric.lines())


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _metrics() -> list[Metric]:
    counted, plugins = counts(), _plugins()
    names = {one.pk: one.name for one in plugins}
    return [
        Metric("panel_requests_open", "Open requests.", _by_state(counted, "request", names, LicenseRequest.OPEN)),
        Metric("panel_licenses", "Licenses.", _by_state(counted, "license", names)),
        Metric("panel_due_age_seconds", "How long the oldest due request has been waiting.", _ages(plugins)),
        Metric("panel_plugin_parked", "Whether a plug-in is parked.", _flags(plugins, "parkings", 0)),
        Metric("panel_plugin_paused", "Whether a plug-in is paused.", _flags(plugins, "status", "paused", is_it=True)),
        Metric("panel_failures", "Failing requests by cause.", _failures(names)),
        Metric("panel_alerts_open", "Open alerts.", [({}, Alert.objects.filter(closed_at=None).count())]),
        Metric("panel_alert_deliveries_waiting", "Tellings of alerts that were not taken yet.", _deliveries()),
        Metric("panel_stuck_rows", "Open rows without a next event.", _stuck()),
    ]


def _plugins() -> list[PluginConfiguration]:
    """All configurations, with when their oldest due request became due. One statement."""
    due = LicenseRequest.objects.filter(configuration=OuterRef("pk"), due_at__lte=Now(), leased=False)
    oldest = due.order_by("due_at").values("due_at")[:1]
    rows = PluginConfiguration.objects.annotate(oldest_due=Subquery(oldest))
    return list(rows.only("name", "status", "parkings").order_by("pk"))


def _by_state(
    counted: Counts, subject: str, names: Mapping[int, str], states: Iterable[str] = ()
) -> Iterator[tuple[Mapping[str, object], float]]:
    wanted = frozenset(states)
    for kind, pk, state, n in sorted(counted.rows):
        if kind == subject and (not wanted or state in wanted):
            yield {"plugin": names.get(pk, pk), "state": state}, n


def _ages(plugins: Iterable[PluginConfiguration]) -> Iterator[tuple[Mapping[str, object], float]]:
    for one in plugins:
        oldest = getattr(one, "oldest_due", None)
        yield {"plugin": one.name}, round((timezone.now() - oldest).total_seconds(), 1) if oldest else 0


def _flags(
    plugins: Iterable[PluginConfiguration], field: str, value: object, *, is_it: bool = False
) -> Iterator[tuple[Mapping[str, object], float]]:
    for one in plugins:
        yield {"plugin": one.name}, int((getattr(one, field) == value) is is_it)


def _failures(names: Mapping[int, str]) -> Iterator[tuple[Mapping[str, object], float]]:
    """From the open alerts, which the watch brings up to date: failing rows are not counted at each look."""
    opened = Alert.objects.filter(closed_at=None).exclude(step="").order_by("pk")
    for pk, step, kind, cause, n in opened.values_list("configuration", "step", "kind", "cause", "requests"):
        yield {"plugin": names.get(pk, pk), "step": step, "kind": kind, "cause": cause}, n


def _deliveries() -> list[tuple[Mapping[str, object], float]]:
    return [({}, AlertDelivery.objects.filter(due_at__isnull=False).count())]


def _stuck() -> Iterator[tuple[Mapping[str, object], float]]:
    for subject, n in last_count().items():
        yield {"subject": subject}, n
