"""Keeping what steps brought: moves, licenses, files and events of many requests in one transaction."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from ka_plugins.contract import Key, KeyStatus, Plugin
from licenses import ending, intake, statements
from licenses.claimed import Claimed, Landing
from licenses.models import NEVER, Finding, License, LicenseFile, LicenseRequest, PluginConfiguration
from licenses.moves import Line
from licenses.plugins import plugin_class
from licenses.points import point
from licenses.signals import requests_at_rest
from pbas.core.crypto import new_uid
from pbas.core.rows import add_rows
from pbas.core.story import SYSTEM

if TYPE_CHECKING:
    from django.db.models import QuerySet

Kind, State = LicenseRequest.Kind, License.State


_NEXT_LOOK = 86_400.0  # seconds after its install until a license is read back again
_CANDIDATE = ["uid", "kind", "shown", "key", "class_code", "vendor_status", "license_class", "request", "seen_at"]


def keep(landings: Sequence[Landing]) -> set[int]:
    """Make the moves of all landings that are still theirs to make, and keep all they brought. Answers who won."""
    ours = _still_ours([one for one in landings if one.key or one.files])
    fruitful = [one for one in landings if one.claimed.id in ours]
    licenses = _keep_keys([one for one in fruitful if one.key])
    point("between_license_and_move")
    going = [one for one in landings if one.claimed.id in ours or not (one.key or one.files)]
    won = statements.move([one.move.row(licenses.get(one.claimed.id)) for one in going]) if going else set()
    _keep_files([one for one in fruitful if one.files])
    _set_states([one for one in going if one.claimed.id in won and one.license_state])
    statements.add_events(_events([one for one in going if one.claimed.id in won], licenses))
    _keep_candidates([one for one in going if one.claimed.id in won and one.candidates])
    _park([one for one in landings if one.parking])
    ending.end_replaced([one.claimed.id for one in going if one.claimed.id in won and _is_done_change(one)])
    _tell_at_rest([one for one in going if one.claimed.id in won])
    point("before_commit")
    return won


def tell_intents(requests: Sequence[Claimed], names: dict[int, str]) -> None:
    """Tell of requests just claimed whose key is asked for next; with the claim's own transaction, before any call."""
    lines = [
        _event(one, Line("intent", f"{names[one.configuration]} is asked for the key."), one.license)
        for one in requests
        if one.intended
    ]
    statements.add_events(lines)


def add_line(request: Claimed, line: Line) -> None:
    """Tell something of a request without moving it."""
    statements.add_events([_event(request, line, request.license)])


def _still_ours(landings: Sequence[Landing]) -> set[int]:
    """Which of these requests nobody took over; locked, so that their licenses are made by us alone."""
    if not landings:
        return set()
    expected = {one.claimed.id: (one.move.attempt, one.move.state) for one in landings}
    return {pk for pk, *now in statements.locked(list(expected)) if expected[pk] == tuple(now)}


def _keep_keys(landings: Sequence[Landing]) -> dict[int, int]:
    """Make the licenses of new keys, bring known ones up to date; the license of each request by its id."""
    new = [one for one in landings if one.sold]
    mains = [_license(one.claimed, one.key) for one in new if one.key]
    add_rows(mains)
    children = [
        [_license(one.claimed, child, parent=main) for child in (one.key.additional if one.key else ())]
        for one, main in zip(new, mains, strict=True)
    ]
    add_rows([child for row in children for child in row])
    for one, main, own in zip(new, mains, children, strict=True):
        one.claimed.license = main.pk
        for key, row in zip(one.claimed.keys, [main, *own], strict=True):
            key.license = row.pk
    for one in landings:
        if one.key and not one.sold:
            _take_over(one.claimed, one.key)
    return {one.claimed.id: one.claimed.license for one in landings if one.claimed.license}


def _license(request: Claimed, key: Key, parent: License | None = None) -> License:
    return intake.new_license(
        plugin_class(request.template),
        key,
        configuration_id=request.configuration,
        license_class_id=request.license_class,
        subscription_id=request.subscription,
        parent=parent,
    )


def _take_over(request: Claimed, key: Key) -> None:
    """A renewed, changed or adopted license keeps its identity; what the vendor says of it now is written."""
    plugin = plugin_class(request.template)
    license_ = License.objects.get(pk=request.license or 0)
    intake.take_over(license_, plugin, key)
    if request.kind == Kind.CHANGE and not key.features:  # the vendor names none, so it has what was asked for
        license_.features = list(request.options.get("features", ()))
    license_.save()
    request.keys[0].license = license_.pk
    children = {child.fingerprint: child for child in license_.children.all()}
    in_hand = {one.number: one for one in request.keys}
    for additional in key.additional:
        child = children.get(intake.fingerprint(plugin, additional.number))
        if additional.status is KeyStatus.TERMINATED:
            ended = [child.pk] if child else []
            License.objects.filter(pk__in=ended).update(state=State.TERMINATED)
            ending.take_out(ended)
            continue
        if child is None:
            child = _license(request, additional, parent=license_)
        else:
            intake.take_over(child, plugin, additional)
        child.save()
        in_hand[additional.number].license = child.pk
    if key.to_end:
        ending.remember(request.id, license_, key)


