"""A real sshd of a test's own: its port, its host key, one private key that opens it, and a folder of tools."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncssh

from ka_plugins.installing import Target

from . import tools

if TYPE_CHECKING:
    from collections.abc import Iterator

BOOT_SECONDS = 10.0
CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PubkeyAuthentication yes
Subsystem sftp internal-sftp
SetEnv PATH={folder}/bin:/usr/bin:/bin
MaxStartups 100
"""


@dataclass
class Sshd:
    """A running server, as tests see it."""

    port: int
    folder: Path
    private_key: str = field(repr=False)
    host_key: str
    fingerprint: str
    login: str = field(default_factory=getpass.getuser)

    def target(self, path: object = "", **credentials: str) -> Target:
        """A target that works, with what a test says differently."""
        given = {"login": self.login, "private_key": self.private_key, "host_key": self.host_key, **credentials}
        return Target("ssh", f"127.0.0.1:{self.port}{path}", given)

    @property
    def state(self) -> dict[str, Any]:
        """What the simulated tools hold."""
        content: dict[str, Any] = json.loads((self.folder / "state.json").read_text())
        return content

    def tools(self, **state: Any) -> None:
        """Install the tools anew, with what they hold."""
        content = {"held": [], "codes": {}, "calls": [], **state}
        (self.folder / "state.json").write_text(json.dumps(content))
        for name in ("plesk", "vzlicload", "vzlicview"):
            script = self.folder / "bin" / name
            command = f'exec {sys.executable} {tools.__file__} {self.folder}/state.json {name} "$@"'
            script.write_text(f"#!/bin/sh\n{command}\n")
            script.chmod(0o755)

    @property
    def connections(self) -> int:
        """How many were let in so far."""
        return (self.folder / "sshd.log").read_text().count("Accepted publickey")

    @property
    def is_frozen(self) -> bool:
        """Whether a tool has stopped the sshd that serves it."""
        return self._frozen.exists()

    def thaw(self) -> None:
        """Let that one go on, so that it can end."""
        if self.is_frozen:
            os.kill(int(self._frozen.read_text()), signal.SIGCONT)
            self._frozen.unlink()

    @property
    def _frozen(self) -> Path:
        return self.folder / "state.json.frozen"

    def no_tools(self) -> None:
        """A server on which no product is installed."""
        for script in (self.folder / "bin").iterdir():
            script.unlink()


def run_sshd(folder: Path) -> Iterator[Sshd]:
    """Start one and stop it again."""
    program = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    assert program is not None, "sshd is missing: script/test installs openssh-server"
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where root's sshd locks itself into
    (folder / "bin").mkdir()
    host_key, own_key = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    host_key.write_private_key(str(folder / "host_key"))
    (folder / "host_key").chmod(0o600)
    (folder / "authorized_keys").write_bytes(own_key.export_public_key())
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    (folder / "sshd_config").write_text(CONFIG.format(port=port, folder=folder))
    with (folder / "sshd.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "-D", "-e", "-f", folder / "sshd_config"], stdin=subprocess.DEVNULL, stderr=log
        )
    try:
        _wait(port, folder / "sshd.log")
        public = host_key.export_public_key().decode().strip()
        yield Sshd(port, folder, own_key.export_private_key().decode(), public, host_key.get_fingerprint())
    finally:
        process.terminate()
        process.wait(BOOT_SECONDS)


def _wait(port: int, log: Path) -> None:
    deadline = time.monotonic() + BOOT_SECONDS
    while True:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
