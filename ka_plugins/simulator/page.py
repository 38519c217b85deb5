"""The simulator's own page, for a browser: what was sold, which faults wait, and how to order one."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Final

from ka_plugins.simulator.faults import FAULTS
from ka_plugins.simulator.messages import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ka_plugins.simulator.dialect import Dialect, Sale
    from ka_plugins.simulator.faults import Faults
    from ka_plugins.simulator.world import World

MOMENT: Final = re.compile(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(?:\+00:00|Z)$")
SHOWN: Final = 200  # sales; the ledger at its own door has them all
COLUMNS: Final = ("vendor", "number", "type", "time", "expires", "parent")
MARKS: Final = ("terminated", "suspended", "problem")
HEAD: Final = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Simulated key server</title><link rel="icon" href="data:,"><style>
:root { --page: #f5f6f8; --sheet: #fff; --ink: #182433; --soft: #5a6575; --line: #dfe3e8;
  --mark: #fff3c4; --warm: #8a5a00 }
@media (prefers-color-scheme: dark) { :root { --page: #0d1017; --sheet: #161a22; --ink: #e4e7ec; --soft: #9aa4b2;
  --line: #2a303b; --mark: #3a2f0b; --warm: #f0c674 } }
body { background: var(--page); color: var(--ink); font: 14px/1.5 system-ui, sans-serif; margin: 0 auto;
  max-width: 75rem; padding: 1.5rem 1rem }
h1 { font-size: 1.4rem; margin: 0 0 .5rem } h2 { font-size: 1rem; margin: 0; padding: .8rem 1rem }
.mark { background: var(--mark); border-radius: 6px; color: var(--warm); font-weight: 600; padding: .3rem .6rem }
.soft, .empty { color: var(--soft) } .empty, .sheet > p { margin: 0; padding: 0 1rem .8rem }
.sheet { background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; margin: 1rem 0 }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { border-top: 1px solid var(--line); padding: .4rem 1rem; text-align: left; white-space: nowrap }
th { color: var(--soft); font-weight: 500 } code, pre { font: 13px/1.5 ui-monospace, monospace }
pre { margin: 0 1rem 1rem; overflow-wrap: anywhere; white-space: pre-wrap }
</style></head><body>
<h1>Simulated key server</h1>
<p><span class="mark">Nothing here is a real license.</span>
This program plays vendors for tests and demonstrations.</p>
"""


def wanted(request: Request) -> bool:
    """Whether a browser asks for the page: vendors' clients never accept HTML at the root."""
    accepts_html = "text/html" in request.headers.get("accept", "").lower()
    return request.method == "GET" and request.path == "/" and accepts_html


def page(request: Request, world: World, faults: Faults, dialects: Sequence[Dialect]) -> Response:
    """The page as it is now."""
    sales = [sale for dialect in dialects for sale in dialect.sales()]
    newest = sorted(sales, key=lambda sale: sale.time, reverse=True)[:SHOWN]
    waiting = ((one.method, one.name, one.times, f"{one.seconds:g}") for one in faults.waiting)
    newest_only = f", the newest {SHOWN} of them" if len(sales) > SHOWN else ""
    parts = [
        HEAD,
        f'<p class="soft">Its clock says {world.clock.now():%Y-%m-%d %H:%M:%S} UTC.</p>',
        _sheet(
            f"Sold: {len(sales)}{newest_only}",
            _table((*COLUMNS, "state"), map(_sale, newest), "Nothing was sold yet."),
        ),
        _sheet("Faults that wait", _table(("method", "fault", "times", "seconds"), waiting, "None.")),
        _order(request, dialects),
        _sheet("Calls", _table(("method", "calls"), sorted(world.calls.items()), "Nobody called yet.")),
    ]
    return Response("\n".join([*parts, "</body></html>\n"]).encode(), content_type="text/html; charset=utf-8")


def _sale(sale: Sale) -> list[str]:
    marks = ", ".join(mark for mark in MARKS if getattr(sale, mark))
    return [*(_moment(getattr(sale, column)) for column in COLUMNS), marks or "active"]


def _moment(text: str) -> str:
    """A time as the clock above is written; anything else as it is."""
    return MOMENT.sub(r"\1 \2", text)


def _sheet(heading: str, body: str) -> str:
    return f'<section class="sheet"><h2>{heading}</h2>{body}</section>'


def _table(columns: Iterable[str], rows: Iterable[Iterable[object]], otherwise: str) -> str:
    lines = ["<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows]
    if not lines:
        return f'<p class="empty">{otherwise}</p>'
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    opened = f'<div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>'
    return "\n".join([opened, *lines, "</tbody></table></div>"])


def _order(request: Request, dialects: Sequence[Dialect]) -> str:
    """How to order a fault, as a command that can be copied: the address is the one that the browser used."""
    here = escape(f"http://{request.headers.get('host', 'HOST:PORT')}/_simulator", quote=False)
    known = sorted(set(FAULTS).union(*(dialect.fault_names() for dialect in dialects)))
    return _sheet(
        "Order a fault",
        "<p>The next calls of a method fail; <code>*</code> is any method.</p>"
        f'<pre>curl -X POST {here}/faults -d \'{{"method": "*", "fault": "429", "times": 1, "seconds": 5}}\'\n'
        f"curl -X DELETE {here}/faults\ncurl {here}/ledger</pre>"
        f"<p>Faults: {escape(', '.join(known))}.</p>",
    )
