"""Impatient customers: the same form sent twice at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from licenses.models import LicenseRequest
from subscriptions.models import Account, Order, Subscription
from subscriptions.selectors import order_token
from tests.factories import make_order, make_plan

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 4


def at_once(call: Callable[[], Any]) -> list[Any]:
    """What `call` answers when several threads make it at the same moment."""
    barrier = Barrier(AT_ONCE)

    def one() -> Any:
        barrier.wait()
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return [future.result() for future in [threads.submit(one) for _ in range(AT_ONCE)]]


def test_orders_sent_at_the_same_moment_are_one_order() -> None:
    address = reverse("store_checkout", args=[make_plan().code])
    details = {"token": "t" * 43, "name": "Ann", "email": "ann@oakridge.example", "host": "www.oakridge.example"}
    answers = at_once(lambda: Client().post(address, details)["Location"])
    assert len(set(answers)) == 1
    assert Order.objects.count() == 1
    assert Account.objects.count() == 1


def test_payments_sent_at_the_same_moment_open_one_subscription(settings: Any) -> None:
    settings.PBAS_DEMO = True
    address = reverse("store_payment", args=[order_token(make_order(store="store"))])
    answers = at_once(lambda: Client().post(address).status_code)
    assert set(answers) == {302}
    assert Subscription.objects.count() == 1
    assert LicenseRequest.objects.count() == 1
