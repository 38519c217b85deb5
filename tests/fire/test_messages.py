"""Cases 14, 15, 16 and 34: Celery is the alarm clock. What happens to its messages costs time only."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import redis
from django.conf import settings

from licenses.models import License, LicenseRequest
from licenses.tasks import drain, sweep
from pbas.core.models import Event
from tests.fire.fleet import Fleet, wait_until
from tests.fire.shop import Shop, sql
from tests.fire.web import Door

NORMAL = 20.0  # seconds for what needs one or two

pytestmark = pytest.mark.processes


def test_every_message_five_times_is_every_license_once(shop: Shop) -> None:
    license_class = shop.issuer()
    for _ in range(10):
        shop.sell(license_class, 1)
        for task in (drain, sweep) * 5:
            task.apply_async()
    shop.wait_until_done()
    shop.check_bought_once()
    assert shop.claims() == [1], "a copy claims nothing"


def test_lost_messages_cost_a_sweep(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    license_class = shop.issuer()
    with monkeypatch.context() as patched:
        patched.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:1/0")  # nobody hears that there are orders
        shop.sell(license_class, 3)
    assert shop.wait_until_done() < settings.SWEEP_SECONDS + NORMAL
    shop.check_bought_once()


def test_a_broker_that_forgets_everything_costs_a_sweep(fleet: Fleet, shop: Shop) -> None:
    license_class = shop.issuer()
    with redis.Redis.from_url(fleet.broker_url) as broker:
        shop.sell(license_class, 3)
        broker.flushall()
        shop.sell(license_class, 3)
        broker.flushall()
        assert shop.wait_until_done() < settings.SWEEP_SECONDS + NORMAL
    shop.check_bought_once()


def test_orders_are_taken_and_delivered_while_the_broker_is_away(fleet: Fleet, shop: Shop, door: Door) -> None:
    plan = shop.plan(shop.issuer())
    wait_until(an_engine_runs, "one runs at most times")
    fleet.broker.stop()
    try:
        for _ in range(3):
            assert door.buy(plan, shop) == [201, 200, 200]
        shop.wait_until_done()
    finally:
        fleet.broker.start()
    shop.check_bought_once()
    shop.sell(plan.licenses.get().license_class, 1)
    assert shop.wait_until_done() < settings.SWEEP_SECONDS + NORMAL, "all is as before"


def test_two_schedulers_and_renewals_due_at_once_are_one_request_each(fleet: Fleet, shop: Shop, door: Door) -> None:
    shop.sell(shop.issuer(), 5)
    fleet.beat("second_beat")
    shop.wait_until_done()
    ids = list(License.objects.values_list("pk", flat=True))
    with ThreadPoolExecutor(10) as stores:
        answers = list(stores.map(lambda pk: door.post(f"licenses/{pk}/renew/", key=uuid4().hex), ids * 4))
    assert sorted({answer.status_code for answer in answers}) == [201, 409]
    assert len([answer for answer in answers if answer.status_code == 201]) == len(ids)
    shop.wait_until_done()
    fleet.stop("second_beat")
    assert LicenseRequest.objects.filter(kind="renew").count() == len(ids)
    assert Event.objects.filter(kind="requested", request__kind="renew").count() == len(ids)
    shop.check_bought_once()


def an_engine_runs() -> bool:
    """One that hears of new orders from the database."""
    return bool(sql("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN %'"))
