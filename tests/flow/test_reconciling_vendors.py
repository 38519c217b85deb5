"""At each vendor: what was just bought, renewed and changed is in sync, and what was bought behind our back is not."""

from pathlib import Path
from typing import Any

import pytest

from ka_plugins.contract import Verb
from ka_plugins.installing import Target
from ka_plugins.keygen.simulator.describing import PUBLIC_KEY
from ka_plugins.keygen.simulator.wares import POLICIES
from ka_plugins.simulator.running import RunningSimulator
from licenses.configurations import fetch_classes
from licenses.models import Finding, License, LicenseClass
from licenses.plugins import plugin_class
from licenses.services import renew_license, suspend_license
from pbas.core.story import SYSTEM
from subscriptions.services import service_ready
from tests.factories import make_configuration, make_order, make_plan, make_subscription
from tests.flow.conftest import Work
from tests.flow.reconciling import run

VENDORS: dict[str, tuple[dict[str, Any], dict[str, Any], str, dict[str, Any]]] = {
    "plesk_ka": (
        {"login": "demo", "client": "demo"},
        {"password": "demo"},
        "PLESK_10_AND_LATER",
        {"features": ["UNLIMITED_DOMAINS"], "additional": [{"code": "PLESK_ANTIVIRUS_BY_KAV", "features": []}]},
    ),
    "plesk_ka3": (
        {"login": "demo", "client": "1", "path": "/30"},
        {"password": "demo"},
        "PLESK-12-WEB-PRO-1M",
        {"features": ["FT-PLESK-5-LANGUAGE-PACKS-1M"], "additional": [{"code": "360-MON-PRO-1M", "features": []}]},
    ),
    "cpanel_manage2": ({"login": "demo", "group": "1"}, {"password": "demo"}, "21159", {}),
    "keygen": (
        {"account": "demo", "public_key": PUBLIC_KEY, "file_days": 0},
        {"token": "demo", "key_secret": "a secret of the tests that makes keys"},
        next(iter(POLICIES)),
        {"features": ["FIREWALL"]},
    ),
    "http_issuer": (
        {"client": "demo", "base_path": "/issuer/v1"},
        {"secret": "demo"},
        "PANEL",
        {"features": ["SITES_30"], "additional": [{"code": "FIREWALL", "features": []}]},
    ),
}


@pytest.mark.parametrize("name", VENDORS)
def test_what_was_bought_renewed_and_suspended_is_in_sync_at_each_vendor(
    name: str, vendor_of_this_module: RunningSimulator, settings: Any, work: Work, tmp_path: Path
) -> None:
    settings.RECONCILE_SETTLE_SECONDS, settings.RECONCILE_PER_SECOND = 0, 1000
    given, secrets, code, options = VENDORS[name]
    given = {**given, **vendor_of_this_module.settings()}
    configuration = make_configuration(template=name, mode="online", settings=given, secrets=secrets)
    fetch_classes(configuration=configuration)
    license_class = configuration.classes.get(code=code)
    license_ = _bought(license_class, options, work, tmp_path)
    assert run(configuration).problem == ""
    assert _told() == []
    assert set(License.objects.values_list("in_sync", flat=True)) == {True}
    if Verb.RENEW in plugin_class(name).verbs:
        renew_license(license=license_, actor=SYSTEM)
        work()
    if name == "plesk_ka3":  # whose additional keys stay active
        suspend_license(license=license_, actor=SYSTEM)
        work()
    assert run(configuration).problem == ""
    assert _told() == []


def _bought(license_class: LicenseClass, options: dict[str, Any], work: Work, folder: Path) -> License:
    LicenseClass.objects.filter(pk=license_class.pk).update(sold=True)
    plan = make_plan(license_class, services=["hosting"])
    plan.licenses.update(options={"features": [], "additional": [], **options})
    subscription = make_subscription(make_order(plan))
    target = Target("directory", str(folder), {"ip": "198.51.100.7"})
    service_ready(subscription=subscription, name="hosting", target=target, actor=SYSTEM)
    work()
    return License.objects.get(parent=None, state="installed")


def _told() -> list[Any]:
    return list(Finding.objects.values_list("kind", "shown", "differences"))
