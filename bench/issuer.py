"""`python -m bench.issuer`: an issuer who lists any number of licenses, so that hardly more than our side is measured.

A bare asyncio protocol over real HTTP that answers GET /issuer/v1/licenses page by page as the HTTP issuer protocol
has it; a page costs it next to nothing.
"""

import argparse
import asyncio
import json
import re

PAGE = 200
CURSOR = re.compile(rb"cursor=(\d+)")


def number_of(n: int) -> str:
    """The key of the n-th license."""
    return f"PANEL-{n:08}"


class Issuer(asyncio.Protocol):
    """One connection; a client sends its next request only after the answer."""

    keys = 0

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 (what asyncio promises for streams)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer, once the head is whole; no request of the bench has a body."""
        self._received += data
        if not self._received.endswith(b"\r\n\r\n"):
            return
        asked = CURSOR.search(self._received.split(b"\r\n", 1)[0])
        self._received = b""
        first = int(asked[1]) if asked else 0
        last = min(first + PAGE, self.keys)
        page = {"licenses": list(map(_license, range(first, last))), "next": str(last) if last < self.keys else None}
        body = json.dumps(page).encode()
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        self._transport.write(head + body)


def _license(n: int) -> dict[str, object]:
    return {
        "number": number_of(n),
        "class": "PANEL",
        "state": "active",
        "created_at": "2026-01-01T00:00:00Z",
        "expires_at": "2036-01-01T00:00:00Z",
        "features": ["SITES_10", "BACKUP"],
        "additional": [],
    }


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Issuer, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="bench.issuer", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--keys", type=int, required=True)
    arguments = parser.parse_args()
    Issuer.keys = arguments.keys
    asyncio.run(_serve(arguments.port))
