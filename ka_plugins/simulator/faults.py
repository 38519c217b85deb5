"""Faults on request: which call fails next, how, how often, and whether it was carried out before it failed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ka_plugins.simulator.messages import Cut, Response

if TYPE_CHECKING:
    from collections.abc import Callable

HUGE: Final = 50 * 1024 * 1024  # bytes
PAGE: Final = (
    b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
)
# Fault and whether the call is carried out. Those with `seconds`: late, late_sale, 429 and 503.
FAULTS: Final[dict[str, bool]] = {
    "drop_before": False,
    "drop_after": True,
    "late": True,  # carried out at once, answered late
    "late_sale": True,  # carried out late, even when the caller has gone
    "500_before": False,
    "500_after": True,
    "html_502": False,
    "html_502_after": True,
    "429": False,
    "503": False,
    "half_body": True,
    "garbage": True,
    "huge_body": True,
}


@dataclass(slots=True)
class Fault:
    """One order for a fault: `method` "*" means any."""

    method: str
    name: str
    times: int = 1
    seconds: float = 1.0


class Faults:
    """The faults that are still to be played, in the order they were asked for."""

    def __init__(self) -> None:
        self.waiting: deque[Fault] = deque()

    def take(self, method: str) -> Fault | None:
        """The fault for this call, used up by one; None for a call that goes well."""
        for fault in self.waiting:
            if fault.method in {method, "*"}:
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                return fault
        return None


def instead(fault: Fault) -> Response | Cut:
    """What the caller gets of a call that was not carried out."""
    if fault.name == "drop_before":
        return Cut()
    if fault.name == "html_502":
        return Response(PAGE, 502, "text/html")
    if fault.name in {"429", "503"}:
        return Response(b"", int(fault.name), "text/plain", (f"Retry-After: {fault.seconds:g}",))
    return Response(b"", 500, "text/plain")


def spoil(fault: Fault, answer: Response) -> Response | Cut:
    """What the caller gets of a call that was carried out."""
    body = answer.body
    spoilt: dict[str, Callable[[], Response | Cut]] = {
        "drop_after": Cut,
        "500_after": lambda: Response(b"", 500, "text/plain"),
        "html_502_after": lambda: Response(PAGE, 502, "text/html"),
        "half_body": lambda: replace(answer, cut_at=len(body) // 2),
        "garbage": lambda: replace(answer, body=body[: len(body) // 2]),
        "huge_body": lambda: replace(answer, body=body + b" " * HUGE, endless=True),
    }
    return spoilt.get(fault.name, lambda: answer)()
