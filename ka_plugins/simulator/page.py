"""The simulator's own page, for a browser: what was sold, which faults wait, and how to order one."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from ka_plugins.simulator.faults import FAULTS
from ka_plugins.simulator.messages import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ka_plugins.simulator.dialect import Dialect, Sale
    from ka_plugins.simulator.faults import Faults
    from ka_plugins.simulator.world import World

SHOWN: Final = 200  # sales; the ledger at its own door has them all
COLUMNS: Final = ("vendor", "number", "type", "time", "expires", "parent")
MARKS: Final = ("terminated", "suspended", "problem")
HEAD: Final = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Simulated key server</title><style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #1f2933 }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .3rem .8rem .3rem 0 }
th, td { border-bottom: 1px solid #d8dee4 } pre, td { overflow-wrap: anywhere; white-space: pre-wrap }
strong { background: #fff3c4; padding: .2rem .5rem }
</style></head><body>
<h1>Simulated key server</h1>
<p><strong>Nothing here is a real license.</strong> This program plays vendors for tests and demonstrations.</p>
"""


def wanted(request: Request) -> bool:
    """Whether a browser asks for the page: vendors' clients never accept HTML at the root."""
    accepts_html = "text/html" in request.headers.get("accept", "").lower()
    return request.method == "GET" and request.path == "/" and accepts_html


def page(request: Request, world: World, faults: Faults, dialects: Sequence[Dialect]) -> Response:
    """The page as it is now."""
    sales = [sale for dialect in dialects for sale in dialect.sales()]
    newest = sorted(sales, key=lambda sale: sale.time, reverse=True)[:SHOWN]
    parts = [HEAD, f"<p>Its clock says {world.clock.now():%Y-%m-%d %H:%M:%S} UTC.</p>"]
    parts += [f"<h2>Sold: {len(sales)}</h2>", _table((*COLUMNS, "state"), map(_sale, newest), "Nothing was sold yet.")]
    if len(sales) > SHOWN:
        parts.append(f"<p>These are the newest {SHOWN}.</p>")
    waiting = ((one.method, one.name, one.times, f"{one.seconds:g}") for one in faults.waiting)
    parts += ["<h2>Faults that wait</h2>", _table(("method", "fault", "times", "seconds"), waiting, "None.")]
    calls = sorted(world.calls.items())
    parts += ["<h2>Calls</h2>", _table(("method", "calls"), calls, "Nobody called yet."), _order(request, dialects)]
    return Response("\n".join([*parts, "</body></html>\n"]).encode(), content_type="text/html; charset=utf-8")


def _sale(sale: Sale) -> list[str]:
    marks = ", ".join(mark for mark in MARKS if getattr(sale, mark))
    return [*(getattr(sale, column) for column in COLUMNS), marks or "active"]


def _table(columns: Iterable[str], rows: Iterable[Iterable[object]], otherwise: str) -> str:
    lines = ["<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows]
    if not lines:
        return f"<p>{otherwise}</p>"
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    return "\n".join([f"<table><thead><tr>{head}</tr></thead><tbody>", *lines, "</tbody></table>"])


def _order(request: Request, dialects: Sequence[Dialect]) -> str:
    """How to order a fault, as a command that can be copied: the address is the one that the browser used."""
    here = escape(f"http://{request.headers.get('host', 'HOST:PORT')}/_simulator", quote=False)
    known = sorted(set(FAULTS).union(*(dialect.fault_names() for dialect in dialects)))
    return (
        "<h2>Order a fault</h2><p>The next calls of a method fail; <code>*</code> is any method.</p>"
        f'<pre>curl -X POST {here}/faults -d \'{{"method": "*", "fault": "429", "times": 1, "seconds": 5}}\'\n'
        f"curl -X DELETE {here}/faults\ncurl {here}/ledger</pre>"
        f"<p>Faults: {escape(', '.join(known))}.</p>"
    )
