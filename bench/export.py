"""A million licenses as CSV: seconds, the first row, memory; beside all rows as objects in one text."""

from typing import Any

from bench.report import Section, Table, met, spread
from bench.site import POSTGRESQL, Site

LICENSES, QUICK_LICENSES = 1_000_000, 100_000
MOST_SECONDS, MOST_FIRST_MS, MOST_MB = 3.0, 100.0, 50.0  # of LICENSES
COLUMNS = ("way", "seconds", "first row ms", "MB above the start", "MB sent", "bar", "")


def benchmark(site: Site, *, quick: bool) -> Section:
    """On PostgreSQL."""
    number = QUICK_LICENSES if quick else LICENSES
    found = site.ask(site.environment(POSTGRESQL), "export", "measure", number=number, runs=3)
    ours, naive = found["ours"], found["naive"]
    most_seconds = MOST_SECONDS * number / LICENSES
    fits = {
        "seconds": _middle(ours, "seconds") <= most_seconds,
        "first row": _middle(ours, "first") * 1000 <= MOST_FIRST_MS,
        "memory": max(one["memory"] for one in ours) <= MOST_MB,
    }
    bar = f"≤ {most_seconds:g} s, ≤ {MOST_FIRST_MS:.0f} ms, ≤ {MOST_MB:.0f} MB"
    text = (
        f"{number:,} licenses with class, subscription, account, state and two dates, by the page of the list's export "
        "on PostgreSQL: the whole way through Django's test client, signed in. The naive way makes an object of each "
        "row and one text of all."
    )
    rows = [("all rows as objects, one text", *_row([naive]), "", ""), ("ours", *_row(ours), bar, met(*fits.values()))]
    times = naive["seconds"] / _middle(ours, "seconds")
    ratio = f"The naive way takes {times:.1f} times as long and {naive['memory']:,.0f} MB."
    return Section(
        "Export", [text, Table(COLUMNS, rows), ratio], [f"export: {name}" for name in fits if not fits[name]]
    )


def _row(found: list[dict[str, Any]]) -> tuple[str, ...]:
    return (
        spread([one["seconds"] for one in found], 2),
        spread([one["first"] * 1000 for one in found]),
        spread([one["memory"] for one in found]),
        f"{found[0]['size']:.0f}",
    )


def _middle(found: list[dict[str, Any]], name: str) -> float:
    return float(sorted(one[name] for one in found)[len(found) // 2])
