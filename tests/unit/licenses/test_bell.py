"""Waking: nobody who asks for something waits for a broker that is away."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from celery import current_app
from django.db import transaction

from licenses import bell


@pytest.fixture(autouse=True)
def _broker_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test's broker is its own."""
    monkeypatch.setattr(bell, "_deaf", {"until": 0.0})
    before = current_app.conf.broker_write_url
    yield
    current_app.conf.update(broker_write_url=before)


def send_to(url: str) -> float:
    """How long a message to this broker takes its sender, in seconds."""
    current_app.conf.update(broker_write_url=url)
    start = time.monotonic()
    bell.send(bell.DRAIN, [], queue="engine")
    return time.monotonic() - start


def test_a_broker_that_is_down_costs_nobody_more_than_a_moment(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # and nobody listens
        assert send_to(f"redis://127.0.0.1:{unused.getsockname()[1]}/0") < 1.0
    assert "the next sweep finds what is due" in caplog.text


def test_a_broker_that_never_answers_costs_one_sender_some_seconds_and_the_next_ones_nothing() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        assert send_to(url) < 5.0
        assert send_to(url) < 0.1


def test_the_broker_is_tried_again_after_a_sweep(settings: Any) -> None:
    settings.SWEEP_SECONDS = 0.0
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        send_to(f"redis://127.0.0.1:{unused.getsockname()[1]}/0")
    current_app.conf.update(broker_write_url="memory://localhost/")
    bell.send(bell.DRAIN, [], queue="bell_test")
    with current_app.connection_for_write() as connection:
        queue = connection.SimpleQueue("bell_test")
        message = queue.get(block=False)
        message.ack()
        queue.close()
    assert message.headers["task"] == bell.DRAIN


def test_an_engine_may_ask_whether_its_broker_answers() -> None:
    current_app.conf.update(broker_write_url="memory://localhost/")
    assert bell.is_answered()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        current_app.conf.update(broker_write_url=f"redis://127.0.0.1:{unused.getsockname()[1]}/0")
        assert not bell.is_answered()


def test_the_bell_rings_tasks_that_exist() -> None:
    current_app.loader.import_default_modules()
    assert {bell.DRAIN, "licenses.tasks.fetch_classes", "licenses.tasks.sweep"} <= set(current_app.tasks)


@pytest.mark.django_db(transaction=True)
def test_a_ring_is_heard_after_the_commit_and_never_after_a_rollback() -> None:
    heard: list[str] = []

    def wake() -> None:
        heard.append("ring")

    def ring_and_fail() -> None:
        with transaction.atomic():
            bell.ring()
            raise LookupError

    bell.listen(wake)
    try:
        with pytest.raises(LookupError):
            ring_and_fail()
        assert heard == []
        with transaction.atomic():
            bell.ring()
            assert heard == []
        assert heard == ["ring"]
    finally:
        bell.leave(wake)
