"""Case 1: an engine is killed at each fault point that the code has, with orders in flight."""

import re
from collections.abc import Callable

import pytest
from django.conf import settings

from licenses.models import License, LicenseClass
from licenses.services import change_license
from pbas.core.story import SYSTEM
from tests.fire.fleet import Fleet
from tests.fire.shop import Shop

CALL = re.compile(r'\bpoint\("(\w+)"\)')
AT_ONCE = 5
KAV, DRWEB = "PLESK_ANTIVIRUS_BY_KAV", "PLESK_ANTIVIRUS_BY_DRWEB"

pytestmark = pytest.mark.processes


def points() -> list[str]:
    """The names of all fault points, as the code has them."""
    packages = ("licenses", "subscriptions", "pbas", "ka_plugins")
    files = [file for package in packages for file in (settings.BASE_DIR / package).rglob("*.py")]
    return sorted({name for file in files for name in CALL.findall(file.read_text())})


def orders(shop: Shop) -> None:
    """What most points are met with."""
    shop.simulator.latency(50)
    shop.sell(shop.issuer(), AT_ONCE)


def a_lost_answer(shop: Shop) -> None:
    shop.simulator.fault("createKey", "drop_after")
    shop.sell(shop.by_traits(), 1)


def an_order_at_a_vendor_who_binds_to_an_address(shop: Shop) -> None:
    shop.sell(shop.bound(), 1)


def a_change_that_replaces_a_key(shop: Shop) -> None:
    shop.sell(shop.by_traits(), 1, {"features": [], "additional": [{"code": KAV, "features": []}]})
    shop.wait_until_done()
    wanted = {"features": [], "additional": [{"code": DRWEB, "features": []}]}
    change_license(license=License.objects.get(parent=None), options=wanted, actor=SYSTEM)


WAYS: dict[str, Callable[[Shop], None]] = {
    "after_look_up": a_lost_answer,
    "after_binding": an_order_at_a_vendor_who_binds_to_an_address,
    "before_ending": a_change_that_replaces_a_key,
}


@pytest.mark.parametrize("name", points())
def test_an_engine_killed_at_this_point_costs_time_only(name: str, fleet: Fleet, shop: Shop) -> None:
    with fleet.armed(name) as has_struck:
        WAYS.get(name, orders)(shop)
        shop.wait_for(has_struck, f"no case comes to the fault point {name}: give it one in WAYS")
        seconds = shop.wait_until_done()
    assert seconds < 30
    shop.check_bought_once()


@pytest.mark.parametrize("vendor", [Shop.by_traits, Shop.by_reference])
@pytest.mark.parametrize("name", ["after_purchase", "between_license_and_move", "before_commit"])
def test_a_sale_that_a_killed_engine_did_not_keep_is_found_at_a_vendor_who_would_sell_again(
    name: str, vendor: Callable[[Shop], LicenseClass], fleet: Fleet, shop: Shop
) -> None:
    with fleet.armed(name) as has_struck:
        shop.sell(vendor(shop), AT_ONCE)
        shop.wait_for(has_struck, f"an engine has died at {name}")
        shop.wait_until_done()
    shop.check_bought_once()
