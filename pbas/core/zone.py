"""Times in the reader's own zone, which his browser tells in a cookie; UTC where it does not."""

import re
from collections.abc import Callable
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.utils import timezone

COOKIE = "zone"  # set by static/js/theme.js
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,30}(/[A-Za-z0-9_+-]{1,30}){0,2}")


class ZoneMiddleware:
    """Each request is answered in the zone of who asks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the reader's zone."""
        with timezone.override(_zone(request.COOKIES.get(COOKIE, ""))):
            return self.get_response(request)


@lru_cache(maxsize=128)
def _zone(name: str) -> ZoneInfo | None:
    """None (the panel's own zone) for what is no zone's name: it comes from outside."""
    if not _NAME.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # unknown, a folder of zones, or no name at all
        return None
