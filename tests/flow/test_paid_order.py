"""A paid order to its end, with everything that can happen on the way."""

import hashlib
from pathlib import Path

import pytest

from ka_plugins.installing import Target
from ka_plugins.simulator.running import RunningSimulator
from licenses.invariants import broken
from licenses.models import License, LicenseClass, LicenseFile, LicenseRequest, PluginConfiguration
from licenses.services import renew_license, terminate_license
from pbas.core.models import Event
from pbas.core.story import SYSTEM
from subscriptions.models import Subscription
from subscriptions.services import pay_order, service_failed, service_ready
from tests.factories import make_order, make_plan, make_subscription
from tests.flow.conftest import Buy, Work, request_of


def test_a_paid_order_ends_in_a_proven_license_and_an_active_subscription(
    buy: Buy, work: Work, tmp_path: Path, simulator: RunningSimulator
) -> None:
    before = simulator.sold()
    subscription = buy()
    work()
    request = request_of(subscription)
    assert request.state == "done"
    assert request.finished_at is not None
    assert request.license is not None
    assert request.license.state == "installed"
    assert request.license.proven_at is not None
    file = request.license.files.get()
    assert hashlib.sha256((tmp_path / file.name).read_bytes()).hexdigest() == file.sha256
    assert bytes(file.body) == (tmp_path / file.name).read_bytes()
    subscription.refresh_from_db()
    assert subscription.state == "active"
    assert simulator.sold() == before + 1
    assert list(broken()) == []


def test_the_story_of_a_request_tells_each_step_in_order(buy: Buy, work: Work) -> None:
    subscription = buy()
    work()
    kinds = list(Event.objects.filter(request=request_of(subscription)).order_by("pk").values_list("kind", flat=True))
    assert kinds == [
        *("requested", "services_ready", "intent", "key_issued", "files_fetched", "installed", "proven"),
    ]


def test_licenses_wait_until_all_services_are_ready(plesk: LicenseClass, work: Work, tmp_path: Path) -> None:
    subscription = make_subscription(make_order(make_plan(plesk, services=["hosting", "mail"])))
    service_ready(subscription=subscription, name="hosting", target=Target("directory", str(tmp_path)), actor=SYSTEM)
    work()
    assert request_of(subscription).state == "services"
    service_ready(subscription=subscription, name="mail", actor=SYSTEM)
    work()
    assert request_of(subscription).state == "done"


def test_a_failed_service_leaves_the_licenses_waiting_until_it_is_ready_after_all(
    buy: Buy, work: Work, tmp_path: Path
) -> None:
    subscription = buy(ready=False)
    service_failed(subscription=subscription, name="hosting", reason="No disk left.", actor=SYSTEM)
    work()
    assert request_of(subscription).state == "services"
    assert subscription.services.get().reason == "No disk left."
    service_ready(subscription=subscription, name="hosting", target=Target("directory", str(tmp_path)), actor=SYSTEM)
    work()
    assert request_of(subscription).state == "done"


def test_a_plan_without_services_starts_its_licenses_at_once_and_asks_for_a_target(
    plesk: LicenseClass, work: Work
) -> None:
    subscription = make_subscription(make_order(make_plan(plesk, services=[])))
    work()
    request = request_of(subscription)
    assert (request.state, request.problem_kind) == ("attention", "no_target")
    assert request.license is not None


def test_paying_twice_opens_one_subscription_and_buys_once(buy: Buy, work: Work, simulator: RunningSimulator) -> None:
    before = simulator.sold()
    subscription = buy()
    assert pay_order(order=subscription.order, actor=SYSTEM) == subscription
    work()
    assert Subscription.objects.count() == 1
    assert simulator.sold() == before + 1


def test_features_and_additional_keys_are_ordered_and_the_additional_keys_are_children(
    buy: Buy, work: Work, tmp_path: Path
) -> None:
    options = {
        "features": ["UNLIMITED_DOMAINS"],
        "additional": [{"code": "PLESK_ANTIVIRUS_BY_KAV", "features": []}],
    }
    subscription = buy(options=options)
    work()
    license_ = request_of(subscription).license
    assert license_ is not None
    child = license_.children.get()
    assert child.state == "installed"
    assert {one.license_id for one in LicenseFile.objects.all()} == {license_.pk, child.pk}
    assert all((tmp_path / one.name).exists() for one in LicenseFile.objects.all())


def test_many_orders_at_once_buy_each_license_once(buy: Buy, work: Work, simulator: RunningSimulator) -> None:
    before = simulator.sold()
    for _ in range(60):
        buy()
    work()
    assert LicenseRequest.objects.filter(state="done").count() == 60
    assert simulator.sold() == before + 60
    assert License.objects.count() == 60
    assert list(broken()) == []


def test_a_renewal_moves_the_dates_and_brings_a_new_version_of_the_file(
    buy: Buy, work: Work, simulator: RunningSimulator
) -> None:
    subscription = buy()
    work()
    license_ = License.objects.get()
    sold, expires = simulator.sold(), license_.expires_at
    simulator.move_clock(25)
    request = renew_license(license=license_, actor=SYSTEM)
    work()
    request.refresh_from_db()
    license_.refresh_from_db()
    assert request.state == "done"
    assert expires is not None
    assert license_.expires_at is not None
    assert license_.expires_at > expires
    assert simulator.sold() == sold
    assert subscription.licenses.count() == 1


def test_a_termination_ends_the_license_at_the_vendor_and_here(buy: Buy, work: Work) -> None:
    buy()
    work()
    license_ = License.objects.get()
    request = terminate_license(license=license_, actor=SYSTEM)
    work()
    request.refresh_from_db()
    license_.refresh_from_db()
    assert (request.state, license_.state) == ("done", "terminated")


@pytest.mark.parametrize("limit", [1, 3])
def test_a_limit_of_calls_at_once_holds_and_everything_is_done_all_the_same(
    buy: Buy, work: Work, vendor: PluginConfiguration, limit: int
) -> None:
    vendor.limit = limit
    vendor.save()
    for _ in range(7):
        buy()
    work()
    assert LicenseRequest.objects.filter(state="done").count() == 7
