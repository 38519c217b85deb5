"""Licenses a second: the engine on PostgreSQL in two processes, and embedded on SQLite, beside a naive chain."""

from contextlib import AbstractContextManager
from statistics import median
from typing import Any

from bench.report import Section, Table, met, spread
from bench.site import POSTGRESQL, SQLITE, Site, Vendor

LATENCY_MS = 200.0
COLUMNS = (
    *("vendor", "naive, licenses/s", "ours, licenses/s", "ratio", "CPU a license: naive", "ours", "vendor's"),
    *("bar", ""),
)

_HOW = (
    f"Paid requests that are all due; each is bought, fetched, installed and proven. {LATENCY_MS:.0f} ms a call at the "
    "vendor. Ours: `celery -A pbas worker -Q engine -c 2 --pool prefork`, PostgreSQL with fsync and "
    "synchronous_commit; from the first claim to the last license done, by the database's clock. Naive: a chain of "
    "three Celery tasks on two prefork processes, each with its own HTTP session and database connection, row lock "
    "and save, without events, proof or leases; from the first purchase."
)
_VENDORS = (
    "The thin stub answers three calls a license over real HTTP and is no limit itself; the simulator is the "
    "product's own, speaks XML-RPC, two calls a license, with the plug-in for the Key Administrator, and takes its "
    "share of the two cores. With two calls the naive way waits a third less. Both install into a folder a "
    "subscription, in memory, so that no disk but the database's is measured."
)
_EMBEDDED = (
    "The same with the embedded mode's worker: Celery's worker and beat as threads of one process, SQLite with WAL and "
    "synchronous=FULL on the disk. Naive: the same chain on four threads of a Celery worker."
)


def on_postgresql(site: Site, *, quick: bool) -> Section:
    """Two prefork processes of one Celery worker."""
    results = [
        _compare(site, vendor, POSTGRESQL, calls, quick=quick, rate=800, ratio=250)
        for vendor, calls in ((site.stub(LATENCY_MS), 3), (site.simulator(LATENCY_MS), 2))
    ]
    return Section(
        "Engine on PostgreSQL, two processes",
        [
            _HOW,
            _VENDORS,
            Table(COLUMNS, [row for row, _ in results]),
        ],
        [miss for _, misses in results for miss in misses],
    )


def on_sqlite(site: Site, *, quick: bool) -> Section:
    """One process with threads."""
    results = [
        _compare(site, vendor, SQLITE, calls, quick=quick, rate=500, ratio=0)
        for vendor, calls in ((site.stub(LATENCY_MS), 3), (site.simulator(LATENCY_MS), 2))
    ]
    return Section(
        "Engine embedded, SQLite, one process",
        [
            _EMBEDDED,
            Table(COLUMNS, [row for row, _ in results]),
        ],
        [miss for _, misses in results for miss in misses],
    )


def _compare(
    site: Site,
    opened: AbstractContextManager[Vendor],
    database: str,
    calls: int,
    *,
    quick: bool,
    rate: float,
    ratio: float,
) -> tuple[tuple[str, ...], list[str]]:
    """One row of the table, and which bars it misses."""
    runs = 1 if quick else 3
    with opened as vendor:
        naive = [_naive(site, vendor, database, 24 if quick else 60) for _ in range(runs)]
        ours = [_ours(site, vendor, database, 2000 if quick else 6000) for _ in range(runs)]
    slow, fast = ([run["rate"] for run in several] for several in (naive, ours))
    times = median(fast) / median(slow)
    bar = f"≥ {rate:.0f}/s" + (f", ≥ {ratio:.0f} times" if ratio else "")
    is_met = median(fast) >= rate and times >= ratio
    cpu = [f"{median(run[name] for run in several):.2f} ms" for several, name in _processes(naive, ours)]
    name = f"{vendor.name}, {calls} calls"
    row = (name, spread(slow, 1), spread(fast), f"**{times:,.0f}**", *cpu, bar, met(is_met))
    misses = [] if is_met else [f"{database}, {name}: {median(fast):.0f}/s, {times:.0f} times; wanted {bar}"]
    return row, misses


def _processes(naive: list[dict[str, Any]], ours: list[dict[str, Any]]) -> list[tuple[list[dict[str, Any]], str]]:
    return [(naive, "worker_ms"), (ours, "worker_ms"), (ours, "vendor_ms")]


def _seed(site: Site, vendor: Vendor, database: str, number: int) -> dict[str, str]:
    environment = site.environment(database)
    place = str(site.fast_folder)
    site.ask(
        environment,
        "seeding",
        "make_requests",
        number=number,
        template=vendor.template,
        settings=vendor.settings,
        place=place,
        folders=place,
    )
    return environment


def _naive(site: Site, vendor: Vendor, database: str, number: int) -> dict[str, Any]:
    _seed(site, vendor, database, number)
    environment = site.naive_environment(database, vendor)
    pool = ("prefork", "2") if database == POSTGRESQL else ("threads", "4")
    with site.celery(environment, "bench.naive", "-Q", "naive", "--pool", pool[0], "-c", pool[1]) as worker:
        answer: dict[str, Any] = site.ask(environment, "watching", "chained", worker=worker)
    return answer


def _ours(site: Site, vendor: Vendor, database: str, number: int) -> dict[str, Any]:
    environment = _seed(site, vendor, database, number)
    answer: dict[str, Any]
    if database == SQLITE:
        return {**site.ask(environment, "watching", "embedded", vendor=vendor.pid)}
    with site.celery(environment, "pbas", "-Q", "engine", "-c", "2", "--pool", "prefork") as worker:
        answer = site.ask(environment, "watching", "drained", worker=worker, vendor=vendor.pid, drains=2)
    return answer
