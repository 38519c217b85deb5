"""Sessions in cache and database, which may come from the cache together with what else a request asks it for."""

from typing import Any

from django.contrib.sessions.backends.cached_db import SessionStore as CachedStore


class SessionStore(CachedStore):
    """Django's, which is asked for alone unless `at_hand` has brought it."""

    brought: dict[str, Any] | None = None  # what the cache has of it
    guess: tuple[int, dict[str, Any]] | None = None  # whose it is taken for, and what the cache has for him

    def load(self) -> dict[str, Any]:
        """What it holds."""
        brought, self.brought = self.brought, None
        held: dict[str, Any] = super().load() if brought is None else brought
        return held
