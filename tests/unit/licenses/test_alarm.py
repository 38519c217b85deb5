"""What wakes a waiting engine, and what must not break it."""

import asyncio
import threading
import time
from typing import Any

import pytest
from django.db import connection

from licenses import bell
from licenses.alarm import Alarm

pytestmark = pytest.mark.django_db(transaction=True)


def execute(text: str, *values: Any) -> None:
    """One statement over a connection of its own thread."""

    def run() -> None:
        with connection.cursor() as cursor:
            cursor.execute(text, values)
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


async def woken(alarm: Alarm, seconds: float) -> bool:
    start = time.monotonic()
    await alarm.wait(seconds)
    return time.monotonic() - start < seconds


def test_a_notify_from_another_connection_wakes() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no NOTIFY: its engine is in the same process.")

    async def hear() -> bool:
        alarm = Alarm(asyncio.get_running_loop())
        await alarm.listen()
        try:
            await asyncio.to_thread(execute, f"NOTIFY {bell.CHANNEL}")
            return await woken(alarm, 5)
        finally:
            alarm.close()

    assert asyncio.run(hear())


def test_a_listening_connection_that_the_server_ends_costs_no_processor_and_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no NOTIFY.")
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = %s AND datname = current_database()"

    async def deaf() -> float:
        alarm = Alarm(asyncio.get_running_loop())
        await alarm.listen()
        await asyncio.to_thread(execute, end, f"LISTEN {bell.CHANNEL}")
        assert await woken(alarm, 5)
        start = time.process_time()
        await alarm.wait(0.5)
        alarm.close()
        return time.process_time() - start

    assert asyncio.run(deaf()) < 0.2
    assert "found by looking" in caplog.text
    assert not [one for one in caplog.records if one.name == "asyncio"]


def test_whoever_rings_for_an_engine_that_has_just_ended_gets_no_error() -> None:
    async def made() -> Alarm:
        return Alarm(asyncio.get_running_loop())

    asyncio.run(made()).ring_from_thread()


def test_a_ring_before_the_waiting_is_not_lost_and_wakes_once() -> None:
    async def ring_first() -> tuple[bool, bool]:
        alarm = Alarm(asyncio.get_running_loop())
        alarm.ring()
        return await woken(alarm, 5), await woken(alarm, 0.05)

    assert asyncio.run(ring_first()) == (True, False)
