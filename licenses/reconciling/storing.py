"""What a round finds out is kept, a batch at a time: licenses seen at the vendor, and findings. Never a vendor call."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from ka_plugins.contract import Key, Plugin
from licenses.intake import fingerprint, masked
from licenses.models import Finding, License, LicenseRequest, PluginConfiguration, ReadyKey
from licenses.plugins import plugin_class
from licenses.reconciling.comparing import COLUMNS, LIVING, Ours, differences, is_billed_for_nothing
from pbas.core.crypto import new_uid

Kind, State = Finding.Kind, License.State
Request = LicenseRequest.State

OURS_LIVING = (State.ISSUED, State.INSTALLED, State.SUSPENDED)
BATCH = 500
SKEW = timedelta(minutes=10)  # by which a vendor's clock may go before ours
_UPDATED = (
    *("shown", "key", "class_code", "vendor_status", "license_class", "license", "request", "differences"),
    *("is_billed", "seen_at"),
)


@dataclass(slots=True)
class Round:
    """One comparison of a configuration with its vendor: what stays known from batch to batch."""

    configuration: PluginConfiguration
    began_at: datetime
    classes: Mapping[str, int]  # ids by code
    tells_features: bool = False  # a list in which no key has a feature says nothing of features
    passed_over: list[int] = field(default_factory=list)  # licenses that somebody was writing just then

    @property
    def plugin(self) -> type[Plugin]:
        """Its plug-in."""
        return plugin_class(self.configuration.template)

    def shown(self, number: str) -> str:
        """A key as people may see it."""
        return masked(number) if self.plugin.secret_keys else number


def round_of(configuration: PluginConfiguration, began_at: datetime) -> Round:
    """A round at its beginning, or where it goes on. One statement."""
    return Round(configuration, began_at, dict(configuration.classes.values_list("code", "pk")))


def keep_listed(now: Round, keys: Sequence[Key]) -> None:
    """Compare keys of the vendor's list with what is ours. A fixed number of statements for any number of keys."""
    now.tells_features = now.tells_features or any(key.features for key in keys if not key.parent)
    by_print = {fingerprint(now.plugin, key.number): key for key in keys}
    ours = _ours(by_print)
    strangers = {one: key for one, key in by_print.items() if one not in ours and key.status in LIVING}
    found = _strangers(now, strangers) if strangers else []
    found += [one for mine in ours.values() for one in _different(now, mine, by_print[mine.fingerprint])]
    _keep(now, [one.pk for one in ours.values() if one.configuration == now.configuration.pk], ours, found)


def keep_described(now: Round, license_: License, key: Key | None, refusal: str = "") -> None:
    """Compare one license with what the vendor says of its key; None where he refuses to say anything."""
    mine = next(iter(_ours([license_.fingerprint]).values()), None)
    if mine is None:
        return
    now.tells_features = True  # who is asked for one key says all of it
    found = list(_different(now, mine, key)) if key else [] if mine.busy else [_missing(now, mine, refusal)]
    _keep(now, [mine.pk], {mine.fingerprint: mine}, found)


def keep_missing(now: Round) -> None:
    """After a whole list: licenses of ours that live and were not in it."""
    License.objects.filter(pk__in=now.passed_over).update(checked_at=timezone.now())
    settled = now.began_at - timedelta(seconds=settings.RECONCILE_SETTLE_SECONDS)
    unseen = License.objects.filter(
        Q(checked_at=None) | Q(checked_at__lt=now.began_at),
        configuration=now.configuration,
        state__in=OURS_LIVING,
        issued_at__lt=settled,
    )
    last = 0
    while stretch := list(unseen.filter(pk__gt=last).order_by("pk").values_list("fingerprint", "pk")[:BATCH]):
        last = stretch[-1][1]
        ours = _ours([one for one, _pk in stretch])
        missing = [one for one in ours.values() if not one.busy]
        _keep(now, [one.pk for one in missing], ours, [_missing(now, one) for one in missing])


def drop_settled(now: Round) -> int:
    """Findings that a whole round did not confirm are over; answers how many. A doubt ends with its request's."""
    old = Finding.objects.filter(configuration=now.configuration, seen_at__lt=now.began_at)
    return old.exclude(kind=Kind.DOUBT, request__in=buying(now.configuration)).delete()[0]


def _ours(prints: Iterable[str]) -> dict[str, Ours]:
    """Our licenses by fingerprint, whichever configuration they are of. One statement."""
    opened = LicenseRequest.objects.filter(license=OuterRef("pk"), finished_at__isnull=True)
    of_parent = LicenseRequest.objects.filter(license=OuterRef("parent"), finished_at__isnull=True)
    rows = License.objects.filter(fingerprint__in=list(prints)).annotate(
        is_additional=Q(parent__isnull=False), busy=Exists(opened) | Exists(of_parent)
    )
    return {one.fingerprint: one for one in (Ours(*row) for row in rows.values_list(*COLUMNS))}


def _different(now: Round, mine: Ours, key: Key) -> Iterable[Finding]:
    if mine.busy or mine.configuration != now.configuration.pk:
        return
    found = differences(mine, key, now.shown(key.number), tells_features=now.tells_features)
    if found:
        yield _finding(
            now,
            mine.fingerprint,
            key,
            kind=Kind.DIFFERENT,
            license_id=mine.pk,
            license_class_id=mine.license_class,
            differences=found,
            is_billed=is_billed_for_nothing(mine, key),
        )


