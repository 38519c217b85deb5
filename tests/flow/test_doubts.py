"""What nobody knows to be bought: settled by asking; when somebody looks, gives it up, or adopts a key."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from ka_plugins.contract import Key, LicenseOrder
from ka_plugins.plesk_ka.plugin import PleskKaPlugin
from ka_plugins.simulator.running import RunningSimulator
from licenses.models import Finding, License, LicenseClass, LicenseRequest, PluginConfiguration
from licenses.services import adopt_key, cancel_request, renew_license
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.story import SYSTEM
from subscriptions.models import Subscription
from tests.flow.conftest import Buy, Work, request_of
from tests.flow.test_vendor_faults import due_now, numbers, unpark


def bought_without_an_answer(
    buy: Buy, work: Work, simulator: RunningSimulator, vendor: PluginConfiguration
) -> Subscription:
    simulator.fault("createKey", "drop_after")
    subscription = buy()
    for _ in range(2):
        work()
        unpark(vendor)
        due_now()
    return subscription


@pytest.fixture
def doubtful(buy: Buy, work: Work, simulator: RunningSimulator, vendor: PluginConfiguration) -> LicenseRequest:
    """A request whose key was sold, which its vendor cannot find again; and a person has to settle it."""
    subscription = bought_without_an_answer(buy, work, simulator, vendor)
    request = request_of(subscription)
    assert (request.state, request.stopped_in) == ("attention", "in_doubt")
    return request


@pytest.mark.parametrize(("fault", "renewals"), [("drop_after", 1), ("drop_before", 2)])
def test_a_renewal_whose_answer_was_lost_is_settled_by_the_licenses_term_and_made_once(
    fault: str,
    renewals: int,
    buy: Buy,
    work: Work,
    simulator: RunningSimulator,
    vendor: PluginConfiguration,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("licenses.steps.SETTLE_MARGIN", -300.0)  # its time-out is over at once
    buy()
    work()
    license_ = License.objects.get()
    asked = simulator.ledger()["calls"].get("renewKey", 0)
    simulator.fault("renewKey", fault)
    request = renew_license(license=license_, actor=SYSTEM)
    for _ in range(6):
        work()
        unpark(vendor)
        due_now()
    request.refresh_from_db()
    assert request.state == "done", request.problem_text
    renewed = License.objects.get()
    assert license_.expires_at is not None
    assert renewed.expires_at is not None
    assert timedelta(days=20) < renewed.expires_at - license_.expires_at < timedelta(days=40)
    assert simulator.ledger()["calls"]["renewKey"] - asked == renewals


def test_a_renewal_that_the_term_does_not_tell_comes_to_a_person(
    buy: Buy, work: Work, simulator: RunningSimulator, vendor: PluginConfiguration
) -> None:
    buy()
    work()
    License.objects.update(expires_at=None)
    simulator.fault("renewKey", "drop_after")
    request = renew_license(license=License.objects.get(), actor=SYSTEM)
    for _ in range(2):
        work()
        unpark(vendor)
        due_now()
    request.refresh_from_db()
    assert (request.state, request.problem_kind) == ("attention", "unknown")


def test_whoever_opens_a_request_in_doubt_has_the_vendor_asked_now(
    buy: Buy, work: Work, simulator: RunningSimulator, vendor: PluginConfiguration, staff_client: Client
) -> None:
    simulator.fault("createKey", "drop_after")
    request = request_of(buy(ip="10.1.3.1"))
    work()
    unpark(vendor)
    LicenseRequest.objects.filter(pk=request.pk).update(due_at=Now() + timedelta(hours=1))
    staff_client.get(reverse("license_request", args=[request.pk]))
    assert LicenseRequest.objects.filter(pk=request.pk, state="in_doubt", due_at__lte=Now()).exists()
    work()
    request.refresh_from_db()
    assert request.state == "done"


def test_of_several_keys_a_person_sees_what_each_costs_and_adopts_one(
    buy: Buy,
    work: Work,
    simulator: RunningSimulator,
    vendor: PluginConfiguration,
    plesk: LicenseClass,
    staff_client: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    LicenseClass.objects.filter(pk=plesk.pk).update(monthly_fee="9.50", currency="EUR")
    before, known = simulator.sold(), numbers(simulator)
    real = PleskKaPlugin.issue_key

    async def twice(plugin: PleskKaPlugin, order: LicenseOrder) -> Key:  # somebody else orders for the same address
        await real(plugin, order)
        return await real(plugin, order)

    with monkeypatch.context() as patched:
        patched.setattr(PleskKaPlugin, "issue_key", twice)
        simulator.fault("createKey", "late", times=1, seconds=0.0)
        simulator.fault("createKey", "drop_after")
        request = request_of(buy(ip="10.1.3.2"))
        work()
    unpark(vendor)
    due_now()
    work()
    request.refresh_from_db()
    assert (request.state, request.problem_kind) == ("attention", "unknown")
    sold = sorted(numbers(simulator) - known)
    assert len(sold) == 2
    page = staff_client.get(reverse("license_request", args=[request.pk])).text
    assert all(f"Adopt {number}" in page for number in sold)
    assert "9.50 EUR" in page
    chosen = Finding.objects.get(request=request, shown=sold[0])
    address = reverse("license_request_candidate", args=[request.pk])
    assert "no candidate" in staff_client.post(address, {"candidate": "0"}, follow=True).text
    staff_client.post(address, {"candidate": chosen.pk})
    work()
    request.refresh_from_db()
    assert request.state == "done"
    assert License.objects.get().key == sold[0]
    assert simulator.sold() == before + 2
    assert not Finding.objects.filter(pk=chosen.pk).exists()


def test_who_gives_up_a_request_in_doubt_has_the_vendor_asked_first(
    buy: Buy, work: Work, simulator: RunningSimulator, vendor: PluginConfiguration
) -> None:
    simulator.fault("createKey", "drop_after")
    request = request_of(buy(ip="10.1.3.3"))
    work()
    request.refresh_from_db()
    for says in (False, True):  # whatever he says, the vendor knows better
        with pytest.raises(ConflictProblem, match=r"The vendor sold PLSK\.\d+\.\d+ for request"):
            cancel_request(request=request, actor=SYSTEM, reason="Not wanted.", nothing_sold=says)
    unpark(vendor)
    due_now()
    work()
    request.refresh_from_db()
    assert request.state == "done"


def test_a_doubt_of_which_the_vendor_cannot_tell_is_given_up_by_a_persons_word_only(
    doubtful: LicenseRequest, staff_client: Client
) -> None:
    page = reverse("license_request_cancel", args=[doubtful.pk])
    refused = staff_client.post(page, {"reason": "Not wanted."}).text
    assert "may have been sold" in refused
    doubtful.refresh_from_db()
    assert doubtful.state == "attention"
    staff_client.post(page, {"reason": "Not in his list.", "nothing_sold": "on"})
    doubtful.refresh_from_db()
    assert doubtful.state == "cancelled"


def one_more(simulator: RunningSimulator, known: set[str]) -> str:
    (number,) = numbers(simulator) - known
    return number


def test_a_key_is_adopted_only_as_the_vendor_has_it(
    buy: Buy,
    work: Work,
    simulator: RunningSimulator,
    vendor: PluginConfiguration,
    plesk: LicenseClass,
) -> None:
    buy()
    work()
    taken, known = License.objects.get(), numbers(simulator)
    subscription = bought_without_an_answer(buy, work, simulator, vendor)
    request = request_of(subscription)
    number = one_more(simulator, known)

    def refused(says: str, key: str, **changed: Any) -> None:
        LicenseClass.objects.filter(pk=plesk.pk).update(**changed)
        request = request_of(subscription)
        with pytest.raises(Problem, match=says) as caught:
            adopt_key(request=request, key=key, actor=SYSTEM)
        assert caught.value.field == "key"
        assert request_of(subscription).state == "attention"
        assert License.objects.count() == 1

    refused("already on license", taken.key)
    refused("is a PLESK_10_AND_LATER, but", number, code="OTHER")
    LicenseClass.objects.filter(pk=plesk.pk).update(code="PLESK_10_AND_LATER")
    refused("was asked about key", "PLSK.99999999.0001")
    simulator.fault("getKeyInfo", "html_502")
    refused("was asked about key", number)
    simulator.mark(number, terminated=True)
    refused("is terminated at the vendor", number)
    LicenseRequest.objects.filter(pk=request.pk).update(attempt=F("attempt") + 1)  # a worker was there meanwhile
    simulator.mark(number, terminated=False)
    with pytest.raises(ConflictProblem, match="moved on"):
        adopt_key(request=request, key=number, actor=SYSTEM)
    assert License.objects.count() == 1
