"""The engine as a tool of tests: `work()` is the worker, run by hand until nothing is due."""

import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from ka_plugins.installing import Target
from ka_plugins.simulator.running import RunningSimulator
from licenses import bell, engine
from licenses.models import LicenseClass, LicenseRequest, PluginConfiguration
from pbas.core.story import SYSTEM
from subscriptions.models import Subscription
from subscriptions.services import service_ready
from tests.factories import make_class, make_configuration, make_order, make_plan, make_subscription
from tests.recording import recorded

Work = Callable[[], None]
Buy = Callable[..., Subscription]


@pytest.fixture(autouse=True)
def _real_commits(transactional_db: None) -> None:
    """The ledger is a thread with a connection of its own: it sees what is committed."""


@pytest.fixture(autouse=True)
def _recording(_real_commits: None, request: pytest.FixtureRequest) -> Iterator[None]:
    """With RECORD_HISTORIES=FILE what moves is written down there."""
    file = os.environ.get("RECORD_HISTORIES")
    with recorded(Path(file), request.node.name) if file else nullcontext():
        yield


@pytest.fixture
def work(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Work:
    """Run the engine until nothing has been due for a moment. The bell's messages go nowhere meanwhile."""
    settings.ENGINE_LINGER_SECONDS = 0.1
    monkeypatch.setattr(bell, "send", lambda *_, **__: None)  # no worker of ours reads this test's queue

    def run() -> None:
        engine.allow_to_run()
        engine.drain()

    return run


@pytest.fixture
def vendor(simulator: RunningSimulator) -> PluginConfiguration:
    """A configuration at the simulator."""
    return make_configuration(simulator, limit=50)


@pytest.fixture
def plesk(vendor: PluginConfiguration) -> LicenseClass:
    """A class that it sells."""
    return make_class(vendor)


@pytest.fixture
def buy(plesk: LicenseClass, tmp_path: Path) -> Buy:
    """A paid order of one license, its services ready and its target a folder with an address of its own."""

    def bought(*, ready: bool = True, ip: str = "", options: dict[str, Any] | None = None) -> Subscription:
        plan = make_plan(plesk, services=["hosting"])
        plan.licenses.update(options=options or {})
        subscription = make_subscription(make_order(plan))
        if ready:
            target = Target("directory", str(tmp_path), {"ip": ip} if ip else {})
            service_ready(subscription=subscription, name="hosting", target=target, actor=SYSTEM)
        return subscription

    return bought


def request_of(subscription: Subscription) -> LicenseRequest:
    """Its one request, as it stands now."""
    return LicenseRequest.objects.select_related("license", "configuration").get(subscription=subscription)


# --- a vendor who lists his keys


@pytest.fixture(scope="module")
def vendor_of_this_module() -> Iterator[RunningSimulator]:
    with RunningSimulator() as running:
        yield running


@pytest.fixture
def issuer(vendor_of_this_module: RunningSimulator, settings: Any, work: Work) -> PluginConfiguration:
    """A configuration whose vendor lists his keys, all of which have ended; keys count however young they are."""
    del work  # the bell's messages go nowhere
    settings.RECONCILE_SETTLE_SECONDS = 0
    for sale in vendor_of_this_module.ledger()["sales"]:
        vendor_of_this_module.mark(sale["number"], terminated=True)
    given = {"client": "demo", "base_path": "/issuer/v1", **vendor_of_this_module.settings()}
    return make_configuration(
        template="http_issuer", mode="online", settings=given, secrets={"secret": "demo"}, name="Issuer"
    )


@pytest.fixture
def panel(issuer: PluginConfiguration) -> LicenseClass:
    return make_class(issuer, code="PANEL", name="Panel, monthly", monthly_fee="12.50", currency="EUR")
