"""Open failures, grouped by configuration, step and cause. Each read says how many statements it costs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, Count, F, Max, Min, Q, QuerySet, When

from licenses.models import LicenseRequest, PluginConfiguration

State, Status = LicenseRequest.State, PluginConfiguration.Status

MOST_SHOWN = 200  # groups on one page, the largest first
# The vendor's trouble is told once for his configuration: the requests that met it only wait with it.
OF_PLUGIN = ("unavailable", "misconfigured")
_STEP = Case(When(stopped_in="", then=F("state")), default=F("stopped_in"), output_field=CharField())


@dataclass(frozen=True, slots=True)
class Group:
    """Requests of one configuration that fail at one step for one cause."""

    configuration: int
    step: str  # the state that failed; a request that needs attention stopped in it
    cause: str
    kind: str
    total: int
    attention: int
    in_doubt: int
    held: int
    first_at: datetime
    last_at: datetime
    oldest: int  # the request of the lowest number, and of the highest
    newest: int

    @property
    def tried(self) -> int:
        """How many are tried again by themselves."""
        return self.total - self.attention - self.in_doubt

    @property
    def key(self) -> tuple[int, str, str]:
        """What tells it from all others."""
        return self.configuration, self.step, self.cause

    @property
    def step_label(self) -> Any:
        """The step in words."""
        return State(self.step).label


@dataclass(frozen=True, slots=True)
class Sample:
    """What one request of a group tells."""

    text: str
    fault: str
    vendor_says: str


def step_of(request: LicenseRequest) -> str:
    """The step at which a request fails."""
    return request.stopped_in or request.state


def failing() -> "QuerySet[Any]":
    """All open failures, with their `step`."""
    return LicenseRequest.objects.filter(cause__isnull=False).annotate(step=_STEP)


def groups(**only: Any) -> list[Group]:
    """All groups, or those that the filters name, the largest first. One statement."""
    rows = failing().filter(**only).order_by().values("configuration_id", "step", "cause")
    counted = rows.annotate(
        kind=Max("problem_kind"),
        total=Count("pk"),
        attention=Count("pk", filter=Q(state=State.ATTENTION)),
        in_doubt=Count("pk", filter=Q(state=State.IN_DOUBT)),
        held_ones=Count("pk", filter=Q(held=True)),
        first_at=Min("troubled_at"),
        last_at=Max("troubled_at"),
        oldest=Min("pk"),
        newest=Max("pk"),
    )
    found = [
        Group(
            *(row["configuration_id"], row["step"], row["cause"], row["kind"], row["total"]),
            *(row["attention"], row["in_doubt"], row["held_ones"], row["first_at"], row["last_at"]),
            *(row["oldest"], row["newest"]),
        )
        for row in counted
    ]
    return sorted(found, key=lambda one: (-one.total, one.key))


def samples_of(found: list[Group]) -> dict[int, Sample]:
    """What the newest request of each group tells, by its id. One statement."""
    rows = LicenseRequest.objects.filter(pk__in=[one.newest for one in found])
    told = rows.values_list("pk", "problem_text", "problem_fault", "problem_vendor")
    return {pk: Sample(*texts) for pk, *texts in told}


@dataclass(frozen=True, slots=True)
class PluginTrouble:
    """What is wrong with a configuration: `kind` parked, misconfigured or failed, and the reason."""

    configuration: PluginConfiguration
    kind: str
    text: str


def troubled_plugins() -> list[PluginTrouble]:
    """The configurations that cannot work, but for those that a person paused. One statement."""
    bad = Q(parkings__gt=0) | Q(status=Status.FAILED)
    rows = PluginConfiguration.objects.exclude(status=Status.PAUSED).filter(bad).order_by("pk")
    return [PluginTrouble(one, *_trouble_of(one)) for one in rows.defer("settings", "secrets")]


def _trouble_of(configuration: PluginConfiguration) -> tuple[str, str]:
    if configuration.parkings:
        return ("misconfigured" if configuration.has_to_be_mended else "parked"), configuration.parked_why
    return "failed", configuration.status_text
