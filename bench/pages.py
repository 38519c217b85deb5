"""Whole pages of the lists over HTTP, by gunicorn with all middleware, at ten thousand and at a million licenses."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.report import Section, Table, met, percentile
from bench.services import ROOT, running, wait_for
from bench.site import POSTGRESQL, Site, listens
from bench.visitors import Visits, visit
from tests.services import free_port

NUMBERS = (10_000, 1_000_000)
WORKERS = 2
PAGES = 400
MOST_P50, MOST_P99, LEAST_A_SECOND = 10.0, 30.0, 200.0
TIMES = {"stock admin": ("licenses of a tab", 20), "stock admin, middle": ("licenses of a tab, middle", 40)}
FLAT = 1.25  # how much longer a page may take with a hundred times as many rows
COLUMNS = ("page", "p50 ms", "p99 ms", "pages/s", "CPU ms a page", "bytes", "bar", "")

Found = dict[str, Visits]


def benchmark(site: Site, *, quick: bool) -> Section:
    """On PostgreSQL, the cache in Redis."""
    environment = {**site.environment(POSTGRESQL), "CACHE_URL": site.broker}
    numbers = (1000, 20_000) if quick else NUMBERS
    found = {number: _measured(site, environment, number, PAGES // 4 if quick else PAGES) for number in numbers}
    parts: list[str | Table] = [_TEXT]
    misses: list[str] = []
    for number, pages in found.items():
        parts += [f"### {number:,} licenses", Table(COLUMNS, [_row(name, pages[name]) for name in pages])]
        misses += [f"{number:,}, {name}" for name, one in pages.items() if name not in TIMES and not _is_met(one)]
    most = found[numbers[-1]]
    for naive, (name, times) in TIMES.items():
        ratio = sum(most[naive].seconds) / len(most[naive].seconds) * len(most[name].seconds) / sum(most[name].seconds)
        cpu = _cpu(most[naive]) / _cpu(most[name])
        parts.append(
            f"At {numbers[-1]:,} the {naive} takes {ratio:.1f} times as long as ours and {cpu:.1f} times the server's "
            f"processor; wanted at least {times} times as long: {met(ratio >= times)}."
        )
        misses += [] if ratio >= times else [f"{naive}: {ratio:.1f} times"]
    grown = {name: _p50(most[name]) / _p50(found[numbers[0]][name]) for name in most if name not in TIMES}
    worst = max(grown, key=lambda name: grown[name])
    parts.append(
        f"From {numbers[0]:,} to {numbers[-1]:,} licenses the p50 of a page changes by {min(grown.values()):.2f} to "
        f"{grown[worst]:.2f} times (most: {worst}); wanted at most {FLAT}: {met(grown[worst] <= FLAT)}."
    )
    misses += [] if grown[worst] <= FLAT else [f"{worst}: {grown[worst]:.2f} times as long with more rows"]
    return Section("Pages over HTTP", parts, misses)


_TEXT = (
    f"gunicorn with {WORKERS} sync workers and all middleware, packed pages of 50 rows, PostgreSQL, cache in Redis; "
    f"a signed-in person, one connection a worker, {PAGES} pages each (the admin's fewer). Licenses have a request "
    "each, four a subscription, over 20 plug-in configurations; keys and expiries are scattered. Client, server, "
    "database and cache share the cores. CPU is the workers' own, user and system. The naive way is Django's admin "
    "as people write it: the same columns, filters and rows, related rows joined."
)


def _measured(site: Site, environment: dict[str, str], number: int, pages: int) -> Found:
    site.ask(environment, "list_seeding", "make_lists", number=number)
    cookie = site.ask(environment, "visiting", "sign_in")
    addresses: dict[str, Any] = site.ask(environment, "visiting", "addresses", number=number)
    with _serving(site, environment) as (port, servers):
        return {
            name: visit(
                *(port, address, cookie),
                visitors=WORKERS,
                pages=pages // 10 if name in TIMES else pages,
                servers=servers,
            )
            for name, address in addresses.items()
        }


@contextmanager
def _serving(site: Site, environment: dict[str, str]) -> Iterator[tuple[int, list[int]]]:
    """Gunicorn's port, and its workers."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-w", WORKERS, "-b", f"127.0.0.1:{port}", "--log-level", "error"]
    command += ["--no-control-socket", "bench.inside.served:application"]
    with running(command, site.folder / "gunicorn.log", cwd=ROOT, env=environment) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        wait_for(lambda: listens(port) and len(children.read_text().split()) == WORKERS, "gunicorn does not start")
        yield port, [int(one) for one in children.read_text().split()]


def _row(name: str, one: Visits) -> tuple[str, ...]:
    figures = (f"**{_p50(one):.1f}**", f"{_p99(one):.1f}", f"{_rate(one):.0f}", f"{_cpu(one):.1f}", f"{one.size:,}")
    if name in TIMES:
        return (name, *figures, "", "")
    return (name, *figures, f"≤ {MOST_P50:.0f}, ≤ {MOST_P99:.0f}, ≥ {LEAST_A_SECOND:.0f}", met(_is_met(one)))


def _is_met(one: Visits) -> bool:
    return _p50(one) <= MOST_P50 and _p99(one) <= MOST_P99 and _rate(one) >= LEAST_A_SECOND


def _p50(one: Visits) -> float:
    return 1000 * percentile(one.seconds, 0.5)


def _p99(one: Visits) -> float:
    return 1000 * percentile(one.seconds, 0.99)


def _rate(one: Visits) -> float:
    return len(one.seconds) / one.took


def _cpu(one: Visits) -> float:
    return 1000 * one.busy / len(one.seconds)
