"""The end of a subscription: what it has is ended at the vendor and leaves its target; nothing is bought for it."""

from pathlib import Path

import pytest
from django.db.models import F
from django.utils.timezone import now

from ka_plugins.contract import Verb
from ka_plugins.plesk_ka.plugin import PleskKaPlugin
from ka_plugins.simulator.running import RunningSimulator
from licenses import statements
from licenses.invariants import broken
from licenses.models import License, LicenseRequest, PluginConfiguration
from licenses.proving.rounds import prove_due
from licenses.services import cancel_request, retry_request, terminate_license, write_down_end
from pbas.core.models import Event
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.story import SYSTEM
from subscriptions.ending import end_subscription, go_on_with_all
from subscriptions.models import Subscription
from subscriptions.stuck import endings_left_lying
from tests.factories import make_class, make_license
from tests.flow.conftest import Buy, Work, request_of
from tests.flow.test_vendor_faults import due_now, unpark

REASON = "The customer has left."


def end(subscription: Subscription) -> bool:
    return end_subscription(subscription=subscription, actor=SYSTEM, reason=REASON)


def state_of(subscription: Subscription) -> str:
    subscription.refresh_from_db()
    return str(subscription.state)


def the_end_of(subscription: Subscription) -> LicenseRequest:
    """The one request for the end of a license of it."""
    return LicenseRequest.objects.select_related("configuration", "license", "subscription").get(
        subscription=subscription, kind="terminate"
    )


def test_all_that_a_subscription_has_ends_at_the_vendor_and_leaves_its_target_and_the_story_says_why(
    buy: Buy, work: Work, tmp_path: Path
) -> None:
    subscription = buy()
    work()
    license_ = License.objects.get()
    assert end(subscription) is True
    asked = the_end_of(subscription)
    assert (state_of(subscription), asked.license_id, asked.order_number) == (
        *("ending", license_.pk),
        subscription.order.number,
    )
    work()
    license_.refresh_from_db()
    assert (state_of(subscription), license_.state) == ("ended", "terminated")
    told = Event.objects.filter(subscription=subscription, kind__startswith="subscription_en").order_by("pk")
    assert [(one.kind, one.detail) for one in told] == [("subscription_ending", REASON), ("subscription_ended", "")]
    assert Event.objects.get(request=asked, kind="requested").detail == REASON
    for _ in prove_due(10):
        pass
    assert list(tmp_path.iterdir()) == []
    assert list(broken()) == []


def test_additional_keys_end_with_their_license_by_its_one_request(buy: Buy, work: Work) -> None:
    subscription = buy()
    work()
    main = License.objects.get()
    for _ in range(2):
        make_license(main.license_class, parent=main, subscription=subscription)
    end(subscription)
    assert the_end_of(subscription).license_id == main.pk
    work()
    assert state_of(subscription) == "ended"
    assert set(License.objects.values_list("state", flat=True)) == {"terminated"}


@pytest.mark.parametrize("state", ["issued", "suspended", "expired"])
def test_a_license_ends_whatever_state_it_is_in(state: str, buy: Buy, work: Work) -> None:
    subscription = buy()
    work()
    License.objects.update(state=state)
    end(subscription)
    work()
    assert (state_of(subscription), License.objects.get().state) == ("ended", "terminated")


def test_what_is_not_bought_yet_is_cancelled_and_the_subscription_ends_at_once(
    buy: Buy, work: Work, simulator: RunningSimulator
) -> None:
    before = simulator.sold()
    waits, due = buy(ready=False), buy()
    for subscription in (waits, due):
        assert end(subscription) is True
        request = request_of(subscription)
        assert (state_of(subscription), request.state) == ("ended", "cancelled")
        assert Event.objects.get(request=request, kind="cancelled").detail == REASON
    work()
    assert simulator.sold() == before
    assert list(broken()) == []


