"""The line of steps on a request's page."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from licenses.models import LicenseRequest

State, Kind = LicenseRequest.State, LicenseRequest.Kind


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the line; its mark is `done`, `now`, `late` (stopped, needs a person), `off` or `later`."""

    label: str
    mark: str
    at: datetime | None = None  # when it was over, as far as that was told


# By the state that is over then: the events that tell it.
ENDED_BY = {
    State.SERVICES: ("services_ready",),
    State.KEY: ("key_issued", "key_served", "adopted", "uploaded"),
    State.FILES: ("files_fetched", "uploaded"),
    State.INSTALL: ("installed",),
    State.PROOF: ("proven",),
}


def timed_steps(request: LicenseRequest, told: Mapping[str, datetime]) -> list[Step]:
    """`steps_of`, each that is over with its time; `told` has when events of the request were told, by their kinds."""
    steps = steps_of(request)
    ends: list[datetime | None] = [request.created_at]
    for _label, states in _line(request)[1:-1]:
        known = [told[kind] for state, kinds in ENDED_BY.items() if state in states for kind in kinds if kind in told]
        ends.append(min(known, default=None))
    ends.append(request.finished_at)
    return [replace(one, at=at) if one.mark == "done" else one for one, at in zip(steps, ends, strict=True)]


def steps_of(request: LicenseRequest) -> list[Step]:
    """From the order to the proof; the step where it stands is `now`, or `late` where it needs a person."""
    line = _line(request)
    if request.state == State.DONE:
        return [Step(label, "done") for label, _states in line]
    where = request.state
    if where in {State.ATTENTION, State.CANCELLED}:
        where = request.stopped_in or _reached(request)
    at = next((n for n, (_label, states) in enumerate(line) if where in states), len(line) - 1)
    here = {State.ATTENTION: "late", State.IN_DOUBT: "late", State.CANCELLED: "off"}.get(State(request.state), "now")
    return [Step(label, "done" if n < at else here if n == at else "later") for n, (label, _states) in enumerate(line)]


def _line(request: LicenseRequest) -> list[tuple[str, frozenset[str]]]:
    asked = frozenset({State.KEY, State.BUYING, State.IN_DOUBT})
    if request.kind in {Kind.TERMINATE, Kind.SUSPEND, Kind.RESUME}:
        return [(_("Asked for"), frozenset()), (_("Vendor"), asked), (_("Done"), frozenset())]
    first: list[tuple[str, frozenset[str]]] = [(_("Asked for"), frozenset())]
    if request.kind == Kind.ISSUE:
        first = [(_("Ordered"), frozenset()), (_("Services"), frozenset({State.SERVICES}))]
    return [
        *first,
        (_("Key"), asked),
        (_("Files"), frozenset({State.FILES})),
        (pgettext("a step", "Install"), frozenset({State.INSTALL})),
        (_("Proof"), frozenset({State.PROOF})),
        (_("Done"), frozenset()),
    ]


def _reached(request: LicenseRequest) -> str:
    return State.KEY if request.license_id is None else State.INSTALL
