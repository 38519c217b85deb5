"""What the vendor may answer: the request says what happened and what comes next, and nothing is bought twice."""

import time
from dataclasses import replace

import pytest
from django.db.models.functions import Now

from ka_plugins.plesk_ka.plugin import PleskKaPlugin
from ka_plugins.simulator.running import RunningSimulator
from licenses.configurations import save_configuration
from licenses.models import License, LicenseRequest, PluginConfiguration
from licenses.services import adopt_key, cancel_request, hold_request, order_again, retry_request
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.story import SYSTEM
from tests.flow.conftest import Buy, Work, request_of


def unpark(configuration: PluginConfiguration) -> None:
    """Let the time of a parking be over."""
    PluginConfiguration.objects.filter(pk=configuration.pk).update(parked_until=None)


def due_now() -> None:
    """Let the time of all waiting be over."""
    LicenseRequest.objects.filter(due_at__isnull=False).update(due_at=Now())


LOST_AFTER_SALE = ["drop_after", "500_after", "half_body", "huge_body"]


@pytest.mark.parametrize("fault", LOST_AFTER_SALE)
def test_an_answer_lost_after_the_sale_is_settled_by_asking_and_nothing_is_bought_again(
    fault: str, buy: Buy, work: Work, simulator: RunningSimulator, vendor: PluginConfiguration
) -> None:
    before = simulator.sold()
    simulator.fault("createKey", fault)
    subscription = buy(ip=f"10.1.2.{LOST_AFTER_SALE.index(fault)}")  # the vendor remembers earlier tests
    work()
    request = request_of(subscription)
    assert (request.state, request.problem_kind) == ("in_doubt", "unknown")
    unpark(vendor)
    due_now()
    work()
    request = request_of(subscription)
    assert request.state == "done"
    assert request.license is not None
    assert simulator.sold() == before + 1


def numbers(simulator: RunningSimulator) -> set[str]:
    """Of all main keys ever sold, by whichever vendor."""
    return {str(sale["number"]) for sale in simulator.ledger()["sales"] if not sale["additional"]}


def test_a_doubt_that_cannot_be_asked_about_comes_to_a_person_and_is_never_bought_on_a_guess(
    buy: Buy, work: Work, simulator: RunningSimulator, vendor: PluginConfiguration
) -> None:
    before, known = simulator.sold(), numbers(simulator)
    simulator.fault("createKey", "drop_after")
    subscription = buy()
    work()
    unpark(vendor)
    due_now()
    work()
    request = request_of(subscription)
    assert (request.state, request.stopped_in) == ("attention", "in_doubt")
    assert simulator.sold() == before + 1
    with pytest.raises(ConflictProblem, match="may have been sold"):
        cancel_request(request=request, actor=SYSTEM, reason="No longer wanted.")
    (key,) = numbers(simulator) - known
    adopt_key(request=request, key=key, actor=SYSTEM)
    work()
    adopted = request_of(subscription)
    assert adopted.state == "done"
    assert adopted.license is not None
    assert adopted.license.expires_at is not None
    assert adopted.license.activation_code
    assert simulator.sold() == before + 1


def test_a_key_that_is_not_found_again_comes_to_a_person_after_the_settle_time(
    buy: Buy, work: Work, simulator: RunningSimulator, vendor: PluginConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PleskKaPlugin, "timeout", 2.0)
    monkeypatch.setattr("licenses.steps.SETTLE_MARGIN", 0.0)
    before = simulator.sold()
    simulator.fault("createKey", "drop_before")
    subscription = buy(ip="10.1.2.77")
    until = time.monotonic() + 30  # for what takes two seconds on a quiet machine
    while (request := request_of(subscription)).state != "attention" and time.monotonic() < until:
        work()
        unpark(vendor)
        due_now()
    assert (request.state, request.stopped_in) == ("attention", "in_doubt")
    assert "does not prove" in request.problem_text
    assert simulator.sold() == before


def test_a_person_who_knows_that_nothing_was_sold_has_it_ordered_again_with_a_reason(
    buy: Buy, work: Work, simulator: RunningSimulator, vendor: PluginConfiguration
) -> None:
    before = simulator.sold()
    simulator.fault("createKey", "drop_before")
    subscription = buy()
    work()
    unpark(vendor)
    with pytest.raises(Problem, match="how you know"):
        order_again(request=request_of(subscription), actor=SYSTEM, reason=" ")
    order_again(request=request_of(subscription), actor=SYSTEM, reason="Not in the vendor's list.")
    work()
    assert request_of(subscription).state == "done"
    assert simulator.sold() == before + 1
    with pytest.raises(ConflictProblem, match="not in doubt"):
        order_again(request=request_of(subscription), actor=SYSTEM, reason="Once more.")


