"""What a person may do with a request now."""

from licenses.hand import waits_for_end_by_hand, waits_for_vendor, was_bought
from licenses.models import LicenseRequest
from licenses.owner import why_over

State, Kind = LicenseRequest.State, LicenseRequest.Kind

_BRINGS = {Kind.ISSUE, Kind.RENEW, Kind.CHANGE}  # the others have no key or file to upload


def actions_of(
    request: LicenseRequest, *, has_files: bool, has_target: bool = True, is_answered: bool = False
) -> frozenset[str]:
    """What the services would not refuse now; the pages offer nothing else.

    `has_files`: its license has something to install; `is_answered`: a file came for this very request.
    """
    if request.is_final or request.leased:
        return frozenset()
    if request.held:
        return frozenset({"release"})
    state, stopped = request.state, request.stopped_in
    by_hand = not request.configuration.is_online
    spent = {State.BUYING, State.IN_DOUBT}
    in_doubt = state == State.IN_DOUBT or stopped in spent
    is_over = why_over(request.subscription) is not None
    is_issue, has_license = request.kind == Kind.ISSUE, request.license_id is not None
    brought = is_issue or is_answered or not waits_for_vendor(request)
    may = {
        "hold": True,
        "retry": state != State.SERVICES and not (by_hand and state in {State.KEY, State.FILES, State.INSTALL}),
        "upload": state not in {State.BUYING, State.PROOF} and request.kind in _BRINGS,
        "adopt": state in {State.IN_DOUBT, State.ATTENTION} and not has_license,
        "order_again": in_doubt and not is_over and not (is_issue and has_license),
        "install": state in {State.INSTALL, State.ATTENTION} and has_license and has_files and has_target and brought,
        "cancel": state not in {State.BUYING, State.PROOF}
        and not was_bought(request)
        and not (is_over and request.kind == Kind.TERMINATE),
        "ended": waits_for_end_by_hand(request),
    }
    return frozenset(name for name, allowed in may.items() if allowed)
