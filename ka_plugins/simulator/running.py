"""A simulator in a process of its own, and its control door: for tests, benchmarks and the embedded panel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

STOP_SECONDS = 10.0
CONTROL_SECONDS = 10.0


class RunningSimulator:
    """Starts the program and stops it again; usable as a context manager. RuntimeError if it does not start."""

    def __init__(
        self,
        *,
        port: int = 0,
        tls_port: int = 0,
        latency_ms: float = 0.0,
        state: Path | None = None,
        cert_dir: Path | None = None,
        dialects: Sequence[str] = (),
    ) -> None:
        """`dialects` are other vendors' classes, `module:Class`, found where this process finds its modules."""
        command = [sys.executable, "-m", "ka_plugins.simulator", f"--port={port}", f"--tls-port={tls_port}"]
        command.append(f"--latency-ms={latency_ms}")
        command.extend([f"--state={state}"] if state else [])
        command.extend([f"--cert-dir={cert_dir}"] if cert_dir else [])
        command.extend(f"--dialect={name}" for name in dialects)
        modules = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self.process = subprocess.Popen(command, env=modules, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
        assert self.process.stdout is not None  # noqa: S101 - it was asked for as a pipe
        line = self.process.stdout.readline()
        if not line:
            self.stop()
            raise RuntimeError("The simulator did not start; its reason is on the standard error output.")
        ready = json.loads(line)
        self.http: str = ready["http"]
        self.https: str = ready["https"]
        self.ca_file: str = ready["ca_file"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End it in order; safe to repeat."""
        self.process.terminate()
        self._gone()

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self._gone()

    def _gone(self) -> None:
        self.process.wait(STOP_SECONDS)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def settings(self, *, tls: bool = False) -> dict[str, Any]:
        """Scheme, host, port and CA file under the names that plug-in settings use."""
        place = urlsplit(self.https if tls else self.http)
        return {
            "scheme": place.scheme,
            "host": place.hostname or "",
            "port": place.port or 0,
            "ca_file": self.ca_file if tls else "",
        }

    def ledger(self) -> dict[str, Any]:
        """What was sold and how often each method was called."""
        return self.control("GET", "ledger")

    def sold(self) -> int:
        """How many keys were sold as main keys, the terminated included."""
        return sum(not sale["additional"] for sale in self.ledger()["sales"])

    def fault(self, method: str, fault: str, *, times: int = 1, seconds: float = 1.0) -> None:
        """Make the next calls of a method fail."""
        self.control("POST", "faults", method=method, fault=fault, times=times, seconds=seconds)

    def heal(self) -> None:
        """Forget all faults that are still to be played."""
        self.control("DELETE", "faults")

    def mark(self, number: str, **marks: bool) -> None:
        """Mark a key as problem, terminated or expired."""
        self.control("POST", "keys", number=number, **marks)

    def move_clock(self, days: float) -> None:
        """Move the vendor's clock forward."""
        self.control("POST", "clock", advance_days=days)

    def latency(self, milliseconds: float) -> None:
        """The time between a deed and its answer from now on."""
        self.control("POST", "latency", milliseconds=milliseconds)

    def control(self, method: str, door: str, /, **order: Any) -> dict[str, Any]:
        """One control request; urllib's HTTPError where the simulator refuses it."""
        url = f"{self.http}/_simulator/{door}"
        request = urllib.request.Request(url, data=json.dumps(order).encode(), method=method)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=CONTROL_SECONDS) as answer:  # noqa: S310
            content: dict[str, Any] = json.load(answer)
            return content
