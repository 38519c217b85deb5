"""Case 7: a vendor is away and comes back."""

import time

import pytest

from licenses.models import NEVER, LicenseClass, LicenseRequest, PluginConfiguration
from tests.fire.proxy import Proxy
from tests.fire.shop import Shop

pytestmark = pytest.mark.processes


def test_a_vendor_who_is_down_holds_up_nobody_else_and_is_drained_on_his_return(shop: Shop) -> None:
    with Proxy(shop.simulator.settings()["port"]) as vendor:
        down, other = shop.issuer(port=vendor.port), shop.by_traits()
        vendor.refuse()
        before = vendor.connections
        shop.sell(down, 15)
        shop.sell(other, 15)
        mine = LicenseRequest.objects.filter(license_class=down)
        shop.wait_for(lambda: shop.done() == 15, "the other vendor's orders are done")
        shop.wait_for(lambda: parkings(down) >= 2, "he was asked again")
        assert not mine.filter(state="done").exists()
        assert set(mine.values_list("state", "tries")) == {("key", 0)}, "waiting uses nothing up"
        assert vendor.connections == before
        vendor.allow()
        asked = parkings(down)
        shop.wait_until_done()
        assert asked <= 4, "few probes"
    assert PluginConfiguration.objects.filter(parkings__gt=0).count() == 0
    shop.check_bought_once()


def parkings(license_class: LicenseClass) -> int:
    """How often in a row the vendor of a class was asked in vain."""
    return PluginConfiguration.objects.get(classes=license_class).parkings


@pytest.mark.long
def test_ten_thousand_parked_requests_drain_by_themselves_within_two_probes(shop: Shop) -> None:
    with Proxy(shop.simulator.settings()["port"]) as vendor:
        down = shop.by_traits(port=vendor.port)
        vendor.refuse()
        configuration = PluginConfiguration.objects.filter(classes=down)
        configuration.update(parked_until=NEVER)  # or he is hardly asked any more by the time all orders are there
        shop.sell(down, 10_000)
        configuration.update(parked_until=None)
        shop.wait_for(lambda: parkings(down) >= 5, "he was asked some times")
        vendor.allow()
        before, began = parkings(down), time.monotonic()
        shop.wait_for(shop.bought, "the first is bought")
        print(f"first after {time.monotonic() - began:.1f} s, {parkings(down) - before} probes in vain")  # noqa: T201 (a figure)
        assert parkings(down) - before <= 1
        shop.wait_until_done(1800)
        print(f"all after {time.monotonic() - began:.1f} s")  # noqa: T201 (the figures of a long test)
    shop.check_bought_once()
