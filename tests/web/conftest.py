"""Requests that stand where a page is to show them."""

from pathlib import Path

import pytest

from licenses.models import LicenseClass, LicenseRequest, PluginConfiguration
from subscriptions.models import Subscription
from tests.factories import World, make_configuration, make_ready, make_subscription
from tests.web.wares import make_wares


@pytest.fixture
def asked(world: World, tmp_path: Path) -> LicenseRequest:
    """An offline request that waits for its key; its subscription is ready."""
    make_ready(world.subscription, tmp_path)
    return world.subscription.license_requests.get()


@pytest.fixture
def online(world: World, tmp_path: Path) -> LicenseRequest:
    """An online request that waits for its key."""
    world.configuration = make_configuration(template="plesk_ka", mode=PluginConfiguration.Mode.ONLINE)
    make_ready(world.subscription, tmp_path)
    return world.subscription.license_requests.get()


@pytest.fixture
def wares(world: World) -> LicenseClass:
    """The one class that is sold: it has groups, features and additional keys."""
    settings = {"host": "ka.example.com", "port": 7050, "login": "provider", "client": "C-77"}
    world.configuration = make_configuration(
        name="Vendor", template="plesk_ka", mode="online", settings=settings, secrets={"password": "hush-hush"}
    )
    world.license_class = make_wares(world.configuration)
    return world.license_class


@pytest.fixture
def ready(world: World, wares: LicenseClass, tmp_path: Path) -> Subscription:  # noqa: ARG001 (comes first)
    """A subscription whose services are ready."""
    make_ready(make_subscription(world.order), tmp_path)
    return world.order.subscription