def test_a_license_that_cannot_be_installed_is_ended_and_no_longer_tried(
    buy: Buy, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("licenses.landings.wait_after", lambda _: 60.0)
    subscription = buy(ready=False)
    subscription.services.update(state="ready")
    LicenseRequest.objects.update(state="key", due_at=subscription.created_at)
    work()
    assert request_of(subscription).state == "attention", "there is no target"
    end(subscription)
    issue = LicenseRequest.objects.get(kind="issue")
    assert (issue.state, the_end_of(subscription).state) == ("cancelled", "key")
    work()
    assert (state_of(subscription), License.objects.get().state) == ("ended", "terminated")
    assert list(broken()) == []


def test_a_license_that_ends_while_it_is_installed_stays_ended_and_is_taken_out_again(
    buy: Buy, work: Work, tmp_path: Path
) -> None:
    buy()
    work()
    license_ = License.objects.get()
    License.objects.update(state="terminated", installed_at=None, prove_at=None)
    statements.set_installed([license_.pk], look=86_400)
    for _ in prove_due(10):
        pass
    license_.refresh_from_db()
    assert (license_.state, license_.found) == ("terminated", None)
    assert list(tmp_path.iterdir()) == []


def test_the_end_of_an_offline_license_is_a_task_for_a_person_who_writes_it_down(buy: Buy, work: Work) -> None:
    subscription = buy()
    work()
    by_hand = make_license(
        make_class(), subscription=subscription, state="installed", installed_at=now(), proven_at=now()
    )
    end(subscription)
    work()
    task = LicenseRequest.objects.select_related("configuration", "license").get(license=by_hand)
    assert (state_of(subscription), task.state, task.due_at) == ("ending", "key", None)
    assert list(broken()) == [], "what is a person's is not stuck"
    with pytest.raises(Problem, match="Say how you know"):
        write_down_end(request=task, actor=SYSTEM, reason=" ")
    write_down_end(request=task, actor=SYSTEM, reason="He has confirmed it.")
    by_hand.refresh_from_db()
    assert (state_of(subscription), by_hand.state) == ("ended", "terminated")
    assert Event.objects.get(request=task, kind="license_changed").detail == "He has confirmed it."
    with pytest.raises(ConflictProblem, match="does not wait for an end by hand"):
        write_down_end(request=task, actor=SYSTEM, reason="Once more.")


def test_an_end_that_the_vendor_refuses_comes_to_a_person_who_tries_again_or_writes_it_down(
    buy: Buy, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription = buy()
    work()
    with monkeypatch.context() as patched:
        patched.setattr(PleskKaPlugin, "verbs", PleskKaPlugin.verbs - {Verb.TERMINATE})
        patched.delattr(PleskKaPlugin, "terminate")
        end(subscription)
        work()
    asked = the_end_of(subscription)
    assert (asked.state, state_of(subscription)) == ("attention", "ending")
    assert "has no call for this" in asked.problem_text
    with pytest.raises(ConflictProblem, match="belongs to the end of a subscription"):
        cancel_request(request=asked, actor=SYSTEM, reason="Not now.")
    write_down_end(request=asked, actor=SYSTEM, reason="Ended on his own pages.")
    assert (state_of(subscription), License.objects.get().state) == ("ended", "terminated")
    assert list(broken()) == []


def test_a_vendor_who_is_away_holds_the_end_up_and_it_goes_on_by_itself(
    buy: Buy, work: Work, simulator: RunningSimulator, vendor: PluginConfiguration
) -> None:
    subscription = buy()
    work()
    simulator.fault("terminateKey", "503", seconds=60.0)
    end(subscription)
    work()
    assert (state_of(subscription), the_end_of(subscription).problem_kind) == ("ending", "unavailable")
    unpark(vendor)
    due_now()
    work()
    assert state_of(subscription) == "ended"


def test_an_end_that_was_asked_for_before_is_not_asked_for_twice(buy: Buy, work: Work) -> None:
    subscription = buy()
    work()
    asked = terminate_license(license=License.objects.get(), actor=SYSTEM, reason="Before.")
    end(subscription)
    assert the_end_of(subscription).pk == asked.pk
    work()
    assert state_of(subscription) == "ended"


def test_what_nobody_told_of_is_gone_on_with_by_the_clock(buy: Buy, work: Work) -> None:
    subscription = buy()
    work()
    end(subscription)
    asked = the_end_of(subscription)
    License.objects.update(state="terminated")  # as a reconciliation takes over what the vendor says
    LicenseRequest.objects.filter(pk=asked.pk).update(state="cancelled", due_at=None, finished_at=F("created_at"))
    assert [one.pk for one in endings_left_lying()] == [subscription.pk]
    go_on_with_all()
    assert state_of(subscription) == "ended"
    assert list(endings_left_lying()) == []


def test_what_goes_on_in_a_subscription_that_has_ended_is_listed(buy: Buy, work: Work) -> None:
    subscription = buy()
    work()
    end(subscription)
    work()
    assert (state_of(subscription), list(endings_left_lying())) == ("ended", [])
    License.objects.update(state="installed")
    [lying] = endings_left_lying()
    assert (lying.pk, lying.text) == (
        subscription.pk,
        f"Subscription {subscription.pk} has ended, but something of it goes on.",
    )


def test_a_refused_end_is_tried_again_by_a_person(buy: Buy, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    subscription = buy()
    work()
    with monkeypatch.context() as patched:
        patched.delattr(PleskKaPlugin, "terminate")
        end(subscription)
        work()
    retry_request(request=the_end_of(subscription), actor=SYSTEM)
    work()
    assert state_of(subscription) == "ended"
