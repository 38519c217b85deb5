"""Where the benchmarks happen: servers, the environment of each process, and questions asked inside of them."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.services import ROOT, migrate, postgresql, redis, running, secrets, wait_for
from ka_plugins.simulator.running import RunningSimulator
from tests.services import free_port

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (licenses are installed there, so that no disk is measured)
POSTGRESQL, SQLITE = "PostgreSQL", "SQLite"
LONGEST = 900.0  # seconds for one question


@dataclass(frozen=True, slots=True)
class Vendor:
    """A key server in a process of its own: how the plug-in finds it."""

    name: str
    template: str
    settings: dict[str, Any]
    pid: int


@dataclass(frozen=True, slots=True)
class Site:
    """The ground of one bench."""

    folder: Path
    fast_folder: Path
    common: dict[str, str]
    database: str
    broker: str

    def environment(self, database: str) -> dict[str, str]:
        """For processes on PostgreSQL, or in the embedded mode on SQLite."""
        if database == SQLITE:
            return {**self.common, "PBAS_DATA": str(self.folder / "embedded")}
        data = {"PBAS_DATA": str(self.folder / "data"), "CELERY_BROKER_URL": self.broker}
        return {**self.common, **data, "DATABASE_URL": self.database}

    def naive_environment(self, database: str, vendor: "Vendor") -> dict[str, str]:
        """For the naive workers: as Django has it by default, each task opens its own connection to the database."""
        environment = {**self.environment(database), "CELERY_BROKER_URL": self.broker}
        environment["BENCH_STUB"] = vendor.settings.get("url", "")
        if database == POSTGRESQL:
            environment["DATABASE_URL"] += "?conn_max_age=0"
        return environment

    def ask(self, environment: dict[str, str], module: str, function: str, /, **arguments: Any) -> Any:
        """Run a function of the bench in a process with that environment. Raises RuntimeError with what it printed."""
        command = [sys.executable, "-m", "bench.inside", module, function, json.dumps(arguments)]
        log = self.folder / "inside.log"
        with log.open("wb") as errors:
            asked = subprocess.run(  # noqa: S603 (our own)
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                timeout=LONGEST,
                check=False,
            )
        if asked.returncode:
            raise RuntimeError(f"{module}.{function}: {log.read_text()[-4000:]}")
        return json.loads(asked.stdout.splitlines()[-1])

    @contextmanager
    def stub(self, latency_ms: float) -> Iterator[Vendor]:
        """The thin vendor."""
        port = free_port()
        command = [sys.executable, "-m", "bench.stub", "--port", port, "--latency-ms", latency_ms]
        url = f"http://127.0.0.1:{port}"
        with running(command, self.folder / "stub.log", cwd=ROOT) as process:
            wait_for(lambda: listens(port), "The stub does not start")
            yield Vendor("thin stub", "bench_thin", {"url": url}, process.pid)

    @contextmanager
    def simulator(self, latency_ms: float) -> Iterator[Vendor]:
        """The product's own simulator of a Key Administrator."""
        with RunningSimulator(latency_ms=latency_ms) as simulator:
            settings = {"login": "demo", "client": "demo", **simulator.settings()}
            yield Vendor("simulator", "plesk_ka", settings, simulator.process.pid)

    @contextmanager
    def celery(self, environment: dict[str, str], app: str, *options: str) -> Iterator[int]:
        """A worker; gives its process id."""
        command = [sys.executable, "-m", "celery", "-A", app, "worker", "--loglevel", "WARNING", *options]
        with running(command, self.folder / "celery.log", cwd=ROOT, env=environment) as process:
            yield process.pid


@contextmanager
def prepared(folder: Path) -> Iterator[Site]:
    """Servers and tables in `folder`, both databases; all of it ends with the context."""
    folder.chmod(0o755)  # the database's own user passes through
    with ExitStack() as parts:
        url, broker = parts.enter_context(postgresql(folder)), parts.enter_context(redis(folder))
        path = os.pathsep.join([str(ROOT), str(_announce(folder / "packages"))])
        common = {**secrets(), "PATH": os.environ["PATH"], "PYTHONPATH": path}
        fast_folder = SHARED_MEMORY / folder.name
        fast_folder.mkdir()
        parts.callback(shutil.rmtree, fast_folder, ignore_errors=True)
        site = Site(folder, fast_folder, common, url, broker)
        for database in (POSTGRESQL, SQLITE):
            Path(site.environment(database)["PBAS_DATA"]).mkdir()
            migrate(site.environment(database))
        yield site


def _announce(packages: Path) -> Path:
    """Put the thin plug-in where an installed outside package would announce itself."""
    place = packages / "bench_thin-1.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: bench-thin\nVersion: 1\n")
    (place / "entry_points.txt").write_text("[pbas.ka_plugins]\nbench_thin = bench.thin:ThinPlugin\n")
    return packages


def listens(port: int) -> bool:
    """Whether a program listens on a port of this machine."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
