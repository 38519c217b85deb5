"""Django's cache in Redis with one client a thread: it makes one for each call, which costs as much as the call."""

from functools import cached_property
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient


class OneClient(RedisCacheClient):
    """There is one server; the client takes a connection of its pool for each call, and gives it back."""

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:  # noqa: ARG002 (Django's)
        """Always the same one."""
        return self._only

    @cached_property
    def _only(self) -> Any:
        return super().get_client(write=True)


class Cache(RedisCache):
    """What CACHES names."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = OneClient
