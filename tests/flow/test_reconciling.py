"""What is ours compared with what a vendor has, and what people decide about it; on a simulator of its own."""

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django.utils import timezone

from ka_plugins.contract import AdditionalOrder, Key, LicenseOrder
from ka_plugins.simulator.running import RunningSimulator
from licenses.asking import ask
from licenses.intake import new_license
from licenses.invariants import broken
from licenses.models import Finding, License, LicenseClass, LicenseRequest, PluginConfiguration, Reconciliation
from licenses.plugins import plugin_class
from licenses.reconciling import adopting, rounds, services
from licenses.reconciling.selectors import cost_of, counts_of, findings
from pbas.core.models import Event
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.story import Actor
from subscriptions.models import Subscription
from tests.factories import make_class, make_configuration, make_license, make_order, make_plan, make_subscription
from tests.flow.conftest import Work

State = License.State
WHY = "The customer left in spring."
ADA = Actor("staff", "ada")


@pytest.fixture(scope="module")
def vendor_of_this_module() -> Iterator[RunningSimulator]:
    with RunningSimulator() as running:
        yield running


@pytest.fixture
def issuer(vendor_of_this_module: RunningSimulator, settings: Any, work: Work) -> PluginConfiguration:
    """A configuration whose vendor lists his keys, all of which have ended; keys count however young they are."""
    del work  # the bell's messages go nowhere
    settings.RECONCILE_SETTLE_SECONDS = 0
    for sale in vendor_of_this_module.ledger()["sales"]:
        vendor_of_this_module.mark(sale["number"], terminated=True)
    given = {"client": "demo", "base_path": "/issuer/v1", **vendor_of_this_module.settings()}
    return make_configuration(
        template="http_issuer", mode="online", settings=given, secrets={"secret": "demo"}, name="Issuer"
    )


@pytest.fixture
def panel(issuer: PluginConfiguration) -> LicenseClass:
    return make_class(issuer, code="PANEL", name="Panel, monthly", monthly_fee="12.50", currency="EUR")


def sell(configuration: PluginConfiguration, *additional: str, code: str = "PANEL") -> Key:
    """A key that the vendor sold and of which the panel knows nothing."""
    features = ("SITES_10",) if code == "PANEL" else ()
    order = LicenseOrder(uuid4().hex, code, features, tuple(AdditionalOrder(one) for one in additional))
    return ask(configuration, lambda plugin: plugin.issue_key(order))


def run(configuration: PluginConfiguration) -> Reconciliation:
    """A whole round, asked for and made."""
    rounds.want_round(configuration=configuration, actor=ADA)
    rounds.reconcile(configuration.pk)
    return Reconciliation.objects.get(configuration=configuration)


def own(panel: LicenseClass, key: Key, **values: Any) -> License:
    """The license of a key, installed a while ago."""
    template = plugin_class(panel.configuration.template)
    made = new_license(template, key, configuration_id=panel.configuration_id, license_class_id=panel.pk,
                       subscription_id=None)  # fmt: skip
    made.state, made.installed_at = State.INSTALLED, timezone.now()
    for name, value in values.items():
        setattr(made, name, value)
    made.save()
    return made


def orphan_of(configuration: PluginConfiguration, *additional: str) -> tuple[Finding, Key]:
    """A key of nobody, found by a round."""
    key = sell(configuration, *additional)
    run(configuration)
    return Finding.objects.select_related("configuration").get(shown=key.number), key


def subscription_in(folder: Path) -> Subscription:
    return make_subscription(make_order(make_plan(services=["hosting"])), folder=folder)


# --- what a round finds ---------------------------------------------------------------------------------------------


