"""`python -m ka_plugins.simulator`: says in one line of JSON where it listens, then serves until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
import tempfile
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ka_plugins.cpanel_manage2.simulator import CpanelManage2Dialect
from ka_plugins.http_issuer.simulator import HttpIssuerDialect
from ka_plugins.keygen.simulator import KeygenDialect
from ka_plugins.plesk_ka.simulator import PleskKaDialect
from ka_plugins.plesk_ka3.simulator import PleskKa3Dialect
from ka_plugins.simulator.certificates import tls_context
from ka_plugins.simulator.server import HttpProtocol
from ka_plugins.simulator.stage import Stage
from ka_plugins.simulator.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ka_plugins.simulator.dialect import Dialect


NAME = "ka_plugins.simulator"
UNUSABLE = 2  # exit status


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**16:
        raise argparse.ArgumentTypeError(f"{text!r} is no port, which is a number from 0 to 65535")
    return int(text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=NAME, description=__doc__)
    parser.add_argument("--port", type=_port, default=0, help="HTTP port; 0 takes a free one")
    parser.add_argument("--tls-port", type=_port, default=0, help="HTTPS port; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="time between a deed and its answer")
    parser.add_argument("--state", type=Path, help="file that keeps what was sold across restarts")
    parser.add_argument("--cert-dir", type=Path, help="folder of the TLS certificates; by default a temporary one")
    parser.add_argument(
        "--dialect", action="append", default=[], metavar="MODULE:CLASS", help="another vendor's dialect; repeatable"
    )
    return parser.parse_args()


def _dialects(world: World, named: Sequence[str]) -> tuple[Dialect, ...]:
    """Those named first, as the Key Administrator claims the root of all paths; then the bundled ones."""
    outside = [EntryPoint(name, name, "").load()(world) for name in named]
    return (
        *outside,
        PleskKaDialect(world),
        PleskKa3Dialect(world),
        CpanelManage2Dialect(world),
        KeygenDialect(world),
        HttpIssuerDialect(world),
    )


async def _run(arguments: argparse.Namespace, cert_dir: Path) -> None:
    world = World(latency=arguments.latency_ms / 1000, state=arguments.state)
    stage = Stage(world, _dialects(world, arguments.dialect))
    stage.restore()
    context, ca_file = tls_context(cert_dir, arguments.host)
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)

    def listen(port: int, **tls: Any) -> Any:
        return loop.create_server(lambda: HttpProtocol(stage.serve), arguments.host, port, backlog=2048, **tls)

    servers = [await listen(arguments.port), await listen(arguments.tls_port, ssl=context)]
    plain, tls = (server.sockets[0].getsockname()[1] for server in servers)
    host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
    ready = {"ready": True, "http": f"http://{host}:{plain}", "https": f"https://{host}:{tls}"}
    print(json.dumps({**ready, "ca_file": str(ca_file.resolve())}), flush=True)
    await stop.wait()
    for server in servers:
        server.close()
    world.journal.close()


def main() -> None:
    """Serve until SIGTERM or Ctrl-C. Exit status 2 where a port, a file or a folder cannot be used."""
    arguments = _arguments()
    with contextlib.ExitStack() as stack:
        cert_dir = arguments.cert_dir or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="simulator-")))
        try:
            asyncio.run(_run(arguments, cert_dir))
        except OSError as error:
            print(f"{NAME}: {error}", file=sys.stderr)
            sys.exit(UNUSABLE)


if __name__ == "__main__":
    main()
