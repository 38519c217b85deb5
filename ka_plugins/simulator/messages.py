"""What passes between the simulator's web server, its dialects and its faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MARK: Final = "X-Simulated: not-a-license\r\n"  # on every answer: nothing from here is worth anything


@dataclass(frozen=True, slots=True)
class Request:
    """One whole HTTP request; header names are lower case, the path is without its query."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    scheme: str = "http"


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer. `cut_at`: the connection breaks after so many bytes of the body, whose length was announced.

    `endless` answers announce no length and end with the connection.
    """

    body: bytes = b""
    status: int = 200
    content_type: str = "text/xml; charset=utf-8"
    headers: tuple[str, ...] = ()
    cut_at: int | None = None
    endless: bool = False


@dataclass(frozen=True, slots=True)
class Cut:
    """Instead of an answer: the connection is reset."""


REASONS: Final = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
}


def head(response: Response, *, close: bool) -> bytes:
    """The status line and headers; always with a length unless `endless`, never compressed."""
    lines = [f"HTTP/1.1 {response.status} {REASONS.get(response.status, 'Simulated')}\r\n", MARK]
    lines.append(f"Content-Type: {response.content_type}\r\n")
    if not response.endless:
        lines.append(f"Content-Length: {len(response.body)}\r\n")
    lines.extend(f"{line}\r\n" for line in response.headers)
    lines.append("Connection: close\r\n\r\n" if close else "\r\n")
    return "".join(lines).encode("latin-1")
