"""A license's whole life at the vendors who answer the same order with the same sale: nothing waits for a person."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now

from ka_plugins.keygen.simulator.describing import PUBLIC_KEY
from ka_plugins.keygen.simulator.wares import POLICIES
from ka_plugins.simulator.running import RunningSimulator
from licenses.configurations import save_configuration
from licenses.invariants import broken
from licenses.models import License, LicenseClass, LicenseRequest, PluginConfiguration
from licenses.services import change_license, renew_license, resume_license, suspend_license, terminate_license
from licenses.tasks import fetch_classes
from pbas.core.models import Event
from pbas.core.story import SYSTEM
from tests.factories import make_order, make_plan, make_subscription
from tests.flow.conftest import Work

MONTHLY = next(iter(POLICIES))
# Class and features of an order, other features, and the vendor's methods that sell, renew and change.
VENDORS: dict[str, dict[str, Any]] = {
    "keygen": {
        "settings": {
            "account": "demo",
            "token": "demo",
            "public_key": PUBLIC_KEY,
            "key_secret": "a secret of the tests that makes keys",
            "file_days": 0,
        },
        "class": MONTHLY,
        "features": ["FIREWALL"],
        "other": ["SITE_BUILDER"],
        "sells": "createLicense",
        "renews": "updateLicense",
        "changes": "detach",
    },
    "http_issuer": {
        "settings": {"client": "demo", "secret": "demo", "base_path": "/issuer/v1"},
        "class": "PANEL",
        "features": ["SITES_30"],
        "other": ["SITES_10", "BACKUP"],
        "sells": "putOrder",
        "renews": "putRenewal",
        "changes": "putContents",
    },
}


@pytest.fixture(params=[("keygen", False), ("http_issuer", True)], ids=["keygen", "http_issuer over tls"])
def place(request: pytest.FixtureRequest) -> tuple[dict[str, Any], bool, str]:
    name, tls = request.param
    return VENDORS[name], tls, name


@pytest.fixture
def license_class(place: tuple[dict[str, Any], bool, str], simulator: RunningSimulator, work: Work) -> LicenseClass:
    """A class that a configuration of that vendor fetched, over HTTP or TLS."""
    del work  # the bell's messages go nowhere
    wares, tls, name = place
    configuration = save_configuration(
        configuration=None,
        name=f"Vendor {name}",
        template=name,
        mode=PluginConfiguration.Mode.ONLINE,
        settings={**wares["settings"], **simulator.settings(tls=tls)},
        actor=SYSTEM,
    )
    fetch_classes(configuration.pk)
    configuration.classes.update(sold=True)
    return configuration.classes.get(code=wares["class"])


@pytest.fixture
def wares(place: tuple[dict[str, Any], bool, str]) -> dict[str, Any]:
    return place[0]


@pytest.fixture
def bought(license_class: LicenseClass, wares: dict[str, Any], work: Work, tmp_path: Path) -> Callable[[], License]:
    """A paid order of one license with its features, brought to its end."""

    def buy() -> License:
        plan = make_plan(license_class, services=["hosting"])
        plan.licenses.update(options={"features": wares["features"], "additional": []})
        make_subscription(make_order(plan), folder=tmp_path)
        settle(work)
        return License.objects.get()

    return buy


def settle(work: Work) -> None:
    """Work, let the time of parking and waiting be over, and work again."""
    work()
    PluginConfiguration.objects.update(parked_until=None)
    LicenseRequest.objects.filter(due_at__isnull=False).update(due_at=Now())
    work()


def sale(simulator: RunningSimulator, license_: License) -> dict[str, Any]:
    return next(dict(one) for one in simulator.ledger()["sales"] if one["number"] == license_.full_key)


def test_a_paid_order_is_delivered_and_its_secret_key_stays_out_of_the_story(
    bought: Callable[[], License], simulator: RunningSimulator, wares: dict[str, Any], tmp_path: Path
) -> None:
    before = simulator.sold()
    license_ = bought()
    assert license_.state == "installed"
    assert simulator.sold() == before + 1
    assert sale(simulator, license_)["features"] == wares["features"]
    file = license_.files.get()
    assert (tmp_path / file.name).read_bytes() == bytes(file.body)
    if wares["sells"] == "createLicense":
        told = " ".join(f"{one.text} {one.detail}" for one in Event.objects.all())
        assert license_.full_key not in told
    assert list(broken()) == []


@pytest.mark.parametrize("fault", ["drop_after", "html_502_after", "half_body", "429"])
def test_whatever_becomes_of_the_answer_the_order_is_delivered_and_sold_once(
    fault: str, bought: Callable[[], License], simulator: RunningSimulator, wares: dict[str, Any]
) -> None:
    before = simulator.sold()
    simulator.fault(wares["sells"], fault)
    assert bought().state == "installed"
    assert simulator.sold() == before + 1
    assert list(broken()) == []


def test_a_renewal_whose_answer_is_lost_is_made_once_without_a_person(
    bought: Callable[[], License], simulator: RunningSimulator, wares: dict[str, Any], work: Work
) -> None:
    license_ = bought()
    expires = license_.expires_at
    assert expires is not None
    simulator.fault(wares["renews"], "drop_after")
    request = renew_license(license=license_, actor=SYSTEM)
    settle(work)
    request.refresh_from_db()
    license_.refresh_from_db()
    assert request.state == "done"
    assert license_.expires_at is not None
    assert (license_.expires_at - expires).days == 30


def test_a_change_whose_answer_is_lost_is_made_without_a_person(
    bought: Callable[[], License], simulator: RunningSimulator, wares: dict[str, Any], work: Work
) -> None:
    license_ = bought()
    simulator.fault(wares["changes"], "drop_after")
    options = {"features": wares["other"], "additional": []}
    request = change_license(license=license_, options=options, actor=SYSTEM)
    settle(work)
    request.refresh_from_db()
    assert request.state == "done"
    assert set(sale(simulator, license_)["features"]) == set(wares["other"])


def test_a_license_is_suspended_resumed_and_terminated_from_the_panel(
    bought: Callable[[], License], simulator: RunningSimulator, work: Work
) -> None:
    license_ = bought()
    for act, state, key in (
        (suspend_license, "suspended", "suspended"),
        (resume_license, "installed", ""),
        (terminate_license, "terminated", "terminated"),
    ):
        request = act(license=license_, actor=SYSTEM)
        work()
        request.refresh_from_db()
        license_.refresh_from_db()
        assert (request.state, license_.state) == ("done", state)
        sold = sale(simulator, license_)
        assert {name: sold[name] for name in ("suspended", "terminated") if sold[name]} == ({key: True} if key else {})
