"""What is ours compared with what a vendor has; on a simulator of its own."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django.utils import timezone

from ka_plugins.simulator.running import RunningSimulator
from licenses.models import Finding, License, LicenseClass, LicenseRequest, PluginConfiguration, Reconciliation
from licenses.reconciling import adopting, rounds, services
from licenses.reconciling.selectors import cost_of, counts_of, findings
from pbas.core.models import Event
from pbas.core.problems import ConflictProblem, Problem
from tests.factories import make_license
from tests.flow.conftest import Work
from tests.flow.reconciling import ADA, WHY, orphan_of, own, run, sell

State = License.State


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
    rounds.want_round(configuration=issuer, actor=ADA)
    rounds.reconcile(issuer.pk, lambda: True)
    assert rounds.due_rounds() == [issuer.pk], "a worker that stops leaves it to the next at once"


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
