"""The servers that a benchmark stands on, as a provider runs them: PostgreSQL that keeps its commits, and Redis."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pbas.environment import make_field_keys, make_secret_key
from tests.services import free_port

ROOT = Path(__file__).resolve().parents[1]
BOOT_SECONDS = 30.0
STOP_SECONDS = 15.0
PR_SET_PDEATHSIG = 1


@contextmanager
def running(
    command: Sequence[Any], log: Path, *, stop: signal.Signals = signal.SIGTERM, **options: Any
) -> Iterator["subprocess.Popen[bytes]"]:
    """A program in a process group of its own while the context lasts; it ends even if the bench is killed."""

    def end_with_the_bench() -> None:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, stop)

    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 (commands of our own)
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            process_group=0,
            preexec_fn=end_with_the_bench,  # noqa: PLW1509 (nothing has started a thread yet)
            **options,
        )
    with process:
        try:
            yield process
        finally:
            process.send_signal(stop)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def wait_for(is_so: Callable[[], bool], what: str, seconds: float = BOOT_SECONDS, every: float = 0.05) -> None:
    """Until it is so. Raises RuntimeError that says what did not happen in time."""
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > until:
            raise RuntimeError(f"{what}: not within {seconds:.0f} seconds.")
        time.sleep(every)


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A server with fsync and synchronous_commit on, 512 MB of shared buffers; gives the URL of an empty database."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    if not programs:
        raise RuntimeError("PostgreSQL is missing: script/test installs it.")
    store, port = folder / "postgresql", free_port()
    store.mkdir()
    owner: dict[str, Any] = {"cwd": store}
    if os.geteuid() == 0:  # as root it refuses to run
        shutil.chown(store, "postgres", "postgres")
        owner.update(user="postgres", group="postgres", extra_groups=[])
    make = ["initdb", "-D", "store", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run([programs[-1] / make[0], *make[1:]], check=True, stdout=subprocess.DEVNULL, **owner)  # noqa: S603
    serve = [programs[-1] / "postgres", "-D", "store", "-k", store, "-h", "127.0.0.1", "-p", port]
    wanted = ("shared_buffers=512MB", "fsync=on", "synchronous_commit=on", "max_connections=100", "max_wal_size=4GB")
    serve += [part for setting in wanted for part in ("-c", setting)]
    ask = [str(programs[-1] / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    with running(serve, folder / "postgresql.log", stop=signal.SIGINT, **owner):
        wait_for(lambda: subprocess.run(ask, check=False).returncode == 0, "PostgreSQL does not start")  # noqa: S603
        create: list[Any] = [programs[-1] / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "panel"]
        subprocess.run(create, check=True, stdin=subprocess.DEVNULL)  # noqa: S603
        yield f"postgres://postgres@127.0.0.1:{port}/panel"


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """A broker that keeps nothing on disk; gives its URL."""
    program = shutil.which("redis-server")
    if program is None:
        raise RuntimeError("redis-server is missing: script/test installs it.")
    port = free_port()
    serve = [program, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    ask = ["redis-cli", "-p", str(port), "ping"]
    with running(serve, folder / "redis.log", cwd=folder):
        wait_for(
            lambda: subprocess.run(ask, check=False, capture_output=True).stdout == b"PONG\n",  # noqa: S603
            "Redis does not start",
        )
        yield f"redis://127.0.0.1:{port}/0"


def secrets() -> dict[str, str]:
    """Fresh secrets and what else the settings want, for all processes of one bench."""
    return {
        "PBAS_BENCH": "1",
        "PBAS_SECRET_KEY": make_secret_key(),
        "PBAS_FIELD_KEYS": make_field_keys(),
        "PBAS_ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
        "PBAS_ALLOW_PRIVATE_ADDRESSES": "1",
        "PBAS_LOG_LEVEL": "WARNING",
        "CACHE_URL": "locmemcache://",
    }


def migrate(environment: dict[str, str]) -> None:
    """Make all tables."""
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, check=True, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL)  # noqa: S603


def others_share(seconds: float = 3.0) -> float:
    """How much of the machine is busy while the bench does nothing, from 0 to 1."""
    before = _busy_and_all()
    time.sleep(seconds)
    after = _busy_and_all()
    return (after[0] - before[0]) / max(1, after[1] - before[1])


def _busy_and_all() -> tuple[int, int]:
    ticks = [int(one) for one in Path("/proc/stat").read_text().partition("\n")[0].split()[1:]]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)  # idle, and idle that waits for a disk
