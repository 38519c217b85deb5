"""Reconciling a hundred thousand keys against a vendor's list: time and memory, beside one key after the other."""

import sys
from typing import Any

from bench.report import Section, Table, met
from bench.services import ROOT, running, wait_for
from bench.site import POSTGRESQL, SQLITE, Site, listens
from tests.services import free_port

KEYS = 100_000
MOST_SECONDS = 60.0
MOST_MB = 200.0

_TEXT = (
    "A whole round of one configuration: the plug-in `http_issuer` reads the list in pages of 200 over HTTP, each "
    "batch is compared with ours and kept, then what is missing is found. Of each 1,000 keys one is ours and not the "
    "vendor's, one his and not ours, one different. The vendor is a thin issuer in a process of its own. Memory is "
    "the most that the process held, Django and all. The naive way beside it looks up, compares and saves one key "
    "after the other, measured with 2,000 of them and without the vendor's part."
)


def benchmark(site: Site, *, quick: bool) -> Section:
    """Both databases."""
    keys = KEYS // 10 if quick else KEYS
    rows, misses = [], []
    port = free_port()
    command = [sys.executable, "-m", "bench.issuer", "--port", port, "--keys", keys]
    with running(command, site.folder / "issuer.log", cwd=ROOT) as vendor:
        wait_for(lambda: listens(port), "The issuer does not start")
        settings = {"client": "bench", "scheme": "http", "host": "127.0.0.1", "port": port, "base_path": "/issuer/v1"}
        for database in (POSTGRESQL, SQLITE):
            environment = site.environment(database)
            site.ask(environment, "reconciling", "seed", settings=settings, keys=keys)
            found = site.ask(environment, "reconciling", "measure", vendor=vendor.pid)
            naive = site.ask(environment, "reconciling", "naive") * keys
            is_met = found["seconds"] <= MOST_SECONDS and found["peak"] <= MOST_MB
            rows.append(_row(database, found, naive, met(is_met)))
            if not is_met:
                misses.append(f"{database}: {found['seconds']:.0f} s and {found['peak']:.0f} MB for {keys:,} keys")
    columns = (
        "database",
        "keys",
        "found",
        "naive, s",
        "ours, s",
        "of it the vendor's, s",
        "most memory, MB",
        "bar",
        "",
    )
    return Section("Reconciliation", [_TEXT, Table(columns, rows)], misses)


def _row(database: str, found: dict[str, Any], naive: float, is_met: str) -> tuple[str, ...]:
    kinds = ", ".join(f"{n} {kind}" for kind, n in found["found"].items() if n)
    return (
        *(database, f"{found['compared']:,}", kinds, f"{naive:.0f}", f"**{found['seconds']:.1f}**"),
        *(f"{found['vendor']:.1f}", f"**{found['peak']:.0f}** (at the start {found['before']:.0f})"),
        *(f"≤ {MOST_SECONDS:.0f} s, ≤ {MOST_MB:.0f} MB", is_met),
    )
