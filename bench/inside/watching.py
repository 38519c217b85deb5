"""Watching workers from the database and from /proc. Runs on the database of the environment (`bench.inside`)."""

import os
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Max, Min

from bench.services import wait_for
from licenses import bell
from licenses.models import LicenseRequest
from pbas.celery import app
from pbas.embedded import EmbeddedWorker

PATIENCE = 180.0  # seconds for one run
POLL = 0.1


def cpu_seconds(*processes: int) -> float:
    """CPU time of processes and of their living children so far, in user and kernel mode."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(") ")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) in processes or int(stat.parent.name) in processes:
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def drained(*, worker: int, vendor: int, drains: int) -> dict[str, Any]:
    """Ring the idle worker until it has done all that is due; how fast that was by the database's clock."""
    wait_for(lambda: bool(app.control.ping(timeout=1.0)), "The worker does not start")
    used = {name: cpu_seconds(pid) for name, pid in (("worker", worker), ("vendor", vendor))}
    for _ in range(drains):
        bell.call_worker()
    first = _first_claim()
    answer = _finished(first)
    used = {name: cpu_seconds(pid) - used[name] for name, pid in (("worker", worker), ("vendor", vendor))}
    return {**answer, **{f"{name}_ms": 1000 * seconds / answer["done"] for name, seconds in used.items()}}


def embedded(*, vendor: int) -> dict[str, Any]:
    """The same with the embedded worker, in this very process."""
    worker = EmbeddedWorker()
    used, vendors = time.process_time(), cpu_seconds(vendor)
    worker.start()
    bell.call_worker()
    answer = _finished(_first_claim())
    used, vendors = time.process_time() - used, cpu_seconds(vendor) - vendors
    worker.stop()
    done = answer["done"]
    return {**answer, "worker_ms": 1000 * used / done, "vendor_ms": 1000 * vendors / done}


def chained(*, worker: int) -> dict[str, Any]:
    """The naive chain, of all requests there are."""
    from bench import naive  # its Celery application would take the place of ours

    wait_for(lambda: bool(naive.app.control.ping(timeout=1.0)), "The naive worker does not start")
    used = cpu_seconds(worker)
    for pk in LicenseRequest.objects.order_by("pk").values_list("pk", flat=True):
        naive.send(pk)
    wait_for(lambda: LicenseRequest.objects.exclude(intent_at=None).exists(), "Nothing starts", every=POLL)
    answer = _finished(None)
    return {**answer, "worker_ms": 1000 * (cpu_seconds(worker) - used) / answer["done"]}


def _first_claim() -> Any:
    """When the first request was claimed: its lease less the length of a lease."""
    found: list[Any] = []

    def claimed() -> bool:
        found[:] = [LicenseRequest.objects.filter(leased=True).aggregate(first=Min("due_at"))["first"]]
        return found[0] is not None

    wait_for(claimed, "Nothing is claimed", every=0.02)
    return found[0].timestamp() - settings.ENGINE_LEASE_SECONDS


def _finished(first: float | None) -> dict[str, Any]:
    """Wait until all is done; licenses a second from the first claim (or the first intent) to the last done."""
    rows = LicenseRequest.objects.all()
    wait_for(lambda: not rows.exclude(state="done").exists(), "Not all is done", PATIENCE, every=POLL)
    times = rows.aggregate(first=Min("intent_at"), last=Max("finished_at"))
    began = times["first"].timestamp() if first is None else first
    done, seconds = rows.count(), times["last"].timestamp() - began
    connection.close()
    return {"done": done, "seconds": seconds, "rate": done / seconds}
