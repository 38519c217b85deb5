"""What a vendor's dialect has to offer so that the simulator can mount it."""

from __future__ import annotations

from dataclasses import dataclass
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

    def sales(self) -> list[dict[str, Any]]:
        """All keys ever sold, as JSON."""
        ...

    def mark(self, number: str, marks: Mapping[str, Any]) -> bool:
        """Mark a key as problem, terminated or expired; False where there is no such key."""
        ...

    def replay(self, change: Mapping[str, Any]) -> None:
        """Take over one change from the journal."""
        ...
