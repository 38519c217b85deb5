"""What each page wants to know of its reader and keeps in the cache: a request asks for all of it at once.

A question more is a way to Redis and back, which costs more than what it brings.
"""

from typing import Any

from django.core.cache import cache

RIGHTS, NOTICES = "rights:{reader}", "notices:{reader}"
VIEWS, NEWEST_VIEW = "views:{page}:{reader}", "views:{page}"  # of the list that a page shows, where it shows one
FAILURES = "menu-failures"  # how many alerts are open, for the menu
_ALL = (RIGHTS, NOTICES, VIEWS, NEWEST_VIEW, FAILURES)


def bring(reader: Any, page: str) -> None:
    """At the beginning of a request: one question for all that its page will look at."""
    names = [place.format(reader=reader.pk, page=page) for place in _ALL]
    reader.at_hand = dict.fromkeys(names) | cache.get_many(names)


def look(place: str, reader: Any, page: str = "") -> Any:
    """What is kept there, None where nothing is: from what the reader's request has brought, else from the cache."""
    name = place.format(reader=reader.pk, page=page)
    at_hand = getattr(reader, "at_hand", {})
    return at_hand[name] if name in at_hand else cache.get(name)


def let_go(reader: Any) -> None:
    """Something of it has changed meanwhile: each look asks the cache again."""
    reader.at_hand = {}
