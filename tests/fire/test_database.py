"""Cases 18 to 22: what happens to the database costs time only, and nothing is bought while it cannot write."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Event as Signal
from threading import Thread
from uuid import uuid4

import psycopg2
import pytest
from django.db import connection

from licenses import bell
from subscriptions.models import Order
from tests.fire.conftest import CONNECTIONS
from tests.fire.fleet import DATABASE, Fleet
from tests.fire.shop import Shop, sql
from tests.fire.web import Door

BACK_SECONDS = 10.0  # after a restart
CLAIM, LANDING, PLACING = b"EXECUTE claim", b"EXECUTE add_licenses_license_", b'INSERT INTO "subscriptions_order"'

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
def test_a_restart_of_the_database_under_load_loses_no_commit(
    sign: signal.Signals, fleet: Fleet, shop: Shop, door: Door
) -> None:
    shop.simulator.latency(200)
    shop.sell(shop.issuer(), 60)
    shop.wait_for(lambda: shop.done() > 0, "the first are done")
    with looking(door) as seen:
        connection.close()
        fleet.database.stop(sign)
        time.sleep(1)
        fleet.database.start()
        done = shop.done()
        assert shop.wait_for(lambda: shop.done() > done, "work goes on") < BACK_SECONDS
        shop.wait_until_done()
    assert {status for status, _ in seen} <= {200, 503}
    assert not [text for _, text in seen if "Traceback" in text]
    shop.check_bought_once()


@contextmanager
def looking(door: Door) -> Iterator[list[tuple[int, str]]]:
    """Somebody who looks at pages and API all the time; what he was answered."""
    seen: list[tuple[int, str]] = []
    over = Signal()

    def look() -> None:
        while not over.wait(0.1):
            seen.extend((answer.status_code, answer.text) for answer in map(door.get, ("/", "/api/v1/orders/")))

    looker = Thread(target=look)
    looker.start()
    try:
        yield seen
    finally:
        over.set()
        looker.join()


@pytest.mark.parametrize("what", [CLAIM, LANDING], ids=["claim", "landing"])
def test_an_engine_whose_commit_was_not_answered_looks_before_it_repeats(what: bytes, fleet: Fleet, shop: Shop) -> None:
    fleet.door.lose_answer(committing(what))
    shop.sell(shop.issuer(), 5)
    shop.wait_for(fleet.door.lost.is_set, "the answer to a COMMIT is lost")
    shop.wait_until_done()
    shop.check_bought_once()
    assert shop.claims() == [1], "nothing waited for its lease"


def test_a_store_whose_order_was_committed_without_an_answer_finds_it_again(
    fleet: Fleet, shop: Shop, door: Door
) -> None:
    plan, reference = shop.plan(shop.issuer()), uuid4().hex
    fleet.door.lose_answer(committing(PLACING))
    first = door.place(plan, reference)
    assert fleet.door.lost.is_set()
    again = door.place(plan, reference)
    assert (first.status_code, again.status_code) == (503, 200)
    assert Order.objects.get().number == again.json()["number"]


def committing(what: bytes) -> Callable[[bytes], bool]:
    """Whether a connection has just asked for the COMMIT of a transaction that holds this."""

    def is_it(said: bytes) -> bool:
        return said.endswith(b"COMMIT\0") and what in said[said.rfind(b"BEGIN") :]

    return is_it


@contextmanager
def failing(code: str, when: str, times: int = 1_000_000) -> Iterator[None]:
    """While the context lasts the database refuses changes of requests with this SQLSTATE, so many times."""
    sql(f"""CREATE SEQUENCE refused; CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('refused') <= {times} THEN RAISE EXCEPTION 'refused by this test' USING ERRCODE = '{code}'; END IF;
        RETURN NEW; END $$;
        CREATE TRIGGER refuse BEFORE UPDATE ON licenses_licenserequest FOR EACH ROW WHEN ({when})
        EXECUTE FUNCTION refuse()""")
    try:
        yield
    finally:
        sql("DROP FUNCTION refuse() CASCADE; DROP SEQUENCE refused")


def refusals() -> int:
    """How often that has happened."""
    ((last, called),) = sql("SELECT last_value, is_called FROM refused")
    return int(last) if called else 0


@pytest.mark.parametrize(
    "code", ["40P01", pytest.param("40001", marks=pytest.mark.long)], ids=["deadlock", "serialization"]
)
@pytest.mark.parametrize("state", ["buying", "files", "done"])
def test_a_transaction_that_the_database_gives_up_is_made_again(state: str, code: str, shop: Shop) -> None:
    with failing(code, f"NEW.state = '{state}'", times=1):
        shop.sell(shop.issuer(), 3)
        shop.wait_until_done()
        assert refusals() > 1
    shop.check_bought_once()
    assert shop.claims() == [1], "no call was made again, and nothing waited for its lease"


def test_nothing_is_bought_while_the_intent_cannot_be_written(shop: Shop) -> None:
    with failing("53100", "NEW.state = 'buying'"):
        shop.sell(shop.issuer(), 3)
        shop.wait_for(lambda: refusals() > 3, "the disk is full some times")
        assert shop.bought() == 0
    shop.wait_until_done()
    shop.check_bought_once()


def test_what_was_bought_while_the_disk_was_full_is_kept_when_it_no_longer_is(shop: Shop) -> None:
    with failing("53100", "NEW.state = 'files'"):
        shop.sell(shop.issuer(), 3)
        shop.wait_for(lambda: refusals() > 3, "the disk is full some times")
        assert shop.done() == 0
    shop.wait_until_done()
    shop.check_bought_once()


def test_without_a_free_connection_panel_and_workers_wait_and_lose_nothing(
    fleet: Fleet, shop: Shop, door: Door
) -> None:
    assert ours() <= CONNECTIONS / 2, "the fleet takes a bounded number of connections"
    fleet.kill("first")
    fleet.worker()
    shop.sell(shop.issuer(), 5)
    with ExitStack() as held:
        hold_all(fleet, held)
        for _ in range(3):
            bell.call_worker()
        answer = door.get("/api/v1/orders/")
        assert answer.status_code in {200, 503}, answer.text
        time.sleep(2)
    shop.wait_until_done()
    shop.check_bought_once()


def ours() -> int:
    """How many connections the fleet and this test have."""
    return len(sql("SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend'"))


def hold_all(fleet: Fleet, held: ExitStack) -> None:
    """Take every connection that the database gives."""
    server = {"host": "127.0.0.1", "port": fleet.database.port, "user": "postgres", "dbname": DATABASE}
    while True:
        try:
            held.callback(psycopg2.connect(**server).close)
        except psycopg2.OperationalError as error:
            assert "too many clients" in str(error)  # noqa: PT017 (the one reason)
            return
