"""What all dialects of one simulator share: a clock that can be moved, counted calls and a journal of changes."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Clock:
    """The vendor's time. It runs as ours does, ahead of it by what it was moved."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        """The vendor's time, in UTC and whole seconds, as his protocol carries it."""
        return (datetime.now(UTC) + self.ahead).replace(microsecond=0)


class Journal:
    """One JSON line per change, written before the answer leaves: a killed simulator comes back with what it sold."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: TextIO | None = None

    @property
    def kept(self) -> bool:
        """Whether changes are kept at all."""
        return self._file is not None

    def read(self) -> Iterator[dict[str, Any]]:
        """All changes so far; a last line that a crash left incomplete is passed over."""
        if self._path is None or not self._path.exists():
            return
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue

    def start(self) -> None:
        """Begin to write. The line break first keeps a torn line apart from the next."""
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a", encoding="utf-8", buffering=1)
            self._file.write("\n")

    def write(self, change: dict[str, Any]) -> None:
        """Keep one change, where changes are kept."""
        if self._file is not None:
            self._file.write(json.dumps(change) + "\n")

    def close(self) -> None:
        """End the writing."""
        if self._file is not None:
            self._file.close()


class World:
    """The state around the dialects."""

    def __init__(self, *, latency: float = 0.0, state: Path | None = None) -> None:
        self.clock, self.journal = Clock(), Journal(state)
        self.calls: Counter[str] = Counter()
        self.latency = latency  # seconds between the deed and its answer

    def count(self, method: str) -> None:
        """One call of a method, whatever becomes of it."""
        self.calls[method] += 1
        self.journal.write({"call": method})

    def move_clock(self, ahead: timedelta) -> None:
        """Move the vendor's clock forward."""
        self.clock.ahead += ahead
        self.journal.write({"clock": self.clock.ahead.total_seconds()})

    def replay(self, change: dict[str, Any]) -> bool:
        """Take over one journaled change; False where it belongs to a dialect."""
        if "call" in change:
            self.calls[change["call"]] += 1
        elif "clock" in change:
            self.clock.ahead = timedelta(seconds=change["clock"])
        else:
            return False
        return True
