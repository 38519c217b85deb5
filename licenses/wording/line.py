"""The line of steps on a request's page."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from licenses.models import LicenseRequest

State, Kind = LicenseRequest.State, LicenseRequest.Kind


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the line; its mark is `done`, `now`, `late` (stopped, needs a person), `off` or `later`."""

    label: str
    mark: str


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
        (_("Install"), frozenset({State.INSTALL})),
        (_("Proof"), frozenset({State.PROOF})),
        (_("Done"), frozenset()),
    ]


def _reached(request: LicenseRequest) -> str:
    return State.KEY if request.license_id is None else State.INSTALL