def test_a_round_tells_ours_from_theirs_and_what_nobody_uses_costs(
    issuer: PluginConfiguration, panel: LicenseClass, vendor_of_this_module: RunningSimulator
) -> None:
    ours, ended, changed, kept = (own(panel, sell(issuer)) for _ in range(4))
    orphan = sell(issuer, "FIREWALL")
    lost = make_license(panel, key="NOBODY-1", issued_at=timezone.now() - timedelta(days=2))
    vendor_of_this_module.mark(ended.full_key, terminated=True)
    License.objects.filter(pk=changed.pk).update(features=["SITES_30"], expires_at=None)
    License.objects.filter(pk=kept.pk).update(state=State.TERMINATED)
    row = run(issuer)
    assert (row.step, row.problem, row.failures) == ("", "", 0)
    assert counts_of(issuer) == {"missing": 1, "orphan": 2, "different": 3, "doubt": 0}
    orphans = set(Finding.objects.filter(kind="orphan").values_list("shown", flat=True))
    assert orphans == {orphan.number, orphan.additional[0].number}
    told = {one.license_id: [what["what"] for what in one.differences] for one in Finding.objects.exclude(license=None)}
    assert told == {ended.pk: ["status"], changed.pk: ["features", "expires"], kept.pk: ["status"], lost.pk: []}
    cost = cost_of(findings(issuer))
    assert [(unit, str(amount)) for unit, amount in cost.amounts] == [("EUR", "25.00")], (
        "the orphan, and the one we ended"
    )
    assert cost.unknown == 1, "nobody entered what the additional key costs"
    in_sync = dict(License.objects.values_list("pk", "in_sync"))
    assert in_sync == {ours.pk: True, ended.pk: False, changed.pk: False, kept.pk: False, lost.pk: False}
    assert (
        "1 ours, not the vendor's, 2 the vendor's, not ours, 3 different" in Event.objects.get(kind="reconciled").text
    )


def test_what_is_settled_leaves_and_what_is_ignored_comes_back_in_its_time(
    issuer: PluginConfiguration, panel: LicenseClass, vendor_of_this_module: RunningSimulator
) -> None:
    changed = own(panel, sell(issuer), features=["SITES_30"])
    finding, key = orphan_of(issuer)
    services.ignore(finding=finding, until=timezone.now() + timedelta(days=3), actor=ADA, reason=WHY)
    first_seen = finding.first_seen_at
    License.objects.filter(pk=changed.pk).update(features=["SITES_10"])
    run(issuer)
    finding.refresh_from_db()
    assert (finding.ignored_why, finding.ignored_by, finding.first_seen_at) == (WHY, "ada", first_seen)
    assert str(finding.key) == key.number, "what is encrypted is still bound to its row"
    assert counts_of(issuer)["orphan"] == 0
    assert counts_of(issuer, ignored=True)["orphan"] == 1
    assert Finding.objects.count() == 1
    Finding.objects.update(ignored_until=Now())
    assert counts_of(issuer)["orphan"] == 1
    vendor_of_this_module.mark(key.number, terminated=True)
    run(issuer)
    assert Finding.objects.count() == 0


def test_keys_that_are_being_bought_are_in_doubt_of_their_request_and_young_ones_wait(
    issuer: PluginConfiguration, panel: LicenseClass, settings: Any
) -> None:
    key = sell(issuer)
    request = LicenseRequest.objects.create(
        configuration=issuer, license_class=panel, state="in_doubt", intent_at=timezone.now() - timedelta(minutes=2)
    )
    run(issuer)
    doubt = Finding.objects.get(shown=key.number)
    assert (doubt.kind, doubt.request, doubt.is_billed) == ("doubt", request, False)
    with pytest.raises(ConflictProblem, match="not an orphan"):
        adopting.adopt(finding=doubt, subscription_id=None, actor=ADA)
    LicenseRequest.objects.update(state="cancelled", finished_at=Now())
    settings.RECONCILE_SETTLE_SECONDS = 600
    run(issuer)
    young = Finding.objects.get(shown=key.number)
    assert (young.kind, young.request) == ("doubt", None), "sold a moment ago"
    settings.RECONCILE_SETTLE_SECONDS = 0
    run(issuer)
    orphan = Finding.objects.select_related("configuration").get(shown=key.number)
    assert orphan.kind == "orphan"
    LicenseRequest.objects.update(state="in_doubt", finished_at=None)
    for act in (
        lambda: adopting.adopt(finding=orphan, subscription_id=None, actor=ADA),
        lambda: services.terminate(finding=orphan, actor=ADA, reason=WHY),
    ):
        with pytest.raises(ConflictProblem, match=f"Request {request.pk} may have bought"):
            act()


