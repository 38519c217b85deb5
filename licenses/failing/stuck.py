"""Open rows that nothing and nobody will move: without an owner, a next event or a deadline. There should be none."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from django.core.cache import cache
from django.db.models import Q

from licenses.models import AlertDelivery, LicenseRequest, PluginConfiguration
from licenses.statements import in_seconds

State, Status = LicenseRequest.State, PluginConfiguration.Status

SLACK = 300  # seconds in which a worker should have taken what is due
DEADLINE_SLACK = 1800  # beyond the longest wait between two tries, after which a request comes to a person
SHOWN = 20  # rows named of each kind
SUBJECTS = ("request", "subscription", "order", "plugin", "alert")
COUNTED = "stuck-rows"  # in the cache
KEPT_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Stuck:
    """One open row that will not move: what it is (a word for links and metrics), its id, and why, in words."""

    subject: str
    pk: int
    text: str


def requests_without_event() -> Iterator[Stuck]:
    """No open request without a next event: due, a live lease, a person's, held, in stock, or waiting for services."""
    moving = [one for one in LicenseRequest.OPEN if one not in {State.ATTENTION, State.SERVICES}]
    offline = Q(configuration__mode="offline", state__in=[State.KEY, State.FILES, State.INSTALL])
    stock = Q(state=State.INSTALL, subscription=None)
    rows = LicenseRequest.objects.filter(state__in=moving, due_at=None, held=False)
    for request in rows.exclude(offline | stock).order_by("state", "pk")[:SHOWN]:  # as the index of states has them
        text = f"Request {request.pk} waits in {request.state} and nothing will move it."
        yield Stuck("request", request.pk, text)


def requests_left_lying() -> Iterator[Stuck]:
    """Nothing that a worker should have taken is left lying for minutes, unless its vendor is paused or parked."""
    late = LicenseRequest.objects.filter(
        due_at__lt=in_seconds(-SLACK), configuration__status=Status.CONFIGURED, configuration__mode="online"
    ).exclude(configuration__parkings__gt=0)
    for request in late.order_by("due_at")[:SHOWN]:
        text = f"Request {request.pk} was due in {request.state} at {request.due_at} and no worker took it."
        yield Stuck("request", request.pk, text)


def requests_past_deadline() -> Iterator[Stuck]:
    """What should have come to a person at its deadline did."""
    late = LicenseRequest.objects.filter(deadline__lt=in_seconds(-DEADLINE_SLACK), due_at__isnull=False, leased=False)
    for request in late.order_by("deadline")[:SHOWN]:
        text = f"Request {request.pk} is past its deadline of {request.deadline} and came to nobody."
        yield Stuck("request", request.pk, text)


def fetches_left_lying() -> Iterator[Stuck]:
    """A configuration whose classes are to be fetched is fetched, or says why not and when again."""
    late = PluginConfiguration.objects.filter(mode="online", fetch_at__lt=in_seconds(-SLACK))
    for one in late.order_by("fetch_at")[:SHOWN]:
        text = f"The classes of {one.name} were due at {one.fetch_at} and no worker fetched them."
        yield Stuck("plugin", one.pk, text)


def deliveries_left_lying() -> Iterator[Stuck]:
    """An alert that is to be told is told, or its delivery says why not and when again."""
    for one in AlertDelivery.objects.filter(due_at__lt=in_seconds(-SLACK)).order_by("due_at")[:SHOWN]:
        yield Stuck("alert", one.alert_id, f"Alert {one.alert_id} was to be told at {one.due_at} and no worker did.")


Check = Callable[[], Iterator[Stuck]]

CHECKS: list[Check] = [
    requests_without_event,
    requests_left_lying,
    requests_past_deadline,
    fetches_left_lying,
    deliveries_left_lying,
]


def add_check(check: Check) -> Check:
    """Have what another leg knows of its own rows found too; as a decorator. Once is enough, twice does no harm."""
    if check not in CHECKS:
        CHECKS.append(check)
    return check


def stuck_rows() -> list[Stuck]:
    """Every row without a next event, at most SHOWN of each check. One statement each."""
    return [row for check in CHECKS for row in islice(check(), SHOWN)]


def count_stuck() -> dict[str, int]:
    """How many rows of each subject are stuck, at most SHOWN of each check; kept for those who ask often."""
    counted = Counter(dict.fromkeys(SUBJECTS, 0))
    counted.update(row.subject for row in stuck_rows())
    cache.set(COUNTED, dict(counted), KEPT_SECONDS)
    return dict(counted)


def last_count() -> dict[str, int]:
    """The last count, or a new one where it is too old. No statement in the first case."""
    counted: dict[str, int] | None = cache.get(COUNTED)
    return count_stuck() if counted is None else counted
