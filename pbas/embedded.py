"""The embedded mode: web, worker and beat in one process, the simulator beside it, all ending with their supervisor."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from celery import signals
from celery.beat import EmbeddedService
from celery.worker import state
from gunicorn.app.base import BaseApplication

from pbas.celery import app as celery_app

QUEUES = ["panel", "engine", "alerts", "proof"]
WEB_THREADS = 8
WORKER_THREADS = 4  # a drain takes one for minutes; sweep and the rest need others
STOP_SECONDS = 3  # each process stops within this, or is killed
PR_SET_PDEATHSIG = 1


class EmbeddedWorker:
    """Celery's worker and beat as threads of this process; only to be made after the last fork."""

    def __init__(self) -> None:
        self._worker = celery_app.WorkController(
            pool="threads",
            concurrency=WORKER_THREADS,
            queues=QUEUES,
            hostname="embedded@localhost",
            without_mingle=True,
            without_gossip=True,
            without_heartbeat=True,
        )
        self._beat: Any = EmbeddedService(celery_app, thread=True, scheduler_cls="celery.beat.Scheduler")

    def start(self) -> None:
        """Begin to work."""
        threading.Thread(target=self._worker.start, name="worker", daemon=True).start()
        self._beat.start()

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Have every task hand over what it does, and wait for that at most `seconds`."""
        signals.worker_shutting_down.send(sender="embedded", sig="TERM", how="Warm", exitcode=0)
        self._beat.service.stop()
        until = time.monotonic() + seconds
        while state.active_requests and time.monotonic() < until:
            time.sleep(0.02)


class WebServer(BaseApplication):  # type: ignore[misc] # gunicorn has no types
    """Gunicorn with one process of threads, in which the embedded worker lives too."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._worker: EmbeddedWorker | None = None
        super().__init__()

    def load_config(self) -> None:
        """What differs from gunicorn's defaults."""
        options = {
            "bind": f"fd://{self._listener.detach()}",
            "worker_class": "gthread",
            "workers": 1,
            "threads": WEB_THREADS,
            "graceful_timeout": STOP_SECONDS + 1,  # the embedded worker stops after the last answer
            "timeout": 120,
            "control_socket_disable": True,
            "loglevel": "warning",
            "post_worker_init": self._start_worker,
            "worker_exit": self._stop_worker,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application that is served; made in the worker process."""
        from pbas.wsgi import application

        return application

    def _start_worker(self, _web_worker: Any) -> None:
        self._worker = EmbeddedWorker()
        self._worker.start()

    def _stop_worker(self, _arbiter: Any, _web_worker: Any) -> None:
        if self._worker is not None:
            self._worker.stop()


@contextmanager
def serving(listener: socket.socket, log: Path) -> Iterator[Any]:
    """Serve on `listener` in a process of its own while the context lasts; what it prints goes to `log`.

    Forks: no thread may have been started in this process. Gives the process.
    """
    process = get_context("fork").Process(target=_serve, args=(listener, log))
    process.start()
    listener.close()
    try:
        yield process
    finally:
        process.terminate()
        process.join(STOP_SECONDS + 2)
        process.kill()
        process.join()


def _serve(listener: socket.socket, log: Path) -> None:
    die_with_parent()
    os.setpgid(0, 0)  # Ctrl-C is the supervisor's to hear
    with log.open("ab") as output:
        sys.stdout.flush()
        for stream in (sys.stdout, sys.stderr):
            os.dup2(output.fileno(), stream.fileno())
    WebServer(listener).run()


@contextmanager
def simulating(folder: Path, log: Path) -> Iterator[dict[str, str]]:
    """Run the key server simulator while the context lasts; what it sold is kept in `folder`.

    Gives its addresses: `http`, `https`, `ca_file`. Raises RuntimeError where it does not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "ka_plugins.simulator", "--port", "0", "--tls-port", "0"]
    command += ["--state", str(folder / "sold.jsonl"), "--cert-dir", str(folder)]
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 (a command of our own)
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            process_group=0,
            preexec_fn=die_with_parent,  # noqa: PLW1509 (nothing has started a thread yet)
        )
    with process:
        try:
            line = process.stdout.readline() if process.stdout else b""
            if not line:
                raise RuntimeError(f"The simulator did not start; {log} says why.")
            ready = json.loads(line)
            yield {name: ready[name] for name in ("http", "https", "ca_file")}
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def die_with_parent() -> None:
    """Have this process end when its parent does, however that ends (Linux)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
