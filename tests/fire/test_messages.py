"""Cases 14, 15, 16 and 34: Celery is the alarm clock. What happens to its messages costs time only."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from celery import current_app
from django.conf import settings

from licenses.models import License, LicenseRequest
from licenses.tasks import drain, sweep
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


def test_a_message_that_only_a_newer_version_knows_stops_nothing(shop: Shop) -> None:
    for queue in ("panel", "engine"):
        current_app.send_task("licenses.tasks.of_a_newer_version", [1], queue=queue)
        current_app.send_task("licenses.tasks.drain", ["an argument of a newer version"], queue=queue)
    shop.sell(shop.issuer(), 3)
    shop.wait_until_done()
    shop.check_bought_once()


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
    before = renewals(shop)
    due = [(pk, ends.isoformat()) for pk, ends in License.objects.values_list("pk", "expires_at") if ends]
    assert len(due) == 5

    def renew(which: tuple[int, str]) -> int:
        return door.post(f"licenses/{which[0]}/renew/", {"expires_at": which[1]}).status_code

    with ThreadPoolExecutor(10) as stores:
        answers = list(stores.map(renew, due * 4))
    shop.wait_until_done()
    answers += map(renew, due)
    assert Counter(answers) == {201: 5, 409: 20}
    fleet.stop("second_beat")
    assert LicenseRequest.objects.filter(kind="renew").count() == 5
    assert renewals(shop) - before == 5
    shop.check_bought_once()


def renewals(shop: Shop) -> int:
    """How often the vendor was asked for one."""
    return int(shop.simulator.ledger()["calls"].get("putRenewal", 0))


def an_engine_runs() -> bool:
    """One that hears of new orders from the database."""
    return bool(sql("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN %'"))
