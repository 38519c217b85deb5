"""The simulator's own door, `/_simulator/`: the ledger, the clock, the latency, faults and marks, all as JSON."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from ka_plugins.simulator.faults import FAULTS, Fault, Faults
from ka_plugins.simulator.messages import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ka_plugins.simulator.dialect import Dialect
    from ka_plugins.simulator.world import World

MARKS: Final = {"problem", "terminated", "expired"}


class _UnusableError(ValueError):
    """The order to the simulator makes no sense; the text says why."""


class Control:
    """Answers the control requests."""

    def __init__(self, world: World, faults: Faults, dialects: Sequence[Dialect]) -> None:
        self._world, self._faults, self._dialects = world, faults, dialects
        self._doors: Mapping[tuple[str, str], Callable[[dict[str, Any]], object]] = {
            ("GET", "ledger"): self._ledger,
            ("GET", "clock"): self._clock,
            ("POST", "clock"): self._move_clock,
            ("GET", "faults"): self._waiting,
            ("POST", "faults"): self._order,
            ("DELETE", "faults"): self._clear,
            ("GET", "latency"): self._latency,
            ("POST", "latency"): self._set_latency,
            ("POST", "keys"): self._mark,
        }

    def answer(self, request: Request) -> Response:
        """The answer as JSON; 400 with `error` for an order that makes no sense."""
        door = self._doors.get((request.method, request.path.removeprefix("/_simulator/").strip("/")))
        if door is None:
            known = sorted(f"{method} /_simulator/{name}" for method, name in self._doors)
            return _json({"error": "no such door", "doors": known}, 404)
        try:
            order = json.loads(request.body or b"{}")
            if not isinstance(order, dict):
                return _json({"error": "a JSON object is needed"}, 400)
            return _json(door(order))
        except (ValueError, TypeError, OverflowError) as error:
            return _json({"error": str(error)}, 400)

    def _ledger(self, _order: dict[str, Any]) -> object:
        sales = [sale.as_json() for dialect in self._dialects for sale in dialect.sales()]
        return {"simulated": True, **_now(self._world), "calls": dict(self._world.calls), "sales": sales}

    def _clock(self, _order: dict[str, Any]) -> object:
        return _now(self._world)

    def _move_clock(self, order: dict[str, Any]) -> object:
        if not {"advance_days", "advance_seconds"} & order.keys():
            raise _UnusableError("needs advance_days or advance_seconds")
        ahead = timedelta(
            days=float(order.get("advance_days", 0)),
            seconds=float(order.get("advance_seconds", 0)),
        )
        if ahead < timedelta():
            raise _UnusableError("the clock goes forward only")
        self._world.move_clock(ahead)
        return _now(self._world)

    def _waiting(self, _order: dict[str, Any]) -> object:
        return {
            "waiting": [
                {"method": one.method, "fault": one.name, "times": one.times, "seconds": one.seconds}
                for one in self._faults.waiting
            ],
            "known": sorted(self._known()),
        }

    def _known(self) -> set[str]:
        return set(FAULTS).union(*(dialect.fault_names() for dialect in self._dialects))

    def _order(self, order: dict[str, Any]) -> object:
        name = str(order.get("fault", ""))
        if name not in self._known():
            raise _UnusableError(f"unknown fault {name!r}; known: {', '.join(sorted(self._known()))}")
        times, seconds = int(order.get("times", 1)), float(order.get("seconds", 1))
        if times < 1 or seconds < 0:
            raise _UnusableError("times is at least 1, seconds at least 0")
        self._faults.waiting.append(Fault(str(order.get("method", "*")), name, times, seconds))
        return self._waiting({})

    def _clear(self, _order: dict[str, Any]) -> object:
        self._faults.waiting.clear()
        return self._waiting({})

    def _latency(self, _order: dict[str, Any]) -> object:
        return {"milliseconds": round(self._world.latency * 1000, 3)}

    def _set_latency(self, order: dict[str, Any]) -> object:
        milliseconds = float(order["milliseconds"]) if "milliseconds" in order else -1.0
        if milliseconds < 0:
            raise _UnusableError("milliseconds is a number from 0")
        self._world.latency = milliseconds / 1000
        return self._latency({})

    def _mark(self, order: dict[str, Any]) -> object:
        marks = {name: bool(order[name]) for name in MARKS if name in order}
        number = str(order.get("number", ""))
        if not marks or not any(dialect.mark(number, marks) for dialect in self._dialects):
            raise _UnusableError(f"needs the number of a sold key and at least one of {', '.join(sorted(MARKS))}")
        return {"number": number, **marks}


def _now(world: World) -> dict[str, Any]:
    return {"now": world.clock.now().isoformat(), "advanced_days": world.clock.ahead.total_seconds() / 86400}


def _json(content: object, status: int = 200) -> Response:
    return Response(json.dumps(content, indent=1).encode() + b"\n", status, "application/json")
