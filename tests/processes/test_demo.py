"""The demo's parts: what is made for it, and the store and the provisioner that come from outside."""

import hashlib
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from knox.models import AuthToken

from ka_plugins.simulator.running import RunningSimulator
from licenses.models import LicenseClass, PluginConfiguration
from pbas import demo
from pbas.core.crypto import Keyring
from subscriptions.models import HostingPlan, Order, Subscription


@pytest.fixture
def demo_made(transactional_db: None, simulator: RunningSimulator) -> None:  # noqa: ARG001 (a server thread looks)
    call_command("make_demo", simulator.https, simulator.ca_file)


@pytest.fixture
def api(live_server: Any, staff: User) -> demo.Api:
    return demo.Api(live_server.url, AuthToken.objects.create(staff)[1])


@pytest.mark.usefixtures("demo_made")
def test_the_demo_has_an_online_and_an_offline_plug_in_that_sell_and_plans_of_both() -> None:
    modes = dict(PluginConfiguration.objects.values_list("name", "mode"))
    assert modes == {"Plesk (simulated)": "online", "Offline keys": "offline"}
    assert set(PluginConfiguration.objects.values_list("status", flat=True)) == {"configured"}
    sold = LicenseClass.objects.filter(sold=True)
    assert set(sold.values_list("configuration__mode", flat=True)) == {"online", "offline"}
    offered = LicenseClass.objects.filter(pk__in=HostingPlan.objects.values("licenses__license_class"))
    assert set(offered) <= set(sold)
    assert all(plan.services.filter(is_hosting=True).count() == 1 for plan in HostingPlan.objects.all())


@pytest.mark.usefixtures("demo_made")
def test_made_again_it_follows_the_simulator_and_keeps_what_the_provider_changed(simulator: RunningSimulator) -> None:
    HostingPlan.objects.filter(code="web-hosting").update(name="Our hosting")
    LicenseClass.objects.update(sold=False)
    counts = HostingPlan.objects.count(), LicenseClass.objects.count(), PluginConfiguration.objects.count()
    call_command("make_demo", simulator.http, "")
    assert counts == (HostingPlan.objects.count(), LicenseClass.objects.count(), PluginConfiguration.objects.count())
    assert HostingPlan.objects.get(code="web-hosting").name == "Our hosting"
    assert not LicenseClass.objects.filter(sold=True).exists()
    online = PluginConfiguration.objects.get(mode="online")
    assert {name: online.settings[name] for name in ("scheme", "port")} == {
        "scheme": "http",
        "port": simulator.settings()["port"],
    }
    assert online.secrets == {"password": "demo"}


@pytest.mark.usefixtures("demo_made")
def test_the_provisioner_sets_up_its_services_and_leaves_a_technicians_to_him(api: demo.Api, tmp_path: Path) -> None:
    hosted = demo.place_order(api, "cart-1")
    account = {"name": "Ada", "email": "ada@example.com"}
    dedicated = api.post("orders/", {"reference": "cart-2", "plan": "dedicated-server", "account": account})["number"]
    api.post(f"orders/{dedicated}/pay/")
    with demo.Provisioner(api.url, api.token, tmp_path):
        until = time.monotonic() + 20
        while not hasattr(Subscription.objects.get(order__number=hosted), "install_target"):
            assert time.monotonic() < until
            time.sleep(0.05)
    served = Subscription.objects.get(order__number=hosted)
    assert served.install_target.address == str(tmp_path / str(served.pk))
    assert (tmp_path / str(served.pk)).is_dir()
    waiting = Subscription.objects.get(order__number=dedicated)
    assert list(waiting.services.values_list("name", "state")) == [("server", "pending")]


@pytest.mark.usefixtures("demo_made")
def test_one_reference_of_the_demos_store_is_one_order(api: demo.Api) -> None:
    assert demo.place_order(api, "cart-1") == demo.place_order(api, "cart-1")
    assert Order.objects.count() == 1


@pytest.mark.usefixtures("demo_made")
def test_an_order_that_does_not_end_in_time_is_told_with_its_state(api: demo.Api) -> None:
    outcome = demo.follow_order(api, "cart-1", seconds=0.0)
    assert outcome.state == "services"
    assert f"Order {outcome.order}: its license request is services" in outcome.problem


@pytest.mark.usefixtures("demo_made")
def test_what_the_panel_refuses_is_told_in_its_words(api: demo.Api) -> None:
    with pytest.raises(demo.ApiError, match="422 There is no plan nothing"):
        api.post("orders/", {"reference": "r", "plan": "nothing", "account": {"name": "A", "email": "a@example.com"}})


@pytest.mark.parametrize("body", [b"as the panel has it", b"changed", None])
def test_only_the_panels_own_bytes_on_the_disk_count_as_installed(body: bytes | None, tmp_path: Path) -> None:
    good = hashlib.sha256(b"as the panel has it").hexdigest()
    license_ = {"key": "PLSK.1", "state": "installed", "proven_at": "now", "files": [{"name": "a", "sha256": good}]}
    if body is not None:
        (tmp_path / "a").write_bytes(body)
    files, problem = demo.installed_files(license_, tmp_path)
    if body == b"as the panel has it":
        assert (files, problem) == ([{"path": str(tmp_path / "a"), "sha256": good}], "")
    else:
        assert files == []
        assert "do not lie in" in problem


def test_fresh_field_keys_are_a_ring() -> None:
    printed = StringIO()
    call_command("make_field_keys", stdout=printed)
    ring = Keyring(printed.getvalue().strip())
    assert ring.open(ring.seal(b"secret", "here"), "here") == b"secret"
