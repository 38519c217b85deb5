"""What a plug-in's call costs of our own processor time, beside a bare client that sends the same bytes."""

from bench.report import Section, Table, met
from bench.site import SQLITE, Site

AT_ONCE = 100
BAR_MS = 0.5

_TEXT = (
    f"Processor time a call with {AT_ONCE} in flight, against the simulator in a process of its own: the plug-in's "
    "verb over the panel's HTTP client (limits, address guard, one send), and a bare aiohttp session that sends the "
    "very same request and reads the answer without looking into it. The difference is the panel's client and the "
    "plug-in's own work, writing and reading the vendor's format included. Least of several alternating runs."
)


def benchmark(site: Site, *, quick: bool) -> Section:
    """The vendors' two kinds of wire: XML-RPC and JSON."""
    rows, misses = [], []
    with site.simulator(0.0) as vendor:
        answers = site.ask(
            site.environment(SQLITE), "calls", "measure", place=vendor.settings, at_once=AT_ONCE, runs=3 if quick else 9
        )
    for name, bare, ours in answers:
        extra = ours - bare
        is_met = extra <= BAR_MS
        rows.append((name, f"{bare:.3f}", f"{ours:.3f}", f"**{extra:.3f}**", f"≤ {BAR_MS}", met(is_met)))
        if not is_met:
            misses.append(f"{name}: {extra:.2f} ms of our own a call, wanted at most {BAR_MS}")
    columns = ("call", "bare client, ms", "plug-in, ms", "our own, ms", "bar", "")
    return Section("A plug-in's call", [_TEXT, Table(columns, rows)], misses)
