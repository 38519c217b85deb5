"""`python -m bench.stub`: a vendor that answers anything after a fixed wait, so that it costs next to nothing.

A bare protocol over real HTTP. POST /key/REFERENCE sells, GET /files/KEY lists, GET /file/NAME hands out, and
GET /sold says how many were sold and how many references came more than once.
"""

import argparse
import asyncio
import json
from collections import Counter
from typing import cast

import uvloop

FILE = b"<simulated/>" * 70  # bytes of a license file


class Vendor(asyncio.Protocol):
    """One connection; a client sends its next request only after the answer."""

    sold: Counter[bytes] = Counter()
    wait = 0.0  # seconds

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = cast("asyncio.Transport", transport)  # what a loop gives for a stream

    def data_received(self, data: bytes) -> None:
        """Answer, once the head is whole; no request of the bench has a body."""
        self._received += data
        if not self._received.endswith(b"\r\n\r\n"):
            return
        path = self._received.split(b" ", 2)[1]
        self._received = b""
        if self.wait and path != b"/sold":
            asyncio.get_running_loop().call_later(self.wait, self._answer, path)
        else:
            self._answer(path)

    def _answer(self, path: bytes) -> None:
        body = self._body_of(*path.split(b"/", 2)[1:])
        if not self._transport.is_closing():
            self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))

    def _body_of(self, door: bytes, rest: bytes = b"") -> bytes:
        if door == b"key":
            self.sold[rest] += 1
            return b"THIN-" + rest
        if door == b"files":
            return rest + b".xml"
        if door == b"file":
            return FILE
        return json.dumps({"sold": len(self.sold), "again": self.sold.total() - len(self.sold)}).encode()


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Vendor, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="bench.stub", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    arguments = parser.parse_args()
    Vendor.wait = arguments.latency_ms / 1000
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(arguments.port))
