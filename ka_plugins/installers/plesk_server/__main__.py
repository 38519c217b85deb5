"""`python -m ka_plugins.installers.plesk_server`: says in one line of JSON where it listens, then serves."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import tempfile
from pathlib import Path

from ka_plugins.installers.plesk_server.server import PleskServer
from ka_plugins.simulator.certificates import tls_context
from ka_plugins.simulator.server import HttpProtocol


async def _run(host: str, port: int, cert_dir: Path) -> None:
    simulated, (context, ca_file) = PleskServer(), tls_context(cert_dir, host)
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    server = await loop.create_server(lambda: HttpProtocol(simulated.serve), host, port, ssl=context)
    bound = server.sockets[0].getsockname()[1]
    ready = {"ready": True, "https": f"https://{host}:{bound}", "ca_file": str(ca_file.resolve())}
    secrets = {"login": simulated.login, "password": simulated.password, "secret_key": simulated.secret_key}
    sys.stdout.write(json.dumps(ready | secrets) + "\n")
    sys.stdout.flush()
    await stop.wait()
    server.close()


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="ka_plugins.installers.plesk_server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="HTTPS port; 0 takes a free one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plesk-server-") as folder:
        asyncio.run(_run(arguments.host, arguments.port, Path(folder)))


if __name__ == "__main__":
    main()
