"""The product as in production: Celery workers, beat and the web, on a database and a broker of their own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

from tests.fire.proxy import Proxy
from tests.processes.commands import ROOT, environment, wait_until_gone
from tests.services import LIBC, PR_SET_PDEATHSIG, PostgreSQL, Redis, free_port

PATIENCE = 180.0  # seconds for what takes some on a quiet machine
LEASE_SECONDS = 4  # of a worker that is gone; longer than any call here takes
WARM_SECONDS = 10.0  # what a worker that is asked to stop may take
QUEUES = "panel,engine"
DATABASE = "fire"

Process = subprocess.Popen[bytes]


def wait_until(is_so: Callable[[], object], what: str, seconds: float = PATIENCE) -> float:
    """Return as soon as it is so, with the seconds that it took."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < seconds, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.05)
    return time.monotonic() - began


def _end_with_the_suite() -> None:  # also where that is killed
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Fleet:
    """Starts processes of the product, and kills them. All of them reach the database through `door`."""

    def __init__(self, folder: Path, database: PostgreSQL, broker: Redis, door: Proxy) -> None:
        self.folder, self.database, self.broker, self.door = folder, database, broker, door
        self.points = folder / "points"
        self.points.mkdir()
        self.running: dict[str, Process] = {}
        self.web_port = free_port()

    # -- starting

    def worker(self, name: str = "first", **told: str) -> Process:
        """A worker of two engines; `told` is more of its environment."""
        options = ["-Q", QUEUES, "-c", "2", "-n", f"{name}@localhost"]
        return self._celery(name, ["worker", *options], told)

    def beat(self, name: str = "beat") -> Process:
        """What rings for the sweeps."""
        return self._celery(name, ["beat", "--schedule", str(self.folder / f"{name}.schedule")], {})

    def web(self) -> str:
        """The panel behind gunicorn, started where it does not run; answers its address once it serves."""
        url = f"http://127.0.0.1:{self.web_port}"
        if not self.is_running("web"):
            options = ["--bind", f"127.0.0.1:{self.web_port}", "--worker-class", "gthread", "--threads", "8"]
            self._start("web", ["gunicorn", "pbas.wsgi", *options], {})
            wait_until(lambda: answers(url), "the panel serves")
        return url

    def _celery(self, name: str, arguments: list[str], told: dict[str, str]) -> Process:
        return self._start(name, ["celery", "-A", "pbas", *arguments, "--loglevel", "warning"], told)

    def _start(self, name: str, arguments: list[str], told: dict[str, str]) -> Process:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                env=self._environment(told),
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_the_suite,  # noqa: PLW1509 (it makes one system call)
            )
        return self.running[name]

    def _environment(self, told: dict[str, str]) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if name.startswith(("PBAS_", "CACHE_"))}
        return environment(**ours) | {
            "DATABASE_URL": f"postgres://postgres@127.0.0.1:{self.door.port}/{DATABASE}",
            "CELERY_BROKER_URL": self.broker_url,
            "PBAS_DATA": str(self.folder),
            "PBAS_ENGINE_LEASE_SECONDS": str(LEASE_SECONDS),
            "PBAS_FAULT_POINTS": str(self.points),
            **told,
        }

    @property
    def broker_url(self) -> str:
        """Where its messages go."""
        return f"redis://127.0.0.1:{self.broker.port}/0"

    # -- looking

    def children(self, name: str) -> list[int]:
        """The engines' processes of a worker."""
        pid = self.running[name].pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def is_running(self, name: str) -> bool:
        """Whether it was started and has not ended."""
        return name in self.running and self.running[name].poll() is None

    # -- hurting

    @contextmanager
    def armed(self, point: str, action: str = "kill") -> Iterator[Callable[[], bool]]:
        """Have the first process that comes to a fault point die there; gives whether that has happened."""
        file = self.points / point
        file.write_text(action)
        try:
            yield lambda: not file.exists()
        finally:
            file.unlink(missing_ok=True)

    def kill(self, name: str) -> None:
        """End a process and its children as a power cut would."""
        process = self.running.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(WARM_SECONDS)

    def stop(self, name: str) -> float:
        """Ask a process to end, as a deploy does; the seconds that it took, which may not be many."""
        process, began = self.running.pop(name), time.monotonic()
        process.terminate()
        try:
            process.wait(WARM_SECONDS)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        return time.monotonic() - began

    def end(self) -> list[str]:
        """Stop all; the command lines of what is left of them, which should be nothing."""
        for name in tuple(self.running):
            with suppress(subprocess.TimeoutExpired):
                self.stop(name)
        return wait_until_gone(self.folder, WARM_SECONDS)


def answers(url: str) -> bool:
    """Whether a panel says that it lives."""
    try:
        return requests.get(f"{url}/livez", timeout=1).ok
    except requests.RequestException:
        return False
