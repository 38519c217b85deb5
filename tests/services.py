"""The services that the suite runs on: its own PostgreSQL and Redis, or SQLite alone with PANEL_TEST_DB=sqlite.

An early plug-in, as settings are read before any conftest. A DATABASE_URL that is set wins over an own PostgreSQL; its
user has to be a superuser there.
"""

import atexit
import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from pbas.environment import make_field_keys, make_secret_key

ROOT = Path(__file__).resolve().parents[1]
BOOT_SECONDS = 60.0  # for what takes two on a quiet machine
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)
STORES = 16  # the databases of one Redis


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:  # noqa: ARG001 (pytest's)
    """Start what is missing, once for all workers of the suite: they inherit the environment."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        _start()
    elif "PANEL_TEST_REDIS" in os.environ:
        number = (int(worker.removeprefix("gw")) + 1) % STORES
        os.environ["CELERY_BROKER_URL"] = f"{os.environ['PANEL_TEST_REDIS']}/{number}"


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as there are processors: some of the time passes in waiting for vendors and servers."""
    return (os.cpu_count() or 1) * 3 // 2


def pytest_xdist_setupnodes() -> None:
    """Make the tables once, while the workers collect: each begins with a copy. A server of yours keeps none."""
    if "PANEL_TEST_MADE" in os.environ:
        made = Path(os.environ["PANEL_TEST_MADE"])
        made.parent.mkdir()
        with made.open("w") as said:
            fcntl.flock(said, fcntl.LOCK_EX)  # until the last one ends who has it open
            making = subprocess.Popen([sys.executable, "manage.py", "migrate"], cwd=ROOT, stdout=said, stderr=said)
        atexit.register(making.wait)


def wait_until_made() -> bool:
    """Whether the settings' own database has the tables, for copies; where they fail, a copy's migration says why."""
    made = Path(os.environ.get("PANEL_TEST_MADE", ""))
    if not made.is_file():
        return False
    with made.open() as said:
        fcntl.flock(said, fcntl.LOCK_SH)
    return True


def _start() -> None:
    scratch = Path(tempfile.mkdtemp(prefix="panel-tests-"))
    scratch.chmod(0o755)  # the database's own user passes through
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    os.environ["PBAS_DATA"] = str(scratch / "data")
    os.environ["PBAS_SECRET_KEY"] = make_secret_key()
    os.environ["PBAS_FIELD_KEYS"] = make_field_keys()
    os.environ["PBAS_ALLOWED_HOSTS"] = "127.0.0.1,localhost,testserver"
    os.environ["PBAS_ALLOW_PRIVATE_ADDRESSES"] = "1"
    os.environ["CACHE_URL"] = "locmemcache://"
    if os.environ.get("PANEL_TEST_DB") == "sqlite":
        os.environ.pop("DATABASE_URL", None)
        os.environ.pop("CELERY_BROKER_URL", None)
        os.environ["PANEL_TEST_MADE"] = str(scratch / "data" / "made")
        return
    if "DATABASE_URL" not in os.environ:
        database = PostgreSQL(scratch / "postgresql", "synchronous_commit=off", "max_connections=200")
        database.start()
        database.create("panel")
        os.environ["DATABASE_URL"] = f"postgres://postgres@127.0.0.1:{database.port}/panel"
        os.environ["PANEL_TEST_MADE"] = str(scratch / "data" / "made")
    broker = Redis(scratch / "redis")
    broker.start()
    os.environ["PANEL_TEST_REDIS"] = f"redis://127.0.0.1:{broker.port}"
    os.environ["CELERY_BROKER_URL"] = f"{os.environ['PANEL_TEST_REDIS']}/0"


def free_port() -> int:
    """A port on which nothing listens now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Server:
    """A program that serves a port of this machine until it is stopped, or the suite ends, however that ends."""

    name: str
    stops_at: signal.Signals

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        folder.mkdir()
        self.process: subprocess.Popen[bytes] | None = None
        self.options: dict[str, Any] = {"cwd": folder}

    def start(self) -> None:
        """Return once it answers."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdout=log,
                stderr=log,
                process_group=0,  # Ctrl-C is for the suite alone to hear
                preexec_fn=self._end_with_the_suite,  # noqa: PLW1509 (it makes one system call)
                **self.options,
            )
        atexit.register(self.stop)
        until = time.monotonic() + BOOT_SECONDS
        while not self.is_up():
            if time.monotonic() > until:
                raise pytest.UsageError(f"{self.name} did not start: {(self.folder / 'log').read_text()}")
            time.sleep(0.05)

    def stop(self, sign: signal.Signals | None = None) -> None:
        """End it, in the way that the signal means to it, and wait for that; safe to repeat."""
        if self.process is not None:
            self.process.send_signal(sign or self.stops_at)
            self.process.wait(BOOT_SECONDS)
            self.process = None
            atexit.unregister(self.stop)

    def command(self) -> list[Any]:
        raise NotImplementedError

    def is_up(self) -> bool:
        raise NotImplementedError

    def _end_with_the_suite(self) -> None:
        LIBC.prctl(PR_SET_PDEATHSIG, self.stops_at)


class PostgreSQL(Server):
    """A server that flushes nothing to the disk; it runs as the database's own user where we are root."""

    name = "PostgreSQL"
    stops_at = signal.SIGINT

    def __init__(self, folder: Path, *settings: str) -> None:
        """`settings` are more of its own, as `name=value`."""
        super().__init__(folder)
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
        if not programs:
            raise pytest.UsageError("PostgreSQL is missing: script/test installs it. Or set PANEL_TEST_DB=sqlite.")
        self.programs = programs[-1]
        self.settings = ("full_page_writes=off", *settings)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
            self.options.update(user="postgres", group="postgres", extra_groups=[])
        make = ["-D", "store", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run([self.programs / "initdb", *make], check=True, stdout=subprocess.DEVNULL, **self.options)

    def command(self) -> list[Any]:
        serve = [self.programs / "postgres", "-D", "store", "-k", self.folder, "-h", "127.0.0.1", "-p", str(self.port)]
        return [*serve, "-F", *(word for setting in self.settings for word in ("-c", setting))]

    def create(self, name: str) -> None:
        """Make a database."""
        server = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        subprocess.run([self.programs / "createdb", "--maintenance-db", server, name], check=True)

    def is_up(self) -> bool:
        ask: list[Any] = [self.programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ask, check=False).returncode == 0


class Redis(Server):
    """A server that keeps nothing."""

    name = "Redis"
    stops_at = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        if shutil.which("redis-server") is None:
            raise pytest.UsageError("redis-server is missing: script/test installs it.")

    def command(self) -> list[Any]:
        serve = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1"]
        return [*serve, "--save", "", "--appendonly", "no"]

    def is_up(self) -> bool:
        ask = ["redis-cli", "-p", str(self.port), "ping"]
        return subprocess.run(ask, check=False, capture_output=True).stdout == b"PONG\n"