def _keep_files(landings: Sequence[Landing]) -> None:
    """Keep the files of keys that are known by now; bytes that are there already are not kept twice."""
    known = {key.license for one in landings if one.claimed.kind != Kind.ISSUE for key, _ in one.files}
    existing = list(LicenseFile.objects.filter(license__in=known).defer("body")) if known else []
    rows = [
        row
        for one in landings
        for key, file in one.files
        for row in intake.new_files(
            [file],
            request_id=one.claimed.id,
            license_id=key.license,
            source="vendor",
            existing=[row for row in existing if row.license_id == key.license],
        )
    ]
    add_rows(rows)


def _keep_candidates(landings: Sequence[Landing]) -> None:
    """The keys among which a person has to choose, each as a finding that names the request; what it costs is there."""
    for one in landings:
        plugin = plugin_class(one.claimed.template)
        Finding.objects.bulk_create(
            [_candidate(one.claimed, plugin, key) for key in one.candidates],
            update_conflicts=True,
            unique_fields=["configuration", "fingerprint"],
            update_fields=_CANDIDATE,
        )


def _candidate(request: Claimed, plugin: type[Plugin], key: Key) -> Finding:
    return Finding(
        uid=new_uid(),
        configuration_id=request.configuration,
        kind=Finding.Kind.DOUBT,
        fingerprint=intake.fingerprint(plugin, key.number),
        shown=intake.masked(key.number) if plugin.secret_keys else key.number,
        key=key.number,
        class_code=key.class_code[:200],
        vendor_status=key.status.value,
        license_class_id=request.license_class,
        request_id=request.id,
        seen_at=timezone.now(),
    )


def _set_states(landings: Sequence[Landing]) -> None:
    for state in {one.license_state for one in landings}:
        mine = [one for one in landings if one.license_state == state]
        ids = _licenses_of(mine)
        if state == State.INSTALLED:
            _set_installed(mine)
        else:
            _living(ids).update(state=state)
        if state == State.TERMINATED:
            ending.take_out(ids)
            ending.close_stock(ids)


def _set_installed(landings: Sequence[Landing]) -> None:
    """Those that were delivered are proven; a resumed one has lain unseen since it was suspended, and is looked at."""
    resumed = [one for one in landings if one.claimed.kind == Kind.RESUME]
    delivered = [one for one in landings if one.claimed.kind != Kind.RESUME]
    if resumed:
        _living(_licenses_of(resumed)).update(state=State.INSTALLED, prove_at=statements.in_seconds(0))
    if delivered:
        statements.set_installed(_licenses_of(delivered), look=_NEXT_LOOK)
        _look_now({one.claimed.license for one in delivered if one.claimed.kind in {Kind.RENEW, Kind.CHANGE}})


def _licenses_of(landings: Sequence[Landing]) -> list[int]:
    known = [key.license for one in landings for key in one.claimed.keys]
    return [pk for pk in known if pk is not None]


def _living(ids: Sequence[int]) -> "QuerySet[License]":
    return License.objects.filter(pk__in=ids).exclude(state=State.TERMINATED)


def _look_now(ids: set[int | None]) -> None:
    """Where newer files are proven, those that they replace are taken out by whoever reads targets back."""
    if not ids:
        return
    files = LicenseFile.objects.filter(license=OuterRef("pk"), cleared_at=None)
    rows = License.objects.filter(Exists(files), pk__in=[pk for pk in ids if pk is not None], state=State.INSTALLED)
    rows.update(prove_at=statements.in_seconds(0))


def _events(landings: Sequence[Landing], licenses: dict[int, int]) -> list[tuple[object, ...]]:
    return [
        _event(
            *(one.claimed, line, licenses.get(one.claimed.id) or one.claimed.license),
            one.milliseconds if line is one.lines[0] else None,
        )
        for one in landings
        for line in one.lines
    ]


def _event(request: Claimed, line: Line, license_: int | None, milliseconds: int | None = None) -> tuple[object, ...]:
    return (
        *(SYSTEM.kind, "", line.kind, line.text, line.detail, request.attempt, milliseconds),
        *(request.subscription, request.id, license_, request.configuration),
    )


def _park(landings: Sequence[Landing]) -> None:
    """Of many failures at once the first one counts: the others knew the vendor as he was before it."""
    news = {(one.parking.configuration, one.parking.well): one.parking for one in landings if one.parking}
    for parking in sorted(news.values(), key=lambda one: one.configuration):  # one order, or two ledgers lock crosswise
        row = PluginConfiguration.objects.filter(pk=parking.configuration, version=parking.version)
        if parking.well:
            row.filter(parkings__gt=0).update(parkings=0, parked_until=None, parked_why="")
            continue
        until = NEVER if parking.seconds is None else statements.in_seconds(parking.seconds)
        row.filter(parkings=parking.parkings).update(
            parkings=F("parkings") + 1, parked_until=until, parked_why=parking.why
        )


def _is_done_change(landing: Landing) -> bool:
    return landing.claimed.kind == Kind.CHANGE and landing.move.to == LicenseRequest.State.DONE


def _tell_at_rest(landings: Sequence[Landing]) -> None:
    resting = {one.claimed.subscription for one in landings if not one.move.leased}
    if owners := {pk for pk in resting if pk is not None}:
        requests_at_rest.send(sender=LicenseRequest, subscription_ids=owners)
