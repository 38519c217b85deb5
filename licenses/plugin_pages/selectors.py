"""Reads for the pages of plug-in configurations. Each says how many statements it costs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from ka_plugins.contract import ClassInfo
from licenses.class_lists import read_class
from licenses.models import LicenseClass, LicenseRequest, PluginConfiguration
from pbas.core.models import Event

MOST_LOOKED_AT = 1000  # of the newest requests, for the share of those with a problem
_WENT_WELL = ("key_issued", "files_fetched", "license_changed", "classes_received", "connection_works")
_TESTED = ("connection_works", "connection_failed")


@dataclass(frozen=True, slots=True)
class Health:
    """How a configuration has been working."""

    last_success: datetime | None  # the vendor last did what he was asked
    requests: int  # made in the last 24 hours, at most MOST_LOOKED_AT
    troubled: int  # of these the ones with a problem now
    due: int  # requests that wait for a worker
    open: int  # requests that are not finished
    tested: Event | None  # the last test of the connection

    @property
    def percent(self) -> int:
        """The share of requests with a problem."""
        return round(100 * self.troubled / self.requests) if self.requests else 0


def health_of(configuration: PluginConfiguration) -> Health:
    """Five statements."""
    events = Event.objects.filter(configuration=configuration)
    requests = LicenseRequest.objects.filter(configuration=configuration)
    newest = requests.order_by("-id").filter(created_at__gt=timezone.now() - timedelta(days=1))[:MOST_LOOKED_AT]
    young = LicenseRequest.objects.filter(pk__in=list(newest.values_list("pk", flat=True)))
    shares = young.aggregate(all=Count("pk"), bad=Count("pk", filter=~Q(problem_kind="")))
    waiting = requests.filter(state__in=LicenseRequest.OPEN)
    depth = waiting.aggregate(all=Count("pk"), due=Count("pk", filter=Q(due_at__lte=timezone.now(), leased=False)))
    good = events.filter(kind__in=_WENT_WELL).first()
    return Health(
        last_success=good.at if good else None,
        requests=shares["all"],
        troubled=shares["bad"],
        due=depth["due"],
        open=depth["all"],
        tested=events.filter(kind__in=_TESTED).first(),
    )


def last_changes(configuration: PluginConfiguration) -> Event | None:
    """What a list last changed in the classes. One statement."""
    return Event.objects.filter(configuration=configuration, kind="classes_received").exclude(detail="").first()


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A license class in the list: its row, and how much there is to choose in it."""

    row: LicenseClass
    groups: int
    features: int
    additional: int


def class_rows(configuration: PluginConfiguration, text: str = "") -> list[ClassRow]:
    """The classes in which a name or code holds a text, those of features too; retired ones last. One statement."""
    rows = configuration.classes.order_by("retired", "name", "pk")
    return [
        ClassRow(row, *(_length(row.properties, part) for part in ("groups", "features", "additional")))
        for row in rows
        if not text or holds((row.name, row.code, *_words(row.properties)), text)
    ]


def holds(words: Iterable[str], text: str) -> bool:
    """Whether one of the words holds a text, in whatever case."""
    wanted = text.casefold()
    return any(wanted in word.casefold() for word in words)


def _length(properties: Any, part: str) -> int:
    value = properties.get(part) if isinstance(properties, dict) else None
    return len(value) if isinstance(value, list) else 0


def _words(value: Any) -> Iterator[str]:
    """All names and codes below; whatever is stored."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _words(one)


def class_of(row: LicenseClass) -> ClassInfo | None:
    """All that can be chosen in a class; None where what is stored cannot be read."""
    given = row.properties if isinstance(row.properties, dict) else {}
    try:
        return read_class({**given, "code": row.code, "name": row.name})
    except ValueError:
        return None


def standing(configuration: PluginConfiguration, tab: str = "") -> dict[str, Any]:
    """What the part of a page needs that says how a configuration stands. One statement."""
    return {
        "configuration": configuration,
        "sells": configuration.classes.filter(sold=True).exists(),
        "fetching": configuration.fetch_step or configuration.status == PluginConfiguration.Status.FETCHING,
        "tab": tab,
        "is_anew": False,
    }
