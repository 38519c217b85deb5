"""One alert a cause: opened by the first failure, appended to, closed by itself when none is left."""

from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from licenses import statements
from licenses.failing.deliveries import drop_untold, plan
from licenses.failing.groups import OF_PLUGIN, Group, failing, groups, samples_of, troubled_plugins
from licenses.models import Alert, AlertDelivery
from pbas.core import at_hand

NUMBER = at_hand.FAILURES
_LOCK = 712093646

Key = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Failure:
    """What an alert is about, as it stands now."""

    kind: str
    requests: int
    first_at: datetime
    last_at: datetime
    sample: int | None
    text: str


def watch() -> tuple[int, int]:
    """Bring the alerts up to what fails now; answers how many were opened and closed.

    Two at once do one after the other. Pages read the number of open ones from the cache alone. While nothing fails it
    costs three small statements and locks nothing.
    """
    if not (failing().exists() or troubled_plugins() or Alert.objects.filter(closed_at=None).exists()):
        cache.set(NUMBER, 0, None)
        return 0, 0
    with transaction.atomic():
        statements.lock_one_by_one(_LOCK)
        now = _failures()
        opened = {(one.configuration_id, one.step, one.cause): one for one in Alert.objects.filter(closed_at=None)}
        fresh = [_new(key, now[key]) for key in now.keys() - opened.keys()]
        Alert.objects.bulk_create(fresh)
        plan(fresh, AlertDelivery.Subject.OPENED)
        for key in now.keys() & opened.keys():
            _append(opened[key], now[key])
        gone = [opened[key] for key in opened.keys() - now.keys()]
        _close(gone)
    cache.set(NUMBER, len(now), None)
    return len(fresh), len(gone)


def _failures() -> dict[Key, Failure]:
    """Everything that fails now, by what tells causes apart. Three statements."""
    found: dict[Key, Failure] = {}
    moment = timezone.now()
    plugins = troubled_plugins()
    for trouble in plugins:
        # One cause, though the vendor's words may be others at each probe.
        cause = "failed" if trouble.kind == "failed" else "parked"
        key = (trouble.configuration.pk, "", cause)
        found[key] = Failure(trouble.kind, 0, moment, moment, None, trouble.text)
    down = {one.configuration.pk for one in plugins}
    counted = [one for one in groups() if not is_of_plugin(one, down)]
    samples = samples_of(counted)
    for one in counted:
        sample = samples.get(one.newest)
        text = sample.text if sample else ""
        found[one.key] = Failure(one.kind, one.total, one.first_at, one.last_at, one.newest, text)
    return found


def is_of_plugin(group: Group, down: set[int]) -> bool:
    """Whether these requests only met their vendor's trouble: doubts too, until they come to a person."""
    return group.kind in OF_PLUGIN or (group.kind == "unknown" and not group.attention and group.configuration in down)


def _new(key: Key, failure: Failure) -> Alert:
    configuration, step, cause = key
    return Alert(
        configuration_id=configuration,
        step=step,
        cause=cause,
        kind=failure.kind,
        text=failure.text,
        sample_id=failure.sample,
        requests=failure.requests,
        count=failure.requests,
        first_at=failure.first_at,
        last_at=failure.last_at,
    )


def _append(alert: Alert, failure: Failure) -> None:
    """More of the same. How many came is at least how many more there are; those of old that left are not known."""
    if alert.step and (alert.requests, alert.last_at) == (failure.requests, failure.last_at):
        return
    if not alert.step and (alert.kind, alert.text) == (failure.kind, failure.text):
        return
    Alert.objects.filter(pk=alert.pk).update(
        kind=failure.kind,
        text=failure.text,
        sample=failure.sample,
        requests=failure.requests,
        count=alert.count + max(failure.requests - alert.requests, 0),
        last_at=max(alert.last_at, failure.last_at),
    )


def _close(gone: list[Alert]) -> None:
    if not gone:
        return
    Alert.objects.filter(pk__in=[one.pk for one in gone]).update(closed_at=Now(), requests=0)
    untold = drop_untold(gone)
    plan([one for one in gone if one.pk not in untold], AlertDelivery.Subject.CLOSED)
