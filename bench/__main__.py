"""The benchmarks by name, and the page that they write."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench import calls, engine, export, lists, lonely, pages, reconcile, report
from bench.services import ROOT, others_share
from bench.site import Site, prepared

Benchmark = Callable[..., report.Section]
BENCHMARKS: dict[str, Benchmark] = {
    "engine": engine.on_postgresql,
    "embedded": engine.on_sqlite,
    "lonely": lonely.benchmark,
    "calls": calls.benchmark,
    "lists": lists.benchmark,
    "pages": pages.benchmark,
    "reconcile": reconcile.benchmark,
    "export": export.benchmark,
}
PAGE = ROOT / "docs" / "benchmarks.md"


def main() -> int:
    """Run, print, write; 1 where a bar was missed."""
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], help="which to run; all by default")
    parser.add_argument("--quick", action="store_true", help="fewer rows and runs; printed only, the page stays")
    arguments = parser.parse_args()
    names = arguments.names or list(BENCHMARKS)
    with tempfile.TemporaryDirectory(prefix="panel-bench-") as folder, prepared(Path(folder)) as site:
        sections = [_run(name, site, quick=arguments.quick) for name in names]
    if not arguments.quick:
        report.write(PAGE, sections)
    misses = [miss for section in sections for miss in section.misses]
    sys.stdout.write("".join(f"Not met: {miss}\n" for miss in misses) or "All bars are met.\n")
    return 1 if misses else 0


def _run(name: str, site: Site, *, quick: bool) -> report.Section:
    began = time.monotonic()
    sys.stderr.write(f"{name} ...\n")
    share = others_share()
    section = BENCHMARKS[name](site, quick=quick)
    section.parts.append(f"Before it, other work kept {share:.0%} of {os.cpu_count()} cores busy.")
    sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
    sys.stdout.write(f"{section}\n")
    sys.stdout.flush()
    return section


if __name__ == "__main__":
    sys.exit(main())
