"""Servers that licenses are installed into: a real sshd, and the simulated Plesk server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ka_plugins.installers.plesk_server.running import RunningPleskServer

from .sshd import Sshd, run_sshd

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="package")
def _sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    yield from run_sshd(tmp_path_factory.mktemp("sshd"))


@pytest.fixture
def sshd(_sshd: Sshd) -> Sshd:
    """A server over SSH whose products hold nothing."""
    _sshd.tools()
    return _sshd


@pytest.fixture(scope="package")
def _plesk() -> Iterator[RunningPleskServer]:
    with RunningPleskServer() as running:
        yield running


@pytest.fixture
def plesk(_plesk: RunningPleskServer) -> RunningPleskServer:
    """A Plesk server that holds nothing and behaves."""
    _plesk.order(forget=True, behaviour="ordinary")
    return _plesk
