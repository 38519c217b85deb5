"""What a vendor's dialect has to offer so that the simulator can mount it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ka_plugins.simulator.messages import Request, Response


@dataclass(frozen=True, slots=True)
class Call:
    """A request as its dialect understood it: `method` is what faults and counts go by."""

    method: str
    parameters: tuple[Any, ...] = ()
    request: Request | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """One line of the ledger, the same for all vendors: what a dialect does not know stays empty.

    `id` is the vendor's own name for it, `base` the number without a revision (else the number itself), `parent` the
    base of the key that this one is additional to, `notes` what the buyer wrote down at the vendor; times ISO 8601.
    """

    vendor: str
    number: str
    type: str
    time: str
    id: str = ""
    base: str = ""
    parent: str = ""
    client: str = ""
    reference: str = ""
    expires: str = ""
    features: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    bound: str = ""
    notes: list[str] = field(default_factory=list)
    mailed: list[str] = field(default_factory=list)
    renewals: int = 0
    terminated: bool = False
    suspended: bool = False
    problem: bool = False

    def as_json(self) -> dict[str, Any]:
        """As the ledger's door gives it, with `additional` for what hangs on another key."""
        return {**dataclasses.asdict(self), "base": self.base or self.number, "additional": bool(self.parent)}


class Dialect(Protocol):
    """One vendor's protocol with his wares and what he has sold."""

    name: str

    def accepts(self, request: Request) -> bool:
        """Whether the request's path belongs to this vendor."""
        ...

    def read(self, request: Request) -> Call | Response:
        """Understand a request, or answer at once that it cannot be understood."""
        ...

    def answer(self, call: Call) -> Response:
        """Carry a call out and answer it."""
        ...

    def fault_names(self) -> Mapping[str, bool]:
        """The faults in the vendor's own words, and whether the call is carried out before."""
        ...

    def fault_answer(self, call: Call, fault: str) -> Response:
        """The answer of one of them."""
        ...

    def sales(self) -> list[Sale]:
        """All keys ever sold."""
        ...

    def mark(self, number: str, marks: Mapping[str, Any]) -> bool:
        """Mark a key as problem, terminated or expired; False where there is no such key."""
        ...

    def replay(self, change: Mapping[str, Any]) -> None:
        """Take over one change from the journal."""
        ...
