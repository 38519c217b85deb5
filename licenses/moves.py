"""The moves a request may make, as data; and the one way in which any of them is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from licenses import statements
from licenses.failing.causes import cause_of
from licenses.models import LicenseRequest
from pbas.core.models import Event
from pbas.core.story import Actor

State = LicenseRequest.State

# From each state to where a request may go; staying, to try again later, is always allowed while it is open.
MOVES: dict[str, frozenset[str]] = {
    State.SERVICES: frozenset({State.KEY, State.FILES, State.INSTALL, State.CANCELLED}),
    # buying is the committed intent to spend; a person's upload skips it
    State.KEY: frozenset({State.BUYING, State.FILES, State.INSTALL, State.DONE, State.ATTENTION, State.CANCELLED}),
    # back to key only when it is certain that nothing was sold
    State.BUYING: frozenset({State.KEY, State.FILES, State.INSTALL, State.DONE, State.IN_DOUBT, State.ATTENTION}),
    State.IN_DOUBT: frozenset({State.KEY, State.FILES, State.INSTALL, State.ATTENTION, State.CANCELLED}),
    State.FILES: frozenset({State.INSTALL, State.DONE, State.ATTENTION, State.CANCELLED}),
    State.INSTALL: frozenset({State.PROOF, State.DONE, State.ATTENTION, State.CANCELLED}),
    State.PROOF: frozenset({State.INSTALL, State.DONE, State.ATTENTION}),
    State.ATTENTION: frozenset(
        {State.KEY, State.FILES, State.INSTALL, State.PROOF, State.IN_DOUBT, State.DONE, State.CANCELLED}
    ),
    State.DONE: frozenset(),
    State.CANCELLED: frozenset(),
}
# What a person alone may do besides: take an upload of his back.
MOVES_BY_HAND: dict[str, frozenset[str]] = {
    State.FILES: frozenset({State.KEY}),
    State.INSTALL: frozenset({State.KEY, State.FILES}),
}


def ends(state: str, *, by_hand: bool) -> frozenset[str]:
    """Where a request may go from a state."""
    return MOVES[state] | MOVES_BY_HAND.get(state, frozenset()) if by_hand else MOVES[state]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a request does not go on: its kind, what happened in words, whose fault, and the vendor's own words."""

    kind: str
    text: str
    fault: str = ""
    vendor_says: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One event that a move tells."""

    kind: str
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """One guarded step of one request: made only if `state` and `attempt` are still what the mover knows.

    `wait` is when it is due again, in seconds; None: never by itself. `leased`: the mover goes on with it, under a
    new lease.
    `by_hand`: refused while a worker has the request; one whose lease is over is fenced off.
    """

    request: int
    attempt: int
    state: str
    to: str
    wait: float | None = None
    leased: bool = False
    tries: int = 0
    by_hand: bool = False
    license: int | None = None
    trouble: Trouble | None = None
    stopped_in: str = ""  # where attention goes back to, if not to `state`

    def __post_init__(self) -> None:
        """Refuse what the table does not allow."""
        if self.to != self.state and self.to not in ends(self.state, by_hand=self.by_hand):
            message = f"No request moves from {self.state} to {self.to}."
            raise ValueError(message)

    def row(self, license_id: int | None = None) -> tuple[Any, ...]:
        """The values that `statements.move` takes."""
        trouble = self.trouble or _NO_TROUBLE
        return (
            *(self.request, self.attempt, self.state, self.to),
            settings.ENGINE_LEASE_SECONDS if self.leased else self.wait,
            *(self.leased, self.tries, int(self.by_hand)),
            license_id or self.license,
            *(trouble.kind, trouble.text, trouble.fault, trouble.vendor_says),
            (self.stopped_in or self.state) if self.to == State.ATTENTION else "",
            cause_of(trouble.kind, trouble.text, trouble.vendor_says) if trouble.kind else "",
        )


_NO_TROUBLE = Trouble("", "")


def make(moves: Sequence[Move]) -> set[int]:
    """Make all moves whose guards hold, in one statement and the caller's transaction; the ids that were won."""
    return statements.move([one.row() for one in moves]) if moves else set()


def event_of(request: LicenseRequest, actor: Actor, kind: str, text: str, detail: str = "") -> Event:
    """An unsaved event of a request and all that it belongs to."""
    return Event(
        actor_kind=actor.kind,
        actor=actor.name,
        address=actor.address,
        kind=kind,
        text=text,
        detail=detail,
        request=request,
        subscription_id=request.subscription_id,
        license_id=request.license_id,
        configuration_id=request.configuration_id,
    )
