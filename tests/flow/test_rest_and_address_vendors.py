"""A license's whole life at the vendor who keeps our reference and at the one who binds to an address."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now

from ka_plugins.installing import Target
from ka_plugins.simulator.running import RunningSimulator
from licenses.invariants import broken
from licenses.models import License, LicenseClass, LicenseRequest, PluginConfiguration
from licenses.proving.rounds import prove_due
from licenses.proving.services import prove_license, reinstall_license
from licenses.services import change_license, renew_license, resume_license, suspend_license, terminate_license
from pbas.core.models import Event
from pbas.core.problems import Problem
from pbas.core.story import SYSTEM
from subscriptions.models import Subscription
from subscriptions.services import service_ready
from tests.factories import make_class, make_configuration, make_order, make_plan, make_subscription
from tests.flow.conftest import Work, request_of

PRO, HOST, PACKS = "PLESK-12-WEB-PRO-1M", "PLESK-12-WEB-HOST-1M", "FT-PLESK-5-LANGUAGE-PACKS-1M"
MONITORING, SITEJET = "360-MON-PRO-1M", "SJ-PLSK-BIZ-1M"
ADMIN, PREMIUM = "21159", "21163"
Buy = Callable[..., Subscription]


def class_of(simulator: RunningSimulator, template: str, code: str, *, tls: bool = False, **more: str) -> LicenseClass:
    settings = {"login": "demo", **more, **simulator.settings(tls=tls)}
    return make_class(make_configuration(simulator, template=template, settings=settings), code=code, name="Panel")


@pytest.fixture(params=[False, True], ids=["http", "tls"])
def plesk(simulator: RunningSimulator, request: pytest.FixtureRequest) -> LicenseClass:
    path = "/jsonrest/business-partner/30" if request.param else "/30"
    return class_of(simulator, "plesk_ka3", PRO, tls=request.param, path=path)


@pytest.fixture(params=[False, True], ids=["http", "tls"])
def cpanel(simulator: RunningSimulator, request: pytest.FixtureRequest) -> LicenseClass:
    return class_of(simulator, "cpanel_manage2", ADMIN, tls=request.param, group="1")


@pytest.fixture
def order(tmp_path: Path) -> Buy:
    """A paid order of one license of a class, ready to be delivered into a folder."""

    def ordered(license_class: LicenseClass, *, ip: str = "", options: dict[str, Any] | None = None) -> Subscription:
        plan = make_plan(license_class, services=["hosting"])
        plan.licenses.update(options=options or {"features": [], "additional": []})
        subscription = make_subscription(make_order(plan))
        target = Target("directory", str(tmp_path), {"ip": ip} if ip else {})
        service_ready(subscription=subscription, name="hosting", target=target, actor=SYSTEM)
        return subscription

    return ordered


def settle(work: Work) -> None:
    """Work, and let the time of parking, waiting and of a late sale be over, until a person or nobody is waited for."""
    for _ in range(6):
        work()
        PluginConfiguration.objects.update(parked_until=None)
        waiting = LicenseRequest.objects.filter(due_at__isnull=False)
        waiting.filter(intent_at__isnull=False).update(intent_at=Now() - timedelta(minutes=5))
        if not waiting.update(due_at=Now()):
            return


def sales(simulator: RunningSimulator, license_: License) -> list[dict[str, Any]]:
    """What was sold for one license: its key first, then additional ones."""
    base = license_.full_key.rpartition(".")[0] or license_.full_key
    return [one for one in simulator.ledger()["sales"] if base in {one["base"], one["parent"]}]


def finished(request: LicenseRequest, license_: License, state: str) -> None:
    request.refresh_from_db()
    license_.refresh_from_db()
    assert (request.state, license_.state) == ("done", state), request.problem_text


# --- the vendor who keeps our reference

BOTH = {"features": [PACKS], "additional": [{"code": MONITORING, "features": []}]}


def test_a_key_with_an_additional_one_is_delivered_with_both_files(
    plesk: LicenseClass, order: Buy, work: Work, simulator: RunningSimulator, tmp_path: Path
) -> None:
    order(plesk, options=BOTH)
    work()
    license_ = License.objects.get(parent=None)
    assert (license_.state, license_.children.get().state) == ("installed", "installed")
    for one in (license_, license_.children.get()):
        file = one.files.get()
        assert (tmp_path / file.name).read_bytes() == bytes(file.body)
    assert [one["type"] for one in sales(simulator, license_)] == [PRO, MONITORING]
    assert list(broken()) == []


@pytest.mark.parametrize("plesk", [False], indirect=True, ids=["http"])
@pytest.mark.parametrize("fault", ["drop_after", "html_502", "429"])
def test_whatever_becomes_of_the_answer_the_key_is_delivered_and_sold_once_without_a_person(
    fault: str, plesk: LicenseClass, order: Buy, work: Work, simulator: RunningSimulator
) -> None:
    before = len(simulator.ledger()["sales"])
    simulator.fault("keys.create", fault)
    subscription = order(plesk, options=BOTH)
    settle(work)
    assert request_of(subscription).state == "done", request_of(subscription).problem_text
    assert len(simulator.ledger()["sales"]) == before + 2
    assert License.objects.filter(state="installed").count() == 2
    assert list(broken()) == []


def test_a_license_is_changed_renewed_suspended_resumed_and_terminated_from_the_panel(
    plesk: LicenseClass, order: Buy, work: Work, simulator: RunningSimulator
) -> None:
    order(plesk, options=BOTH)
    work()
    license_ = License.objects.get(parent=None)
    options = {"features": [], "additional": [{"code": SITEJET, "features": []}]}
    request = change_license(license=license_, options=options, actor=SYSTEM)
    work()
    finished(request, license_, "installed")
    living = [one["type"] for one in sales(simulator, license_) if not one["terminated"]]
    assert (living, license_.full_key[-4:]) == ([PRO, SITEJET], "0002")
    assert license_.features == []  # those of before are gone, and the vendor names none
    expires = license_.expires_at
    request = renew_license(license=license_, actor=SYSTEM)
    work()
    finished(request, license_, "installed")
    assert expires is not None
    assert license_.expires_at is not None
    assert license_.expires_at > expires
    for act, state in (
        (suspend_license, "suspended"),
        (resume_license, "installed"),
        (terminate_license, "terminated"),
    ):
        request = act(license=license_, actor=SYSTEM)
        work()
        finished(request, license_, state)
    assert all(one["terminated"] for one in sales(simulator, license_))


# --- the vendor who binds to an address


def test_a_license_for_an_address_is_delivered_with_nothing_but_its_number(
    cpanel: LicenseClass, order: Buy, work: Work, simulator: RunningSimulator, tmp_path: Path
) -> None:
    ip = f"10.77.{cpanel.pk % 250}.{cpanel.configuration_id % 250}"
    subscription = order(cpanel, ip=ip)
    work()
    license_ = License.objects.get()
    assert request_of(subscription).state == "done"
    assert (license_.state, license_.files.count()) == ("installed", 0)
    assert list(tmp_path.iterdir()) == [], "there is nothing to install: the vendor knows the address"
    proven = Event.objects.get(kind="proven").text
    assert proven.endswith(f"key {license_.key} is active for {ip}.")
    (sale,) = sales(simulator, license_)
    assert (sale["bound"], sale["notes"]) == (ip, [request_of(subscription).uid.hex])
    request = terminate_license(license=license_, actor=SYSTEM)
    work()
    finished(request, license_, "terminated")
    assert sales(simulator, license_)[0]["terminated"]


@pytest.mark.parametrize("cpanel", [False], indirect=True, ids=["http"])
def test_a_license_that_its_vendor_moved_away_is_not_called_delivered(
    cpanel: LicenseClass, order: Buy, work: Work
) -> None:
    ip = f"10.79.{cpanel.pk % 250}.{cpanel.configuration_id % 250}"
    subscription = order(cpanel, ip=ip)
    work()
    request = request_of(subscription)
    subscription.install_target.credentials = {"ip": "10.79.250.250"}
    subscription.install_target.save()
    LicenseRequest.objects.filter(pk=request.pk).update(state="files", due_at=Now(), finished_at=None)
    work()
    request.refresh_from_db()
    assert request.state == "attention"
    assert f"active for {ip}" in request.problem_text
    assert "10.79.250.250" in request.problem_text


@pytest.mark.parametrize("cpanel", [False], indirect=True, ids=["http"])
def test_a_license_for_an_address_is_read_back_by_asking_its_vendor(
    cpanel: LicenseClass, order: Buy, work: Work
) -> None:
    subscription = order(cpanel, ip=f"10.76.{cpanel.pk % 250}.{cpanel.configuration_id % 250}")
    work()
    license_ = License.objects.get()

    def found() -> str | None:
        prove_license(license=license_)
        assert len(list(prove_due(5))) == 1
        license_.refresh_from_db()
        return license_.found

    assert found() is None
    with pytest.raises(Problem, match="binds"):
        reinstall_license(license=license_, actor=SYSTEM)
    subscription.install_target.credentials = {"ip": "10.76.250.250"}
    subscription.install_target.save()
    assert found() == License.Found.DIFFERENT
    PluginConfiguration.objects.update(status="paused")
    assert found() == License.Found.DIFFERENT, "what was found stands while nobody can be asked"
    assert license_.found_tries == 1
    assert license_.state == "installed"


@pytest.mark.parametrize("cpanel", [False], indirect=True, ids=["http"])
@pytest.mark.parametrize("fault", ["drop_after", "half_body"])
def test_a_license_whose_answer_is_lost_is_found_at_its_address(
    fault: str, cpanel: LicenseClass, order: Buy, work: Work, simulator: RunningSimulator
) -> None:
    before = simulator.sold()
    simulator.fault("XMLlicenseAdd", fault)
    subscription = order(cpanel, ip=f"10.78.{before // 250}.{before % 250}")
    settle_once(work)
    assert request_of(subscription).state == "done", request_of(subscription).problem_text
    assert simulator.sold() == before + 1


def settle_once(work: Work) -> None:
    """Without moving the intent: a license older than it would not be this order's."""
    work()
    PluginConfiguration.objects.update(parked_until=None)
    LicenseRequest.objects.filter(due_at__isnull=False).update(due_at=Now())
    work()


def test_an_order_without_an_address_waits_for_a_person_and_buys_nothing(
    cpanel: LicenseClass, order: Buy, work: Work, simulator: RunningSimulator
) -> None:
    before = simulator.sold()
    subscription = order(cpanel)
    work()
    request = request_of(subscription)
    assert request.state == "attention"
    assert "IP address" in request.problem_text
    assert simulator.sold() == before
