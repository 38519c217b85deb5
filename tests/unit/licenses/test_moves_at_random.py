"""The real moves in any order, with every fault between them: after each step all invariants hold, nothing is twice.

Hypothesis chooses what happens next: stores pay, services get ready, workers come, die, wake up too late; the vendor
answers, refuses, loses answers; people decide, also on what they saw a while ago. The engine is the real one, over real
sockets to the simulator; only its ledger works in the test's own thread and transaction, so that each history is taken
back in no time.
"""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ka_plugins.installing import Target
from ka_plugins.simulator.running import RunningSimulator
from licenses import services
from licenses.invariants import broken
from licenses.models import License, LicenseClass, LicenseRequest, PluginConfiguration
from pbas.core.problems import Problem
from pbas.core.story import SYSTEM, store
from subscriptions.models import Order, Subscription
from subscriptions.services import pay_order, service_ready
from tests.factories import make_class, make_configuration, make_order, make_plan
from tests.unit.licenses.one_worker import nothing, work

State = LicenseRequest.State

SOLD_OUT_OF_SIGHT = ("drop_after", "500_after", "half_body", "html_502_after")
NOT_SOLD = ("drop_before", "500_before", "503", "429", "html_502")
ROUNDS = 12  # after which everything has come to its end, or to a person


class Histories(RuleBasedStateMachine):
    """One history; `simulator` and `folder` are given by the test that runs it."""

    simulator: ClassVar[RunningSimulator]
    folder: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.history = transaction.atomic()
        self.history.__enter__()
        self.simulator.heal()
        self.sold_before = self.sold()
        self.orders: list[Order] = []
        self.seen: LicenseRequest | None = None

    @initialize()
    def vendors(self) -> None:
        """One who answers an order sent again with the first sale, one who keeps our reference, one with neither."""
        place = {"login": "demo", "client": "demo", **self.simulator.settings()}
        own = {
            "http_issuer": ("PANEL", {"base_path": "/issuer/v1"}, "secret"),
            "plesk_ka3": ("PLESK-12-WEB-PRO-1M", {"client": "1", "path": "/30"}, "password"),
            "plesk_ka": ("PLESK_10_AND_LATER", {}, "password"),
        }
        self.plans = []
        for template, (code, more, secret) in own.items():
            configuration = make_configuration(
                template=template, mode="online", settings={**place, **more}, secrets={secret: "demo"}, limit=5
            )
            made: LicenseClass = make_class(configuration, code=code)
            self.plans.append(make_plan(made, services=["hosting"]))
        wrong = make_plan(made, services=["hosting"])
        wrong.licenses.update(options={"features": ["NO_SUCH_FEATURE"]})  # the vendor refuses it
        self.plans.append(wrong)
        for plan in range(3):
            self.pay(plan, is_up=True)

    def teardown(self) -> None:
        """Everything ends: with a vendor who answers, each request is done, given up, or a person's with a reason."""
        try:
            if hasattr(self, "plans"):
                self.end()
        finally:
            transaction.set_rollback(True)
            self.history.__exit__(None, None, None)

    def end(self) -> None:
        self.simulator.heal()
        for order in self.orders:
            self.ready(len(self.orders) - 1 - self.orders.index(order))
        LicenseRequest.objects.filter(held=True).update(held=False)
        for _ in range(ROUNDS):
            self.time_passes()
            if not LicenseRequest.objects.filter(due_at__isnull=False).exists():
                break
            work(room=10)
        left = LicenseRequest.objects.exclude(state__in=[State.DONE, State.CANCELLED, State.ATTENTION])
        told = [(one.pk, one.kind, one.state, one.due_at, one.problem_text) for one in left]
        assert told == [], "these did not end"
        assert not LicenseRequest.objects.filter(state=State.ATTENTION, problem_text="").exists()
        self.all_is_well()

    # -- the store and its services

    @rule(plan=st.integers(0, 3), is_up=st.booleans())
    def pay(self, plan: int, *, is_up: bool) -> None:
        order = make_order(self.plans[plan])
        pay_order(order=order, actor=store("shop"))
        self.orders.append(order)
        if is_up:
            self.ready(0)

    @precondition(lambda self: self.orders)
    @rule(which=st.integers(0, 9))
    def pay_again(self, which: int) -> None:
        before = LicenseRequest.objects.count()
        pay_order(order=self.orders[which % len(self.orders)], actor=store("shop"))
        assert LicenseRequest.objects.count() == before

    @precondition(lambda self: self.orders)
    @rule(which=st.integers(0, 9))
    def ready(self, which: int) -> None:
        """Also said twice."""
        subscription = Subscription.objects.get(order=self.orders[-1 - which % len(self.orders)])
        ip = f"198.51.{subscription.pk // 250 % 250}.{subscription.pk % 250 + 1}"
        target = Target("directory", str(self.folder), {"ip": ip})
        service_ready(subscription=subscription, name="hosting", target=target, actor=SYSTEM)

    # -- the workers, and what the vendor does meanwhile

    @rule(
        is_later=st.booleans(),
        fault=st.sampled_from([None, None, *SOLD_OUT_OF_SIGHT, *NOT_SOLD]),
        room=st.integers(1, 5),
        dies_at=st.sampled_from([None, None, 0, 1, 2]),
        is_overtaken=st.booleans(),
    )
    def a_message_is_delivered(
        self, *, is_later: bool, fault: str | None, room: int, dies_at: int | None, is_overtaken: bool
    ) -> None:
        """A worker claims and goes on. It may die: its next landing, and what the call before it brought, is lost.

        It may be overtaken: it sleeps beyond its lease with the vendor's answer in hand, another one goes on, and then
        it wakes up.
        """
        if is_later:
            self.time_passes()
        if fault:
            self.simulator.fault("*", fault, seconds=0)
        work(room=room, dies_at=dies_at, before=self.leases_end if is_overtaken else nothing)

    def leases_end(self) -> None:
        LicenseRequest.objects.filter(leased=True).update(due_at=Now())
        work(room=2)

    @rule()
    def time_passes(self) -> None:
        """Leases end, waits and parkings are over, and no sale is on its way any more."""
        LicenseRequest.objects.filter(due_at__isnull=False).update(due_at=Now())
        LicenseRequest.objects.filter(intent_at__isnull=False).update(intent_at=Now() - timedelta(minutes=10))
        PluginConfiguration.objects.update(parked_until=None)

    # -- people

    @rule(which=st.integers(0, 30))
    def somebody_looks(self, which: int) -> None:
        """At a request; what he decides later he decides on what he saw then."""
        rows = LicenseRequest.objects.select_related("configuration", "license_class", "license").order_by("pk")
        if found := rows.count():
            self.seen = rows[which % found]

    @precondition(lambda self: self.seen is not None)
    @rule(deed=st.sampled_from(["retry", "hold", "release", "install", "cancel", "know", "adopt"]))
    def somebody_decides(self, deed: str) -> None:
        """On what he saw, which may be long ago. Who is refused has changed nothing."""
        request = self.seen
        assert request is not None
        before = self.row(request)
        try:
            with transaction.atomic():
                self.decide(deed, request)
        except Problem:
            assert self.row(request) == before

    def decide(self, deed: str, request: LicenseRequest) -> None:
        if deed in {"retry", "hold", "release", "install"}:
            getattr(services, f"{deed}_request")(request=request, actor=SYSTEM)
        elif deed == "cancel":
            services.cancel_request(
                request=request, actor=SYSTEM, reason="Not wanted.", nothing_sold=not self.orphans()
            )
        elif deed == "know":  # he looked at the vendor's pages
            if not self.orphans():
                services.order_again(request=request, actor=SYSTEM, reason="His pages show none.")
        elif len(orphans := self.orphans()) == 1 and len(self.doubtful()) == 1:
            services.adopt_key(request=request, key=next(iter(orphans)), actor=SYSTEM)

    @rule(verb=st.sampled_from(["renew", "terminate"]))
    def something_is_asked_of_a_license(self, verb: str) -> None:
        license_ = License.objects.filter(state="installed").order_by("pk").first()
        if license_ is not None:
            with suppress(Problem):
                getattr(services, f"{verb}_license")(license=license_, actor=SYSTEM)

    # -- what always holds

    @invariant()
    def all_is_well(self) -> None:
        assert [f"{one.invariant}: {one.text}" for one in broken()] == []

    @invariant()
    def what_was_sold_is_ours_or_in_doubt(self) -> None:
        """Bought is what was paid: a key that is on no license is that of one request which is being settled."""
        assert len(self.orphans()) <= len(self.doubtful())

    def doubtful(self) -> list[int]:
        """Requests of which it is not known yet what they bought; and those of a worker that is just buying."""
        open_ones = Q(state__in=[State.BUYING, State.IN_DOUBT]) | Q(stopped_in__in=[State.BUYING, State.IN_DOUBT])
        again = Q(state=State.KEY, intent_at__isnull=False)  # the same order is sent again, and answered by that sale
        rows = LicenseRequest.objects.filter(open_ones | again, kind="issue", license=None)
        return list(rows.values_list("pk", flat=True))

    def sold(self) -> set[str]:
        return {sale["number"] for sale in self.simulator.ledger()["sales"] if not sale["additional"]}

    def orphans(self) -> set[str]:
        """Keys that were sold in this history and that no license has, whatever their revision."""
        ours = {one.full_key.rpartition(".")[0] or one.full_key for one in License.objects.all()}
        return {key for key in self.sold() - self.sold_before if (key.rpartition(".")[0] or key) not in ours}

    def row(self, request: LicenseRequest) -> Any:
        return LicenseRequest.objects.filter(pk=request.pk).values().first()


@pytest.fixture
def _given(simulator: RunningSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("licenses.ledger.close_old_connections", nothing)  # this one is in the test's transaction
    Histories.simulator, Histories.folder = simulator, tmp_path


def run(*, histories: int, steps: int, is_fixed: bool) -> None:
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=histories,
            stateful_step_count=steps,
            deadline=None,
            derandomize=is_fixed,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink] if not is_fixed else [Phase.generate],
        ),
    )


@pytest.mark.django_db
@pytest.mark.usefixtures("_given")
def test_whatever_happens_in_whatever_order_nothing_is_bought_twice_or_left_lying() -> None:
    run(histories=5, steps=12, is_fixed=True)
    assert connection.in_atomic_block


@pytest.mark.long
@pytest.mark.django_db
@pytest.mark.usefixtures("_given")
def test_many_more_histories_buy_nothing_twice_and_leave_nothing_lying() -> None:
    run(histories=400, steps=40, is_fixed=False)
