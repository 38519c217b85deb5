"""Django's cache in Redis, for pages: one client a thread, and without Redis they go on as if nothing were kept.

Django makes a client for each call, which costs as much as the call, and a page ends with an error where Redis is away.
All that is kept there is kept in the database, too, or counted anew.
"""

import logging
from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import ConnectionError as LineError
from redis.exceptions import TimeoutError as LateError

log = logging.getLogger(__name__)
SECONDS = 1.0  # that a page waits for an answer

Call = Callable[..., Any]


def _or(nothing: Call) -> Callable[[Call], Call]:
    """What a call answers where Redis does not."""

    def made(call: Call) -> Call:
        @wraps(call)
        def ask(self: Any, *args: Any) -> Any:
            try:
                return call(self, *args)
            except (LineError, LateError) as error:
                log.warning("Redis does not answer; pages go on without what is kept there: %s", error)
                return nothing(*args)

        return ask

    return made


class Client(RedisCacheClient):
    """There is one server; the client takes a connection of its pool for each call, and gives it back."""

    get = _or(lambda _key, default: default)(RedisCacheClient.get)
    get_many = _or(lambda _keys: {})(RedisCacheClient.get_many)
    set = _or(lambda *_args: None)(RedisCacheClient.set)
    add = _or(lambda *_args: True)(RedisCacheClient.add)  # False would mean: somebody else has this lock, wait for him
    delete = _or(lambda _key: False)(RedisCacheClient.delete)
    has_key = _or(lambda _key: False)(RedisCacheClient.has_key)

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:  # noqa: ARG002 (Django's)
        """Always the same one."""
        return self._only

    @cached_property
    def _only(self) -> Any:
        return super().get_client(write=True)


class Cache(RedisCache):
    """What CACHES names."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        in_time = {"socket_timeout": SECONDS, "socket_connect_timeout": SECONDS}
        super().__init__(server, {**params, "OPTIONS": {**in_time, **params.get("OPTIONS", {})}})
        self._class = Client

    def validate_key(self, key: str) -> None:
        """Redis takes any; Django looks at each letter for the sake of memcached."""
