"""The contract as tests: what the panel relies on, checked against any plug-in and its simulator.

An author writes a class that inherits from `PluginContract` and supplies one fixture:

    class TestMyVendor(PluginContract):
        @pytest.fixture
        def workbench(self) -> Workbench: ...

Each test is one promise of `contract.py`. Promises of verbs that the plug-in does not declare hold by themselves.
"""

from __future__ import annotations

from ka_plugins.conformance.conduct import Conduct
from ka_plugins.conformance.declarations import Declarations
from ka_plugins.conformance.keeping import Keeping
from ka_plugins.conformance.purchases import Purchases
from ka_plugins.workbench import BundledSimulator, Mishap, Simulator, Workbench

__all__ = ["BundledSimulator", "Mishap", "PluginContract", "Simulator", "Workbench"]


class PluginContract(Declarations, Purchases, Keeping, Conduct):
    """Inherit and supply the fixture `workbench`."""