def _missing(now: Round, mine: Ours, refusal: str = "") -> Finding:
    said = [{"what": "refused", "ours": "", "theirs": refusal}] if refusal else []
    return Finding(
        uid=new_uid(),
        configuration=now.configuration,
        kind=Kind.MISSING,
        fingerprint=mine.fingerprint,
        shown=mine.key,
        license_id=mine.pk,
        license_class_id=mine.license_class,
        differences=said,
        seen_at=timezone.now(),
    )


def _finding(now: Round, print_: str, said: Key, **more: object) -> Finding:
    return Finding(
        uid=new_uid(),
        configuration=now.configuration,
        fingerprint=print_,
        shown=now.shown(said.number),
        class_code=said.class_code[:200],
        vendor_status=said.status.value,
        seen_at=timezone.now(),
        **more,
    )


# --- keys that are not ours -----------------------------------------------------------------------------------------


def _strangers(now: Round, keys: Mapping[str, Key]) -> list[Finding]:
    """Living keys without a license: bought this moment, ready, or orphans. Four statements.

    First who is buying, then once more what is ours: a purchase that ends between the two is in the second.
    """
    open_requests = list(buying(now.configuration))
    parents = _ours({fingerprint(now.plugin, key.parent) for key in keys.values() if key.parent})
    ours = _ours(keys)
    ready = set(ReadyKey.objects.filter(fingerprint__in=list(keys)).values_list("fingerprint", flat=True))
    doubts: dict[str, LicenseRequest | None] = {}
    found = []
    for print_, key in keys.items():
        if print_ in ours or print_ in ready:
            continue
        above = fingerprint(now.plugin, key.parent) if key.parent else ""
        parent = parents.get(above)
        if above in doubts or (parent is not None and parent.busy):
            doubts[print_] = doubts.get(above)
        elif request := next((one for one in open_requests if may_be_of(one, key)), None):
            doubts[print_] = request
        elif key.created_at and key.created_at > now.began_at - timedelta(seconds=settings.RECONCILE_SETTLE_SECONDS):
            doubts[print_] = None
        one = _stranger(now, print_, key, in_doubt=print_ in doubts, request=doubts.get(print_))
        if parent is not None and parent.configuration == now.configuration.pk:
            one.license_id = parent.pk
        found.append(one)
    return found


def _stranger(now: Round, print_: str, key: Key, *, in_doubt: bool, request: LicenseRequest | None) -> Finding:
    return _finding(
        now,
        print_,
        key,
        kind=Kind.DOUBT if in_doubt else Kind.ORPHAN,
        key=key.number,
        license_class_id=now.classes.get(key.class_code),
        request=request,
        is_billed=not in_doubt,
    )


def buying(configuration: PluginConfiguration) -> "QuerySet[LicenseRequest]":
    """The requests of which it is not known yet what they bought."""
    doubtful = (Request.BUYING, Request.IN_DOUBT)
    rows = LicenseRequest.objects.filter(
        Q(state__in=doubtful) | Q(state=Request.ATTENTION, stopped_in__in=doubtful),
        configuration=configuration,
        kind=LicenseRequest.Kind.ISSUE,
        license=None,
        intent_at__isnull=False,
    )
    return rows.select_related("license_class").order_by("pk")


def may_be_of(request: LicenseRequest, key: Key) -> bool:
    """Whether a key may be what a request bought."""
    if key.class_code and key.class_code != request.license_class.code:
        return False
    return not (key.created_at and request.intent_at and key.created_at < request.intent_at - SKEW)


# --- kept -----------------------------------------------------------------------------------------------------------


def _keep(now: Round, seen: Sequence[int], ours: Mapping[str, Ours], found: Sequence[Finding]) -> None:
    """One transaction: what was seen and agrees, what was seen and does not, and the findings."""
    differ = {one.license_id for one in found if one.kind in {Kind.MISSING, Kind.DIFFERENT}}
    busy = {one.pk for one in ours.values() if one.busy}
    with transaction.atomic():
        free = _locked([*seen, *now.passed_over])
        now.passed_over = [pk for pk in (*seen, *now.passed_over) if pk not in free]
        at = timezone.now()
        rows = License.objects.filter
        rows(pk__in=[pk for pk in free if pk not in differ | busy]).update(in_sync=True, checked_at=at)
        rows(pk__in=[pk for pk in free if pk in differ]).update(in_sync=False, checked_at=at)
        rows(pk__in=[pk for pk in free if pk in busy - differ]).update(checked_at=at)
        _keep_findings(now, found)


def _locked(pks: Sequence[int]) -> set[int]:
    """The licenses that nobody else is writing, locked: waiting for the others could lock crosswise."""
    rows = License.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    return set(rows.filter(pk__in=pks).order_by("pk").values_list("pk", flat=True))


def _keep_findings(now: Round, found: Sequence[Finding]) -> None:
    """A finding that is there keeps its first date and its ignoring; one of another kind is a new one."""
    if not found:
        return
    rows = Finding.objects.filter(configuration=now.configuration, fingerprint__in=[one.fingerprint for one in found])
    before = {print_: (uid, kind) for print_, uid, kind in rows.values_list("fingerprint", "uid", "kind")}
    other = [one.fingerprint for one in found if one.fingerprint in before and before[one.fingerprint][1] != one.kind]
    if other:
        rows.filter(fingerprint__in=other).delete()
    for one in found:
        if one.fingerprint in before and one.fingerprint not in other:
            one.uid = before[one.fingerprint][0]  # what is encrypted is bound to it
    Finding.objects.bulk_create(
        found, update_conflicts=True, unique_fields=["configuration", "fingerprint"], update_fields=_UPDATED
    )
