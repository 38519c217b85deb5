"""The list pages at up to a million licenses: statements, plans and database time, beside the stock admin's list."""

from typing import Any

from bench.report import Section, Table, met
from bench.site import POSTGRESQL, SQLITE, Site

LICENSES = {POSTGRESQL: 1_000_000, SQLITE: 100_000}
MOST_STATEMENTS = 6
MOST_MS = 5.0  # database time of any one statement
COLUMNS = ("page", "statements", "database ms", "slowest ms", "scans of whole tables", "whole page ms", "bar", "")


def benchmark(site: Site, *, quick: bool) -> Section:
    """Both databases."""
    numbers = {database: number // 10 if quick else number for database, number in LICENSES.items()}
    rows = " and ".join(f"{number:,} licenses on {database}" for database, number in numbers.items())
    text = (
        f"{rows}, each with a request, four a subscription, over 20 plug-in configurations, seen by one signed in. "
        "Each statement's time is the database's own, planning included, the page's is that of Django's test client; "
        "medians of 7. A scan counts if the plan reads a table of more than 1,000 rows from end to end. "
        "The back office's list of the same rows stands beside."
    )
    parts: list[str | Table] = [text]
    misses: list[str] = []
    for database in (POSTGRESQL, SQLITE):
        pages = site.ask(site.environment(database), "lists", "measure", number=numbers[database])
        naive = next(page for page in reversed(pages) if page["naive"])
        parts += [f"### {database}", Table(COLUMNS, [_row(page) for page in pages]), _ratio(pages, naive)]
        misses += [f"{database}: {page['name']}" for page in pages if not page["naive"] and not _is_met(page)]
    return Section("List pages", parts, misses)


def _is_met(page: dict[str, Any]) -> bool:
    return page["statements"] <= MOST_STATEMENTS and page["slowest"] <= MOST_MS and not page["scans"]


def _row(page: dict[str, Any]) -> tuple[str, ...]:
    scans = ", ".join(page["scans"]) or "none"
    figures = (
        str(page["statements"]),
        f"{page['database']:.2f}",
        f"{page['slowest']:.2f}",
        scans,
        f"{page['page']:.1f}",
    )
    if page["naive"]:
        return (page["name"], *figures, "", "")
    bar = f"≤ {MOST_STATEMENTS} statements, each ≤ {MOST_MS:.0f} ms, no scan"
    return (page["name"], *figures, bar, met(_is_met(page)))


def _ratio(pages: list[dict[str, Any]], naive: dict[str, Any]) -> str:
    ours = next(page for page in pages if page["name"] == naive["naive"])
    return (
        f"The admin's list of one tab costs {naive['database'] / ours['database']:.1f} times the database time and "
        f"{naive['page'] / ours['page']:.1f} times the whole time of our page."
    )
