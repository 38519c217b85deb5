"""Visitors of pages over HTTP: each opens one page after the other, as fast as they come."""

import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Visits:
    """What came of them: seconds of each page, of all, and of the servers' processors, and the bytes of one."""

    seconds: list[float]
    took: float
    busy: float
    size: int


def visit(port: int, address: str, cookie: str, *, visitors: int, pages: int, servers: list[int]) -> Visits:
    """Open a page so many times. Raises RuntimeError where it is not there."""
    head = f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\nAccept-Encoding: gzip\r\n\r\n".encode()

    def open_pages(number: int) -> list[tuple[float, int]]:
        return [_open(port, head) for _n in range(number)]

    with ThreadPoolExecutor(visitors) as people:
        list(people.map(open_pages, [5] * visitors))  # what is made once is made
        busy, began = sum(map(_busy, servers)), time.perf_counter()
        opened = [one for some in people.map(open_pages, [pages // visitors] * visitors) for one in some]
        took = time.perf_counter() - began
    busy = sum(map(_busy, servers)) - busy
    return Visits([seconds for seconds, _size in opened], took, busy, opened[0][1])


def _open(port: int, head: bytes) -> tuple[float, int]:
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(head)
        parts = []
        while part := line.recv(1 << 17):
            parts.append(part)
    taken = time.perf_counter() - began
    answer = b"".join(parts)
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"{head.split()[1].decode()} answers {answer[:200]!r}.")
    return taken, len(answer)


def _busy(process: int) -> float:
    """Seconds of a processor that a process has had."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK
