"""What a store reports may come twice, late and in any order: where it ends does not depend on that."""

from collections.abc import Callable
from contextlib import suppress
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from ka_plugins.installing import Target
from licenses.models import LicenseRequest
from pbas.core.problems import ConflictProblem
from pbas.core.story import SYSTEM, store
from subscriptions.models import HostingPlan, Order, Subscription
from subscriptions.services import cancel_order, pay_order, service_ready
from tests.factories import make_order, make_plan

pytestmark = pytest.mark.django_db
SHOP = store("shop")


def ends(plan: HostingPlan, deeds: tuple[Callable[[Order], Any], ...]) -> tuple[Any, ...]:
    """How order, subscription and requests stand after these deeds; all is taken back."""
    with transaction.atomic():
        order = make_order(plan)
        for deed in deeds:
            with suppress(ConflictProblem, Subscription.DoesNotExist):
                deed(Order.objects.get(pk=order.pk))
        order.refresh_from_db()
        services = sorted(Subscription.objects.filter(order=order).values_list("services__name", "services__state"))
        requests = list(LicenseRequest.objects.filter(subscription__order=order).values_list("state", flat=True))
        transaction.set_rollback(True)
    return order.state, services, requests


@pytest.fixture
def reports(tmp_path: Path) -> dict[str, Callable[[Order], Any]]:
    def ready(name: str) -> Callable[[Order], Any]:
        target = Target("directory", str(tmp_path)) if name == "hosting" else None
        return lambda order: service_ready(
            subscription=Subscription.objects.get(order=order), name=name, target=target, actor=SYSTEM
        )

    return {
        "pay": lambda order: pay_order(order=order, actor=SHOP),
        "cancel": lambda order: cancel_order(order=order, actor=SHOP),
        "hosting": ready("hosting"),
        "mail": ready("mail"),
    }


def test_after_the_payment_reports_in_any_order_and_twice_end_alike(reports: dict[str, Callable[[Order], Any]]) -> None:
    plan = make_plan()
    later = (reports["hosting"], reports["mail"], reports["hosting"], reports["pay"])
    found = {str(ends(plan, (reports["pay"], *deeds))) for deeds in permutations(later)}
    assert found == {str(("paid", [("hosting", "ready"), ("mail", "ready")], ["key"]))}


def test_a_cancellation_counts_before_the_payment_only_and_nothing_is_owed_after_it(
    reports: dict[str, Callable[[Order], Any]],
) -> None:
    plan = make_plan()
    for deeds in permutations(("pay", "cancel", "hosting", "mail")):
        state, services, requests = ends(plan, tuple(reports[one] for one in deeds))
        if deeds.index("cancel") < deeds.index("pay"):
            assert (state, services, requests) == ("cancelled", [], [])
        else:
            assert (state, len(requests)) == ("paid", 1)
