"""The services that the suite runs on: its own PostgreSQL and Redis, or SQLite alone with PANEL_TEST_DB=sqlite.

An early plug-in, as settings are read before any conftest. A DATABASE_URL that is set wins over an own PostgreSQL.
"""

import atexit
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pbas.environment import make_field_keys, make_secret_key

BOOT_SECONDS = 20.0
PR_SET_PDEATHSIG = 1
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
        return
    if "DATABASE_URL" not in os.environ:
        os.environ["DATABASE_URL"] = _start_postgresql(scratch)
    os.environ["PANEL_TEST_REDIS"] = _start_redis(scratch)
    os.environ["CELERY_BROKER_URL"] = f"{os.environ['PANEL_TEST_REDIS']}/0"


def free_port() -> int:
    """A port on which nothing listens now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _start_postgresql(scratch: Path) -> str:
    """A server without durability, as the database's own user where we are root, which it refuses to run as."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    if not programs:
        raise pytest.UsageError("PostgreSQL is missing: script/test installs it. Or set PANEL_TEST_DB=sqlite.")
    folder, port = scratch / "postgresql", free_port()
    folder.mkdir()
    owner: dict[str, Any] = {"cwd": folder}
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        owner.update(user="postgres", group="postgres", extra_groups=[])
    make = ["initdb", "-D", "store", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run([programs[-1] / make[0], *make[1:]], check=True, stdout=subprocess.DEVNULL, **owner)
    serve = ["-D", "store", "-k", folder, "-h", "127.0.0.1", "-p", str(port), "-F"]
    serve += ["-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "max_connections=200"]
    _run([programs[-1] / "postgres", *serve], folder, signal.SIGINT, owner)
    ask: list[Any] = [programs[-1] / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    _wait(lambda: subprocess.run(ask, check=False).returncode == 0, "PostgreSQL", folder)
    return f"postgres://postgres@127.0.0.1:{port}/panel"


def _start_redis(scratch: Path) -> str:
    if shutil.which("redis-server") is None:
        raise pytest.UsageError("redis-server is missing: script/test installs it.")
    folder, port = scratch / "redis", free_port()
    folder.mkdir()
    serve = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    _run(serve, folder, signal.SIGTERM, {"cwd": folder})
    ask = ["redis-cli", "-p", str(port), "ping"]
    _wait(lambda: subprocess.run(ask, check=False, capture_output=True).stdout == b"PONG\n", "Redis", folder)
    return f"redis://127.0.0.1:{port}"


def _run(command: list[Any], folder: Path, stop: signal.Signals, options: dict[str, Any]) -> None:
    """Run a server until the suite ends; Ctrl-C is for the suite alone to hear."""

    def end_with_the_suite() -> None:  # also where that is killed
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, stop)

    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            process_group=0,
            preexec_fn=end_with_the_suite,  # noqa: PLW1509 (the suite has no threads yet)
            **options,
        )

    def end() -> None:
        process.send_signal(stop)
        process.wait(BOOT_SECONDS)

    atexit.register(end)


def _wait(is_up: Callable[[], bool], name: str, folder: Path) -> None:
    until = time.monotonic() + BOOT_SECONDS
    while not is_up():
        if time.monotonic() > until:
            raise pytest.UsageError(f"{name} did not start: {(folder / 'log').read_text()}")
        time.sleep(0.05)
