"""A lonely request: what the panel adds to the time that its vendor takes."""

from bench.report import Section, Table, met, percentile
from bench.site import POSTGRESQL, SQLITE, Site, Vendor

LATENCY_MS = 50.0
CALLS = 3
BAR_MS = 30.0
NUMBER = 30


def benchmark(site: Site, *, quick: bool) -> Section:
    """One request after the other."""
    number = 1 + (8 if quick else NUMBER)  # the first is left out
    ways = {
        "ours, PostgreSQL, a lingering worker woken by NOTIFY": _by_notify,
        "ours, embedded with SQLite, woken in its process": _embedded,
        "naive chain, PostgreSQL, prefork 2": _naive_on_postgresql,
        "naive chain, SQLite, threads 4": _naive_on_sqlite,
    }
    with site.stub(LATENCY_MS) as vendor:
        added = {
            name: [1000 * one - CALLS * LATENCY_MS for one in way(site, vendor, number)] for name, way in ways.items()
        }
    rows, misses = [], []
    for name, values in added.items():
        middle, worst = percentile(values, 0.5), percentile(values, 0.95)
        is_ours = name.startswith("ours")
        row = (name, f"**{middle:.1f}**", f"{worst:.1f}", f"{max(values):.1f}")
        rows.append((*row, *((f"p50 ≤ {BAR_MS:.0f}", met(middle <= BAR_MS)) if is_ours else ("", ""))))
        if is_ours and middle > BAR_MS:
            misses.append(f"{name}: adds {middle:.1f} ms, wanted at most {BAR_MS:.0f}")
    return Section("A lonely request", [_TEXT, Table(("way", "p50 ms", "p95 ms", "most ms", "bar", ""), rows)], misses)


_TEXT = (
    f"What the panel adds to the vendor's {CALLS} calls of {LATENCY_MS:.0f} ms (thin stub), {NUMBER} requests one "
    "after the other. Ours: the hosting service is reported ready; from just before that commit until the license "
    "shows as installed and proven, which a reader looks for every 2 ms. Naive: from sending the chain. The first "
    "request of each way finds everything cold and is left out."
)


def _seed(site: Site, vendor: Vendor, database: str, number: int, *, waits: bool) -> None:
    place = str(site.fast_folder)
    arguments = {"number": number, "template": vendor.template, "settings": vendor.settings, "waits": waits}
    site.ask(site.environment(database), "seeding", "make_requests", **arguments, place=place, folders=place)


def _by_notify(site: Site, vendor: Vendor, number: int) -> list[float]:
    _seed(site, vendor, POSTGRESQL, number, waits=True)
    environment = site.environment(POSTGRESQL)
    with site.celery(environment, "pbas", "-Q", "engine", "-c", "1", "--pool", "prefork"):
        taken: list[float] = site.ask(environment, "lonely", "by_notify", place=str(site.fast_folder))
    return taken


def _embedded(site: Site, vendor: Vendor, number: int) -> list[float]:
    _seed(site, vendor, SQLITE, number, waits=True)
    taken: list[float] = site.ask(site.environment(SQLITE), "lonely", "embedded", place=str(site.fast_folder))
    return taken


def _naive_on_postgresql(site: Site, vendor: Vendor, number: int) -> list[float]:
    return _naive(site, vendor, number, POSTGRESQL, "prefork", "2")


def _naive_on_sqlite(site: Site, vendor: Vendor, number: int) -> list[float]:
    return _naive(site, vendor, number, SQLITE, "threads", "4")


def _naive(site: Site, vendor: Vendor, number: int, database: str, pool: str, slots: str) -> list[float]:
    _seed(site, vendor, database, number, waits=False)
    environment = site.naive_environment(database, vendor)
    with site.celery(environment, "bench.naive", "-Q", "naive", "--pool", pool, "-c", slots):
        taken: list[float] = site.ask(environment, "lonely", "chained")
    return taken
