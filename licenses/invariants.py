"""What must hold of all rows at any moment; the numbers are those of the reliability tests (I3 to I6)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from licenses.failing.stuck import stuck_rows
from licenses.models import License, LicenseRequest, StateCount
from licenses.statements import in_seconds
from pbas.core.models import Event
from pbas.core.sealing import unsealed

State = LicenseRequest.State
SHOWN = 20  # rows named of each broken invariant
SEALED_WITHIN = 900  # seconds


@dataclass(frozen=True, slots=True)
class Broken:
    """One row that breaks an invariant, in words."""

    invariant: str
    text: str


def broken() -> Iterator[Broken]:
    """Everything that is broken now; nothing where all is well."""
    for name, check in INVARIANTS.items():
        for text in check():
            yield Broken(name, text)


def _stuck() -> Iterator[str]:
    """Every open row has an owner, a next event and a deadline: requests, services, orders, fetches, alerts."""
    return (row.text for row in stuck_rows())


def _finished_without_end() -> Iterator[str]:
    """A final state has its time of ending, and only a final one has."""
    for request in LicenseRequest.objects.exclude(
        Q(state__in=LicenseRequest.FINAL, finished_at__isnull=False)
        | Q(state__in=LicenseRequest.OPEN, finished_at__isnull=True)
    )[:SHOWN]:
        yield f"Request {request.pk} is {request.state}, but its time of ending says otherwise."


def _done_without_license() -> Iterator[str]:
    """What is done has a license, and an issued one that is or was installed and proven, as all that are installed."""
    done = LicenseRequest.objects.filter(state=State.DONE)
    for request in done.filter(license=None)[:SHOWN]:
        yield f"Request {request.pk} is done without a license."
    unproven = done.filter(kind="issue", license__state=License.State.ISSUED)
    for request in unproven[:SHOWN]:
        yield f"Request {request.pk} is done, but its license {request.license_id} was never proven."
    for license_ in License.objects.filter(state=License.State.INSTALLED, proven_at=None)[:SHOWN]:
        yield f"License {license_.pk} is called installed, but it was never proven."


def _issued_events() -> Iterator[str]:
    """Exactly one event says where the key of an issued license came from."""
    requests = LicenseRequest.objects.filter(kind="issue", license__isnull=False)
    keys = Event.objects.filter(kind="key_issued", request__in=requests).values("request").annotate(n=Count("pk"))
    for row in keys.filter(n__gt=1)[:SHOWN]:
        yield f"Request {row['request']} has {row['n']} events of an issued key."
    told = Event.objects.filter(kind__in=["key_issued", "key_served", "adopted", "uploaded"]).values("request")
    for request in requests.exclude(pk__in=told)[:SHOWN]:
        yield f"Request {request.pk} has a license, but no event tells where its key came from."


def _counters() -> Iterator[str]:
    """The counters of the tabs equal what is there."""
    for subject, model in (("license", License), ("request", LicenseRequest)):
        counted = StateCount.objects.filter(subject=subject).values_list("configuration_id", "state")
        sums = {(pk, state): n for pk, state, n in counted.annotate(total=Sum("n")).order_by() if n}
        rows = model._default_manager.values_list("configuration_id", "state")  # noqa: SLF001 (Django's public name)
        real = {(pk, state): n for pk, state, n in rows.annotate(n=Count("pk")).order_by()}
        for key in sorted(sums.keys() | real.keys()):
            if sums.get(key, 0) != real.get(key, 0):
                words = f"{sums.get(key, 0)} {subject}s in {key[1]}, but there are {real.get(key, 0)}"
                yield f"The counter of configuration {key[0]} says {words}."


def _paid_once() -> Iterator[str]:
    """An issue request has one license of its own, and no license two issue requests."""
    twice = LicenseRequest.objects.filter(kind="issue", license__isnull=False).values("license").annotate(n=Count("pk"))
    for row in twice.filter(n__gt=1)[:SHOWN]:
        yield f"License {row['license']} ends {row['n']} issue requests."


def _unproven() -> Iterator[str]:
    """Installed licenses are read back every day; one that waits for its look for another day has been forgotten."""
    late = License.objects.filter(prove_at__lt=in_seconds(-86_400))
    for license_ in late.order_by("prove_at")[:SHOWN]:
        why = "Does a worker serve the queue `proof`?"
        yield f"License {license_.pk} was to be read back at {license_.prove_at:%Y-%m-%d %H:%M} UTC. {why}"


def _unsealed() -> Iterator[str]:
    """The story is sealed within minutes; `check_ledger` verifies the seals themselves."""
    count, oldest = unsealed()
    if oldest is not None and Event.objects.filter(pk=oldest.pk, at__lt=in_seconds(-SEALED_WITHIN)).exists():
        why = "Does beat run, and a worker of the queue `panel`?"
        yield f"{count:,} events are not sealed, the oldest, {oldest.pk}, since {oldest.at:%Y-%m-%d %H:%M} UTC. {why}"


INVARIANTS: dict[str, Callable[[], Iterator[str]]] = {
    "I1 each request ends in a license of its own": _paid_once,
    "I2 done means installed and proven": _done_without_license,
    "I3 every open row has a next event": _stuck,
    "I3 ended means ended": _finished_without_end,
    "I3 installed licenses are read back": _unproven,
    "I5 one event tells where a key came from": _issued_events,
    "I5 events are sealed within minutes": _unsealed,
    "I6 the counters are right": _counters,
}