def test_a_late_answer_leaves_the_request_in_doubt(
    buy: Buy, work: Work, simulator: RunningSimulator, vendor: PluginConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PleskKaPlugin, "timeout", 0.5)
    simulator.fault("createKey", "late", seconds=1.5)
    subscription = buy(ip="10.1.2.4")
    work()
    assert request_of(subscription).state == "in_doubt"
    unpark(vendor)
    due_now()
    work()
    assert request_of(subscription).state == "done"


@pytest.mark.parametrize("fault", ["429", "503"])
def test_a_busy_vendor_parks_the_configuration_as_long_as_he_says(
    fault: str, buy: Buy, work: Work, simulator: RunningSimulator, vendor: PluginConfiguration
) -> None:
    simulator.fault("createKey", fault, seconds=30)
    subscription = buy(ip="10.1.2.9")
    work()
    vendor.refresh_from_db()
    assert vendor.parkings == 1
    assert vendor.parked_until is not None
    assert request_of(subscription).state in {"key", "in_doubt"}


def test_a_vendor_who_is_down_parks_the_configuration_and_all_goes_on_when_he_is_back(
    buy: Buy, work: Work, vendor: PluginConfiguration
) -> None:
    good = vendor.settings["port"]
    vendor.settings["port"] = 9  # nobody listens there
    vendor.version += 1
    vendor.save()
    subscriptions = [buy() for _ in range(5)]
    work()
    vendor.refresh_from_db()
    assert vendor.parkings == 1  # five failures at once are one parking
    assert {request_of(one).state for one in subscriptions} == {"key"}
    assert request_of(subscriptions[0]).problem_kind == "unavailable"
    vendor.settings["port"] = good
    vendor.version += 1
    vendor.parked_until = None
    vendor.save()
    work()
    vendor.refresh_from_db()
    assert {request_of(one).state for one in subscriptions} == {"done"}
    assert vendor.parkings == 0


def test_a_wrong_password_parks_the_configuration_until_it_is_saved(
    buy: Buy, work: Work, vendor: PluginConfiguration
) -> None:
    vendor.secrets = {"password": "letmein-4711"}
    vendor.version += 1
    vendor.save()
    subscription = buy()
    work()
    vendor.refresh_from_db()
    request = request_of(subscription)
    assert (request.state, request.problem_kind) == ("key", "misconfigured")
    assert "letmein-4711" not in request.problem_text + request.problem_vendor
    assert vendor.parked_until is not None
    assert vendor.parked_until.year == 9999
    saved = save_configuration(
        configuration=vendor,
        name=vendor.name,
        template=vendor.template,
        mode=vendor.mode,
        settings={**vendor.settings, "password": "demo"},
        actor=SYSTEM,
    )
    PluginConfiguration.objects.filter(pk=saved.pk).update(status="configured")
    work()
    assert request_of(subscription).state == "done"


def test_a_refusal_comes_to_a_person_with_the_vendors_words_and_can_be_tried_again(
    buy: Buy, work: Work, simulator: RunningSimulator
) -> None:
    before = simulator.sold()
    subscription = buy(options={"features": ["NO_SUCH_FEATURE"]})
    work()
    request = request_of(subscription)
    assert (request.state, request.stopped_in, request.problem_kind) == ("attention", "key", "refused")
    assert request.problem_vendor
    retry_request(request=request, actor=SYSTEM)
    work()
    request = request_of(subscription)
    assert (request.state, request.problem_kind) == ("attention", "refused")
    assert simulator.sold() == before
    held = hold_request(request=request, actor=SYSTEM)
    with pytest.raises(ConflictProblem, match="on hold"):
        retry_request(request=held, actor=SYSTEM)


def test_a_failed_fetch_of_the_file_keeps_the_key_and_buys_nothing_again(
    buy: Buy, work: Work, simulator: RunningSimulator, vendor: PluginConfiguration
) -> None:
    before = simulator.sold()
    simulator.fault("retrieveKey", "html_502")
    subscription = buy()
    work()
    request = request_of(subscription)
    assert request.state == "files"
    assert License.objects.get().state == "issued"
    unpark(vendor)
    due_now()
    work()
    assert request_of(subscription).state == "done"
    assert simulator.sold() == before + 1


def test_a_key_that_another_license_has_comes_to_a_person(
    buy: Buy, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    buy()
    work()
    first = License.objects.get()
    real = PleskKaPlugin.issue_key

    async def same_again(self: PleskKaPlugin, order: object) -> object:
        return replace(await real(self, order), number=first.key, additional=())  # type: ignore[arg-type]

    monkeypatch.setattr(PleskKaPlugin, "issue_key", same_again)
    subscription = buy()
    work()
    request = request_of(subscription)
    assert (request.state, request.problem_kind) == ("attention", "not_kept")
    assert License.objects.count() == 1
