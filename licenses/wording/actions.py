"""What a person may do with a request now."""

from licenses.models import LicenseRequest

State, Kind = LicenseRequest.State, LicenseRequest.Kind


def actions_of(request: LicenseRequest, *, has_files: bool) -> frozenset[str]:
    """What the services would not refuse now; the pages offer nothing else."""
    if request.is_final or request.leased:
        return frozenset()
    if request.held:
        return frozenset({"release"})
    state, stopped = request.state, request.stopped_in
    by_hand = not request.configuration.is_online
    spent = {State.BUYING, State.IN_DOUBT}
    may = {
        "hold": True,
        "retry": state != State.SERVICES and not (by_hand and state in {State.KEY, State.FILES, State.INSTALL}),
        "upload": state not in {State.BUYING, State.PROOF},
        "adopt": state in {State.IN_DOUBT, State.ATTENTION} and request.license_id is None,
        "order_again": request.license_id is None and (state == State.IN_DOUBT or stopped in spent),
        "install": state in {State.INSTALL, State.ATTENTION} and request.license_id is not None and has_files,
        "cancel": state not in {*spent, State.PROOF}
        and stopped not in spent
        and not (request.license_id is not None and request.kind == Kind.ISSUE),
    }
    return frozenset(name for name, allowed in may.items() if allowed)
