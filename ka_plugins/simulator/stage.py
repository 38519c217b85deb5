"""Where a request meets its dialect, the latency and the faults."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ka_plugins.simulator import faults
from ka_plugins.simulator.control import Control
from ka_plugins.simulator.messages import Cut, Request, Response
from ka_plugins.simulator.page import page, wanted

if TYPE_CHECKING:
    from ka_plugins.simulator.dialect import Call, Dialect
    from ka_plugins.simulator.world import World

Send = Callable[[Response | Cut], None]


class Stage:
    """Serves all requests of one simulator."""

    def __init__(self, world: World, dialects: Sequence[Dialect]) -> None:
        self._world, self._dialects = world, dialects
        self._faults = faults.Faults()
        self._control = Control(world, self._faults, dialects)

    def restore(self) -> None:
        """Take over what the journal knows, then go on writing it."""
        by_name = {dialect.name: dialect for dialect in self._dialects}
        for change in self._world.journal.read():
            if not self._world.replay(change) and (dialect := by_name.get(change.get("dialect", ""))):
                dialect.replay(change)
        self._world.journal.start()

    def serve(self, request: Request, send: Send) -> None:
        """Answer one request, now or after the latency."""
        if request.path.startswith("/_simulator/"):
            send(self._control.answer(request))
            return
        if wanted(request):
            send(page(request, self._world, self._faults, self._dialects))
            return
        for dialect in self._dialects:
            if dialect.accepts(request):
                self._play(dialect, request, send)
                return
        send(Response(b"no key server here\n", 404, "text/plain"))

    def _play(self, dialect: Dialect, request: Request, send: Send) -> None:
        call = dialect.read(request)
        if isinstance(call, Response):
            send(call)
            return
        self._world.count(call.method)
        fault = self._faults.take(call.method)
        if fault is None:
            _after(self._world.latency, send, dialect.answer(call))
        elif fault.name == "late_sale":
            asyncio.get_running_loop().call_later(fault.seconds, lambda: send(dialect.answer(call)))
        else:
            wait = fault.seconds if fault.name == "late" else 0.0
            _after(self._world.latency + wait, send, self._failed(dialect, call, fault))

    def _failed(self, dialect: Dialect, call: Call, fault: faults.Fault) -> Response | Cut:
        own = dialect.fault_names()
        carried_out = own[fault.name] if fault.name in own else faults.FAULTS[fault.name]
        answer = dialect.answer(call) if carried_out else None
        if fault.name in own:
            return dialect.fault_answer(call, fault.name)
        return faults.instead(fault) if answer is None else faults.spoil(fault, answer)


def _after(seconds: float, send: Send, answer: Response | Cut) -> None:
    if seconds > 0:
        asyncio.get_running_loop().call_later(seconds, send, answer)
    else:
        send(answer)
