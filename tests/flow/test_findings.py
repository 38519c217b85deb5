"""What people decide about a key on which the panel and a vendor do not agree."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from ka_plugins.contract import AdditionalOrder, LicenseOrder
from ka_plugins.simulator.running import RunningSimulator
from licenses.asking import ask
from licenses.invariants import broken
from licenses.models import Finding, License, LicenseClass, LicenseRequest, PluginConfiguration
from licenses.reconciling import adopting, services
from pbas.core.models import Event
from pbas.core.problems import ConflictProblem, Problem
from tests.flow.conftest import Work
from tests.flow.reconciling import ADA, WHY, orphan_of, own, run, sell, subscription_in

State = License.State


def test_an_orphan_is_adopted_for_a_subscription_with_its_additional_key_and_installed_without_buying(
    issuer: PluginConfiguration, panel: LicenseClass, work: Work, tmp_path: Path,
    vendor_of_this_module: RunningSimulator,
) -> None:  # fmt: skip
    finding, key = orphan_of(issuer, "FIREWALL")
    sold = len(vendor_of_this_module.ledger()["sales"])
    subscription = subscription_in(tmp_path)
    request = adopting.adopt(finding=finding, subscription_id=subscription.pk, actor=ADA, reason=WHY)
    work()
    assert isinstance(request, LicenseRequest)
    request.refresh_from_db()
    license_ = License.objects.get(parent=None)
    assert (request.state, license_.state, license_.full_key) == ("done", "installed", key.number), request.problem_text
    assert (license_.license_class, license_.children.count(), license_.in_sync) == (panel, 1, True)
    assert len(vendor_of_this_module.ledger()["sales"]) == sold
    assert (tmp_path / license_.files.get().name).exists()
    assert Finding.objects.count() == 0
    assert run(issuer).problem == ""
    assert (Finding.objects.count(), list(broken())) == (0, [])
    with pytest.raises(ConflictProblem, match="settled"):
        adopting.adopt(finding=finding, subscription_id=None, actor=ADA)


def test_what_cannot_be_adopted_or_ended_says_why_and_changes_nothing(
    issuer: PluginConfiguration, panel: LicenseClass, vendor_of_this_module: RunningSimulator
) -> None:
    finding, key = orphan_of(issuer)
    unknown, agent = orphan_of(issuer)
    License.objects.all().delete()
    vendor_of_this_module.mark(key.number, terminated=True)
    with pytest.raises(Problem, match="is terminated: there is nothing to adopt"):
        adopting.adopt(finding=finding, subscription_id=None, actor=ADA)
    vendor_of_this_module.mark(key.number, terminated=False)
    LicenseClass.objects.filter(pk=panel.pk).update(code="OTHER")
    with pytest.raises(Problem, match=r"gives key .* the class “PANEL”, which is none of the classes") as problem:
        adopting.adopt(finding=unknown, subscription_id=None, actor=ADA)
    assert problem.value.field == "license_class"
    LicenseClass.objects.filter(pk=panel.pk).update(code="PANEL")
    with pytest.raises(Problem, match="There is no subscription 99999"):
        adopting.adopt(finding=finding, subscription_id=99999, actor=ADA)
    with pytest.raises(Problem, match="Say why"):
        services.terminate(finding=finding, actor=ADA, reason=" ")
    taken = own(panel, key)
    for act in (
        lambda: adopting.adopt(finding=finding, subscription_id=None, actor=ADA),
        lambda: services.terminate(finding=finding, actor=ADA, reason=WHY),
    ):
        with pytest.raises(ConflictProblem, match=f"is on license {taken.pk} by now"):
            act()
    with pytest.raises(Problem, match="in the future"):
        services.ignore(finding=finding, until=timezone.now(), actor=ADA, reason=WHY)
    Finding.objects.filter(pk=unknown.pk).update(busy_until=timezone.now() + timedelta(minutes=1))
    with pytest.raises(ConflictProblem, match="Somebody else is deciding"):
        services.terminate(finding=unknown, actor=ADA, reason=WHY)
    assert (Finding.objects.count(), LicenseRequest.objects.count()) == (2, 0)
    alive = [one["number"] for one in vendor_of_this_module.ledger()["sales"] if not one["terminated"]]
    assert {key.number, agent.number} <= set(alive)


def test_a_key_that_nobody_uses_is_ended_at_the_vendor_with_the_reason_in_the_story(
    issuer: PluginConfiguration, panel: LicenseClass, vendor_of_this_module: RunningSimulator
) -> None:
    finding, key = orphan_of(issuer)
    ended = own(panel, sell(issuer), state=State.TERMINATED)
    run(issuer)
    vendor_of_this_module.fault("putState", "html_502")
    with pytest.raises(Problem, match="502"):
        services.terminate(finding=finding, actor=ADA, reason=WHY)
    services.terminate(finding=finding, actor=ADA, reason=WHY)
    services.terminate(finding=Finding.objects.select_related("configuration", "license").get(), actor=ADA, reason=WHY)
    gone = {one["number"] for one in vendor_of_this_module.ledger()["sales"] if one["terminated"]}
    assert {key.number, ended.full_key} <= gone
    told = list(Event.objects.filter(kind__startswith="orphan").order_by("pk").values_list("kind", "actor", "detail"))
    assert [kind for kind, _who, _why in told] == [
        *("orphan_end_asked", "orphan_not_ended", "orphan_end_asked", "orphan_ended"),
        *("orphan_end_asked", "orphan_ended"),
    ]
    assert {(who, why) for kind, who, why in told if kind == "orphan_ended"} == {("ada", WHY)}
    run(issuer)
    assert (Finding.objects.count(), License.objects.get(pk=ended.pk).in_sync) == (0, True)


def test_the_vendors_word_is_taken_over_and_its_files_are_installed_again_without_buying(
    issuer: PluginConfiguration, panel: LicenseClass, work: Work, tmp_path: Path,
    vendor_of_this_module: RunningSimulator,
) -> None:  # fmt: skip
    subscription = subscription_in(tmp_path)
    one = own(panel, sell(issuer), features=["SITES_30"], subscription_id=subscription.pk)
    other = own(panel, sell(issuer), subscription_id=subscription.pk)
    vendor_of_this_module.mark(other.full_key, terminated=True)
    run(issuer)
    first, second = (Finding.objects.select_related("configuration").get(license=each) for each in (one, other))
    request = services.fetch_anew(finding=first, actor=ADA)
    assert services.fetch_anew(finding=second, actor=ADA) is None
    work()
    assert request is not None
    request.refresh_from_db()
    one.refresh_from_db()
    other.refresh_from_db()
    assert (request.state, one.features, one.in_sync, one.state) == ("done", ["SITES_10"], True, "installed"), (
        request.problem_text
    )
    assert (tmp_path / one.files.get().name).exists()
    assert (other.state, other.in_sync) == ("terminated", True)
    run(issuer)
    assert (Finding.objects.count(), list(broken())) == (0, [])


def test_what_hangs_on_a_license_goes_where_its_parent_is_and_what_hangs_on_an_orphan_protects_it(
    issuer: PluginConfiguration, panel: LicenseClass, vendor_of_this_module: RunningSimulator
) -> None:
    key = sell(issuer)
    parent = own(panel, key)
    wanted = LicenseOrder("", "PANEL", ("SITES_10",), (AdditionalOrder("FIREWALL"),))
    changed = ask(issuer, lambda plugin: plugin.change(key.number, wanted))
    run(issuer)
    (child,) = Finding.objects.select_related("configuration")
    assert (child.kind, child.shown) == ("orphan", changed.additional[0].number)
    assert (child.license, License.objects.get(pk=parent.pk).in_sync) == (parent, True)
    made = adopting.adopt(finding=child, subscription_id=None, actor=ADA)
    assert isinstance(made, License)
    assert (made.parent, made.features, Finding.objects.count()) == (parent, ["FIREWALL"], 0)
    run(issuer)
    assert Finding.objects.count() == 0
    License.objects.filter(pk=made.pk).update(parent=None)
    License.objects.filter(pk=parent.pk).update(fingerprint="another", state=State.TERMINATED)
    run(issuer)
    orphan = Finding.objects.select_related("configuration").get(kind="orphan")
    with pytest.raises(ConflictProblem, match=f"hangs on key {key.number}, is on license {made.pk} and lives"):
        services.terminate(finding=orphan, actor=ADA, reason=WHY)
    License.objects.filter(pk=made.pk).update(state=State.TERMINATED, fingerprint=orphan.fingerprint)
    with pytest.raises(Problem, match="is already on license"):
        adopting.adopt(finding=orphan, subscription_id=None, actor=ADA)
    License.objects.filter(pk=made.pk).update(fingerprint="a third")
    stock = adopting.adopt(finding=orphan, subscription_id=None, actor=ADA)
    assert isinstance(stock, LicenseRequest)
    assert (stock.state, stock.subscription, License.objects.count()) == ("files", None, 4)
    assert not any(one["terminated"] for one in vendor_of_this_module.ledger()["sales"] if one["number"] == key.number)
