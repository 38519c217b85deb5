"""What is kept open to the database and to Redis: good as long as it is good, and noticed when it is not."""

import os
from select import select
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache, caches
from django.core.signals import request_started
from django.db import connection, connections
from django.test import Client

from tests.factories import World
from tests.services import free_port

only_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no line that could break")


def _ask(question: str, *given: Any, using: Any = connection) -> Any:
    with using.cursor() as cursor:
        cursor.execute(question, given)
        return cursor.fetchone()[0]


def _line() -> int:
    return int(_ask("SELECT pg_backend_pid()"))


@only_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_line_that_the_server_has_closed_is_opened_anew_before_the_next_statement() -> None:
    before, other = _line(), connections.create_connection("default")
    try:
        assert connection.is_usable()
        assert _ask("SELECT pg_terminate_backend(%s, 5000)", before, using=other)
    finally:
        other.close()
    assert not connection.is_usable()
    request_started.send(None)  # Django looks at its lines anew from here on
    assert _line() != before


@only_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_line_with_something_to_read_is_good_if_the_server_answers() -> None:
    other, before = connections.create_connection("default"), _line()
    with connection.cursor() as cursor:
        cursor.execute("LISTEN heard")
    try:
        with other.cursor() as cursor:
            cursor.execute("NOTIFY heard")
    finally:
        other.close()
    assert select([connection.connection], [], [], 10)[0], "nothing came"
    assert connection.is_usable()
    assert _line() == before
    connection.close()


@only_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_line_that_is_good_is_found_so_without_a_statement() -> None:
    seen = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND query = 'SELECT 1'"
    pid, other = _line(), connections.create_connection("default")
    try:
        assert connection.is_usable()
        assert _ask(seen, pid, using=other) == 0
    finally:
        other.close()


@pytest.mark.skipif("'PANEL_TEST_REDIS' not in os.environ", reason="the core runs without Redis, too")
def test_the_cache_in_redis_keeps_one_client_and_its_words(settings: Any) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "pbas.core.redis_cache.Cache", "LOCATION": os.environ["CELERY_BROKER_URL"]}
    }
    try:
        cache.set("a", {"text": "ä"}, 60)
        cache.set("b", 2, None)
        assert cache.get_many(["a", "b", "c"]) == {"a": {"text": "ä"}, "b": 2}
        assert (cache.incr("b"), cache.get("c", "none")) == (3, "none")
        kept: Any = caches["default"]
        assert kept._cache.get_client("a") is kept._cache.get_client("b", write=True)
    finally:
        cache.delete_many(["a", "b"])
    assert cache.get("a") is None


def test_without_redis_people_sign_in_and_work_and_the_log_says_what_is_missing(
    settings: Any, staff: User, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "pbas.core.redis_cache.Cache", "LOCATION": f"redis://127.0.0.1:{free_port()}/0"}
    }
    client = Client()
    sent = client.post("/accounts/login/", {"login": staff.username, "password": "a long password"})
    assert sent["Location"] == "/"
    for address in ("/", "/licenses/", f"/license-requests/{world.request.pk}/", "/notices/"):
        assert client.get(address).status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/licenses/").status_code == 302
    assert "Redis does not answer; pages go on without what is kept there" in caplog.text