def test_a_vendors_failure_is_told_and_leaves_old_findings_alone_and_no_two_rounds_run_at_once(
    issuer: PluginConfiguration, vendor_of_this_module: RunningSimulator
) -> None:
    orphan_of(issuer)
    sell(issuer)
    vendor_of_this_module.fault("getLicenses", "html_502")
    row = run(issuer)
    assert (row.step, row.failures) == ("", 1)
    assert "502" in row.problem
    assert row.due_at > timezone.now()
    assert Finding.objects.count() == 1
    assert Event.objects.filter(kind="reconciliation_failed").count() == 1
    rounds.want_round(configuration=issuer, actor=ADA)
    lease = timezone.now() + timedelta(minutes=3)
    Reconciliation.objects.update(due_at=lease, step="listing", attempt=7)
    again = rounds.want_round(configuration=issuer, actor=ADA)
    rounds.reconcile(issuer.pk)
    assert (again.step, again.attempt, Finding.objects.count()) == ("listing", 7, 1), "somebody else has it"
    Reconciliation.objects.update(due_at=Now())
    assert rounds.due_rounds() == [issuer.pk], "left by a dead worker"
    rounds.reconcile(issuer.pk)
    assert Finding.objects.count() == 2


def test_a_vendor_without_a_list_is_asked_key_by_key_and_gone_on_with_where_it_stopped(
    vendor: PluginConfiguration, plesk: LicenseClass, settings: Any, simulator: RunningSimulator, work: Work
) -> None:
    del work
    settings.RECONCILE_PER_SECOND = 1000
    first, second, third = (own(plesk, sell(vendor, code="PLESK_10_AND_LATER")) for _ in range(3))
    License.objects.filter(pk=second.pk).update(state=State.SUSPENDED)
    gone = make_license(plesk, key="PLSK.99999999.0001", fingerprint="gone", state=State.INSTALLED)
    simulator.fault("getKeyInfo", "html_502", times=3)
    row = run(vendor)
    assert (row.failures, row.reached) == (1, 0)
    simulator.heal()
    rounds.want_round(configuration=vendor, actor=ADA)
    Reconciliation.objects.update(began_at=Now(), reached=first.pk, compared=1)
    rounds.reconcile(vendor.pk)
    row = Reconciliation.objects.get()
    assert (row.problem, row.has_list, row.compared) == ("", False, 4)
    assert dict(License.objects.values_list("pk", "in_sync")) == {
        first.pk: None, second.pk: False, third.pk: True, gone.pk: False,
    }  # fmt: skip
    missing = Finding.objects.get(license=gone)
    assert (missing.kind, missing.differences[0]["what"]) == ("missing", "refused")
    with pytest.raises(Problem):
        services.fetch_anew(finding=missing, actor=ADA)
    assert Finding.objects.filter(license=gone).exists()


# --- what people decide ---------------------------------------------------------------------------------------------


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
    with pytest.raises(Problem, match=r"calls key .* a PANEL, which is none of the classes") as problem:
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


def test_the_command_compares_and_says_what_it_costs(
    issuer: PluginConfiguration, panel: LicenseClass, vendor_of_this_module: RunningSimulator
) -> None:
    own(panel, sell(issuer))
    sell(issuer)
    out = io.StringIO()
    call_command("reconcile", configuration="Issuer", stdout=out)
    assert "1 orphan; 12.50 EUR a month for what nobody uses." in out.getvalue()
    vendor_of_this_module.fault("getLicenses", "html_502")
    with pytest.raises(CommandError, match="Not compared: Issuer"):
        call_command("reconcile", stdout=out)
    with pytest.raises(CommandError, match="There is no plug-in configuration nobody"):
        call_command("reconcile", configuration="nobody", stdout=out)
