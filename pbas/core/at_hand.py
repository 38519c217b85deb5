"""What each page wants to know of its reader and keeps in the cache: a request asks for all of it at once.

A question more is a way to Redis and back, which costs more than what it brings. Whose session comes is guessed, as it
was last time, so that it can come with the rest; what was brought for somebody else is not used.
"""

from typing import Any

from django.core.cache import cache

from pbas.core.sessions import SessionStore

RIGHTS, NOTICES = "rights:{reader}", "notices:{reader}"
VIEWS, NEWEST_VIEW = "views:{page}:{reader}", "views:{page}"  # of the list that a page shows, where it shows one
FAILURES = "menu-failures"  # how many alerts are open, for the menu
_ALL = (RIGHTS, NOTICES, VIEWS, NEWEST_VIEW, FAILURES)
_MOST = 10_000

_readers: dict[str, int] = {}  # by session, as this process has seen them: a guess each


def bring(session: SessionStore, page: str) -> None:
    """At the beginning of a request: one question for its session and all that its page will look at."""
    reader = _readers.get(session.session_key or "")
    if reader is not None:
        held = session.cache_key
        found = _asked(reader, page, held)
        session.brought = found.pop(held)
        session.guess = reader, found


def give(reader: Any, session: SessionStore, page: str) -> None:
    """Once it is known who asks: what was brought for him. Where the guess was wrong, one question more."""
    if session.guess is not None and session.guess[0] == reader.pk:
        reader.at_hand = session.guess[1]
        return
    reader.at_hand = _asked(reader.pk, page)
    if len(_readers) >= _MOST:
        _readers.clear()
    _readers[session.session_key or ""] = reader.pk


def _asked(reader: int, page: str, *others: str) -> dict[str, Any]:
    names = [*(place.format(reader=reader, page=page) for place in _ALL), *others]
    return dict.fromkeys(names) | cache.get_many(names)


def look(place: str, reader: Any, page: str = "") -> Any:
    """What is kept there, None where nothing is: from what the reader's request has brought, else from the cache."""
    name = place.format(reader=reader.pk, page=page)
    at_hand = getattr(reader, "at_hand", {})
    return at_hand[name] if name in at_hand else cache.get(name)


def let_go(reader: Any) -> None:
    """Something of it has changed meanwhile: each look asks the cache again."""
    reader.at_hand = {}
