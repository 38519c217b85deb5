from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ka_plugins.simulator.running import RunningSimulator

from .desk import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def vendor() -> Iterator[RunningSimulator]:
    with RunningSimulator() as running:
        yield running


@pytest.fixture
def desk(vendor: RunningSimulator) -> Desk:
    vendor.heal()
    return Desk(vendor)
