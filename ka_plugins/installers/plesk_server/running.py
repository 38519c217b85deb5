"""The simulated server in a process of its own, and its control door: for tests and for trying a target by hand."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ka_plugins.installers.plesk_server.server import CONTROL

if TYPE_CHECKING:
    from types import TracebackType

STOP_SECONDS = 10.0


class RunningPleskServer:
    """Starts the program and stops it again; usable as a context manager. RuntimeError if it does not start."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "ka_plugins.installers.plesk_server"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program
        assert self.process.stdout is not None  # noqa: S101 - it was asked for as a pipe
        line = self.process.stdout.readline()
        if not line:
            self.stop()
            raise RuntimeError("The Plesk server did not start; its reason is on the standard error output.")
        ready = json.loads(line)
        self.url: str = ready["https"]
        self.certificate = Path(ready["ca_file"]).read_text()
        self.secret_key: str = ready["secret_key"]
        self._trust = ssl.create_default_context(cadata=self.certificate)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End it in order; safe to repeat."""
        self.process.terminate()
        self.process.wait(STOP_SECONDS)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def order(self, **order: Any) -> dict[str, Any]:
        """Say how it shall behave (`behaviour`, `seconds`), what it knows (`codes`, `holds`), or to `forget`.

        Answers with what it holds and how often each operation was called.
        """
        request = urllib.request.Request(self.url + CONTROL, data=json.dumps(order).encode(), method="POST")  # noqa: S310
        with urllib.request.urlopen(request, timeout=STOP_SECONDS, context=self._trust) as answer:  # noqa: S310
            content: dict[str, Any] = json.load(answer)
            return content
