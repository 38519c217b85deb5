"""Simulators that the contract is tried against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ka_plugins.contract import Verb
from ka_plugins.simulator.running import RunningSimulator
from ka_plugins.workbench import BundledSimulator

if TYPE_CHECKING:
    from collections.abc import Iterator

METHODS = {Verb.CHECK: "validateLogin", Verb.ISSUE_KEY: "createKey", Verb.FETCH_FILES: "retrieveKey"}


@pytest.fixture(scope="module")
def ka() -> Iterator[BundledSimulator]:
    with RunningSimulator() as running:
        yield BundledSimulator(running, METHODS)
