"""Requests that stand where a page is to show them."""

from pathlib import Path

import pytest

from licenses.models import LicenseRequest, PluginConfiguration
from tests.factories import World, make_configuration, make_ready


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
