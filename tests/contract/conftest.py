"""Simulators that the contract is tried against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xmlrpc.client import ServerProxy

import pytest

from ka_plugins.contract import Verb
from ka_plugins.simulator.running import RunningSimulator
from ka_plugins.workbench import BundledSimulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

METHODS = {
    Verb.CHECK: "validateLogin",
    Verb.ISSUE_KEY: "createKey",
    Verb.FETCH_FILES: "retrieveKey",
    Verb.RENEW: "renewKey",
    Verb.CHANGE: "upgradeKey",
}


def ka_files(ka: BundledSimulator) -> Callable[[str], Sequence[bytes]]:
    """Reads a key's file with the standard library's client, which knows nothing of the plug-in."""

    def read(number: str) -> Sequence[bytes]:
        with ServerProxy(ka.running.http) as vendor:
            login = {"login": "demo", "password": "demo"}
            answer: Any = vendor.partner10.retrieveKey(login, number)
            return (answer["key"].data,)

    return read


@pytest.fixture(scope="module")
def ka() -> Iterator[BundledSimulator]:
    with RunningSimulator() as running:
        yield BundledSimulator(running, METHODS)
