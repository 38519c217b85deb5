"""License classes: fetched from the vendor or brought with a list, kept, ticked as sold."""

import dataclasses
from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from ka_plugins.contract import ClassInfo, MisconfiguredError
from licenses import bell
from licenses.asking import ask
from licenses.class_lists import product_list
from licenses.models import LicenseClass, PluginConfiguration
from licenses.retry import wait_after
from pbas.core.notices import services as notices
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.story import SYSTEM, Actor, tell

Mode, Status = PluginConfiguration.Mode, PluginConfiguration.Status

FETCH = "licenses.tasks.fetch_classes"
LEASE = timedelta(minutes=5)  # longer than any plug-in may take; then another worker fetches
SELDOM = 8  # what only a person can mend is asked for as seldom as after so many failures more
NAMED = 20  # classes that one line of the story names


class Step(StrEnum):
    """How far a fetch is."""

    QUEUED = "queued"
    ASKING = "asking"
    STORING = "storing"


@dataclasses.dataclass(frozen=True, slots=True)
class Changes:
    """What a list changed in the classes of a configuration: their names."""

    came: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    went: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = (("New", self.came), ("Changed", self.changed), ("No longer listed", self.went))
        return "\n".join(f"{word} ({len(names)}): {_some(names)}" for word, names in parts if names)


def _some(names: tuple[str, ...]) -> str:
    more = f", and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


# --- from the vendor ----------------------------------------------------------------------------------------------


def want_classes(*, configuration: PluginConfiguration, actor: Actor) -> None:
    """Have a worker fetch the classes now. Raises Problem where nobody can be asked."""
    if not configuration.is_online:
        raise Problem("%(configuration)s is offline: its classes are not fetched.", configuration=configuration.name)
    with transaction.atomic():
        asked = PluginConfiguration.objects.filter(pk=configuration.pk, fetch_step="")
        if asked.update(fetch_at=timezone.now(), fetch_step=Step.QUEUED, classes_received=0):
            tell(actor, "classes_asked", f"{configuration.name}: an update was asked for.", configuration=configuration)
        announce(configuration, actor)
        ring(configuration)


def announce(configuration: PluginConfiguration, actor: Actor) -> None:
    """Whoever asked for a fetch is told how it ends."""
    link = reverse("plugin_classes", args=[configuration.pk])
    notices.begin(actor=actor, kind="classes", subject=configuration.pk, link=link, plugin=configuration.name)


def ring(configuration: PluginConfiguration) -> None:
    """Call a worker for a fetch, after the commit. A broker that is down is seen by the sweep, which asks again."""
    transaction.on_commit(lambda: bell.send(FETCH, [configuration.pk]))


def due_fetches() -> QuerySet[PluginConfiguration]:
    """The configurations whose classes are to be fetched now: asked for, tried again, or left by a dead worker."""
    forgotten = Q(fetch_at=None, status__in=[Status.FETCHING, Status.FAILED])
    due = Q(fetch_at__lte=timezone.now()) | forgotten
    return PluginConfiguration.objects.filter(due, mode=Mode.ONLINE)


def fetch_due(pk: int) -> None:
    """Fetch the classes of one configuration if that is due and nobody else does; how it went stands on its row."""
    if due_fetches().filter(pk=pk).update(fetch_at=timezone.now() + LEASE, fetch_step=Step.QUEUED):
        fetch_classes(configuration=PluginConfiguration.objects.get(pk=pk))


def fetch_classes(*, configuration: PluginConfiguration, actor: Actor = SYSTEM) -> int:
    """Fetch what the vendor may sell us and keep it; only then is the configuration Configured. Answers how many.

    Classes that the vendor no longer lists are kept as retired. Raises Problem; the row then says why and when it is
    tried again. What works goes on working when an update of its classes fails.
    """
    if not configuration.is_online:
        raise Problem("%(configuration)s is offline: its classes are not fetched.", configuration=configuration.name)
    _note(configuration, fetch_at=timezone.now() + LEASE, fetch_step=Step.ASKING, classes_received=0)
    try:
        classes = ask(configuration, lambda plugin: plugin.list_classes())
    except Problem as problem:
        _failed(configuration, problem, actor)
        raise
    classes = tuple({one.code: one for one in classes}.values())
    _note(configuration, fetch_step=Step.STORING, classes_received=len(classes))
    try:
        with transaction.atomic():
            _received(configuration, classes, actor)
    except DatabaseError as error:
        not_kept = Problem("What the vendor listed cannot be kept (%(kind)s).", kind=type(error).__name__)
        _failed(configuration, not_kept, actor)
        raise not_kept from None
    return len(classes)


def _note(configuration: PluginConfiguration, **news: Any) -> None:
    """Show how far the fetch is, unless the configuration was saved meanwhile."""
    PluginConfiguration.objects.filter(pk=configuration.pk, version=configuration.version).update(**news)


def _received(configuration: PluginConfiguration, classes: tuple[ClassInfo, ...], actor: Actor) -> None:
    now = PluginConfiguration.objects.select_for_update(no_key=True).filter(pk=configuration.pk).first()
    if now is None:
        raise ConflictProblem("%(configuration)s was deleted meanwhile.", configuration=configuration.name)
    if now.version != configuration.version:
        raise ConflictProblem("%(now)s was saved meanwhile: its classes are fetched once more.", now=now.name)
    changes = keep_classes(configuration, classes)
    _note(configuration, fetch_at=None, fetch_step="", fetch_failures=0, fetch_problem="")
    text = f"{len(classes)} license classes received."
    notices.end(kind="classes", subject=now.pk, n=len(classes))
    tell(actor, "classes_received", f"{now.name}: {text}", detail=str(changes), configuration=configuration)
    if now.status == Status.PAUSED:
        configuration.refresh_from_db()
    else:
        set_status(configuration, Status.CONFIGURED, text, actor)
    bell.ring()


def _failed(configuration: PluginConfiguration, problem: Problem, actor: Actor) -> None:
    """Keep the reason and when it is tried again; what settings saved meanwhile come to is not known yet."""
    with transaction.atomic():
        rows = PluginConfiguration.objects.select_for_update(no_key=True)
        now = rows.filter(pk=configuration.pk, version=configuration.version).first()
        if now is None:
            return
        failures = now.fetch_failures + 1
        seldom = SELDOM if isinstance(problem.__cause__, MisconfiguredError) else 0
        again = timezone.now() + timedelta(seconds=wait_after(failures + seldom))
        text = str(problem)
        _note(now, fetch_at=again, fetch_step="", fetch_failures=failures, fetch_problem=text)
        notices.end(kind="classes", subject=now.pk, state="failed")
        if now.status in {Status.FETCHING, Status.FAILED}:
            set_status(now, Status.FAILED, text, actor)
        else:
            words = f"{now.name}: license classes could not be updated."
            tell(actor, "classes_not_received", words, detail=text, configuration=now)
        configuration.refresh_from_db()


def set_status(configuration: PluginConfiguration, status: str, text: str, actor: Actor, **more: Any) -> None:
    """Say how a configuration stands, and tell it where that is news; `more` are other columns of its row."""
    with transaction.atomic():
        row = PluginConfiguration.objects.filter(pk=configuration.pk)
        same = row.filter(status=status, status_text=text).exists()
        row.update(status=status, status_text=text, **more)
        configuration.refresh_from_db()
        if not same:
            words = f"{configuration.name}: {configuration.get_status_display()}."
            tell(actor, f"configuration_{status}", words, detail=text, configuration=configuration)


# --- kept ---------------------------------------------------------------------------------------------------------


def keep_classes(configuration: PluginConfiguration, classes: Iterable[ClassInfo], *, whole: bool = True) -> Changes:
    """Write classes as they are now; what we sell stays ticked. Of a `whole` list what is not in it is retired.

    Four statements at most for any number of them; in the caller's transaction.
    """
    given = {one.code: (one.name, dataclasses.asdict(one)) for one in classes}
    kept = {row.code: row for row in configuration.classes.all()}
    news = sort_changes(kept, given, whole=whole)
    fresh = [code for code in given if code not in kept or _differs(kept[code], *given[code])]
    LicenseClass.objects.bulk_create(
        (
            LicenseClass(configuration=configuration, code=code, name=given[code][0], properties=given[code][1])
            for code in fresh
        ),
        update_conflicts=True,
        unique_fields=["configuration", "code"],
        update_fields=["name", "properties"],
    )
    back = [kept[code].pk for code in given if code in kept and kept[code].retired]
    gone = [row.pk for code, row in kept.items() if whole and code not in given and not row.retired]
    for pks, retired in ((back, False), (gone, True)):
        if pks:
            configuration.classes.filter(pk__in=pks).update(retired=retired)
    return news


def sort_changes(
    kept: dict[str, LicenseClass], given: dict[str, tuple[str, dict[str, Any]]], *, whole: bool
) -> Changes:
    """What a list would change, by code: {code: (name, properties)} against the rows that are there."""
    return Changes(
        came=tuple(name for code, (name, _) in given.items() if code not in kept or kept[code].retired),
        changed=tuple(
            f"{name} ({_difference(kept[code].properties, now)})"
            for code, (name, now) in given.items()
            if code in kept and not kept[code].retired and _differs(kept[code], name, now)
        ),
        went=tuple(row.name for code, row in kept.items() if whole and code not in given and not row.retired),
    )


def _differs(row: LicenseClass, name: str, properties: dict[str, Any]) -> bool:
    return row.name != name or _plain(row.properties) != _plain(properties)


def _plain(value: Any) -> Any:
    """As JSON keeps it: without tuples."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _difference(before: Any, now: dict[str, Any]) -> str:
    """How many choices came and went."""
    old, new = set(_codes(before)), set(_codes(now))
    parts = ((len(new - old), "more to choose"), (len(old - new), "fewer"))
    return ", ".join(f"{n} {word}" for n, word in parts if n) or "renamed or put in other groups"


def _codes(value: Any, path: str = "") -> Iterable[str]:
    """The place and code of all that can be chosen below; a group is no place, as codes move between them."""
    if isinstance(value, dict):
        if "code" in value:
            path += f"/{value['code']}"
            yield path
        value = [value.get(name) for name in ("groups", "options", "features", "additional")]
    if isinstance(value, list | tuple):
        for one in value:
            yield from _codes(one, path)


def changes_of(configuration: PluginConfiguration, infos: Iterable[ClassInfo]) -> Changes:
    """What taking these classes would change. One statement, nothing is kept."""
    kept = {row.code: row for row in configuration.classes.all()}
    return sort_changes(kept, {one.code: (one.name, dataclasses.asdict(one)) for one in infos}, whole=False)


def keep_product_list(*, configuration: PluginConfiguration, actor: Actor) -> Changes:
    """Bring an offline configuration the classes that its template ships; nothing is retired, safe to repeat."""
    return import_classes(configuration=configuration, infos=product_list(configuration.template).classes, actor=actor)


def import_classes(*, configuration: PluginConfiguration, infos: Iterable[ClassInfo], actor: Actor) -> Changes:
    """Take classes of a list into an offline configuration; nothing is retired, safe to repeat."""
    if configuration.is_online:
        raise Problem("The classes of %(configuration)s come from its vendor.", configuration=configuration.name)
    with transaction.atomic():
        changes = keep_classes(configuration, infos, whole=False)
        if str(changes):
            text = f"{configuration.name}: license classes of a list were taken."
            tell(actor, "classes_received", text, detail=str(changes), configuration=configuration)
    return changes


def add_class(*, configuration: PluginConfiguration, info: ClassInfo, actor: Actor) -> None:
    """Write down one class of an offline configuration."""
    with transaction.atomic():
        keep_classes(configuration, (info,), whole=False)
        tell(actor, "class_added", f"License class {info.name} was added.", configuration=configuration)


def sell_class(*, license_class: LicenseClass, sold: bool, actor: Actor) -> None:
    """Tick or untick "we sell this"."""
    if sold and license_class.retired:
        raise ConflictProblem("The vendor no longer lists %(license_class)s.", license_class=license_class.name)
    if LicenseClass.objects.filter(pk=license_class.pk, sold=not sold).update(sold=sold):
        text = f"{license_class.name} is {'now' if sold else 'no longer'} sold."
        tell(actor, "class_sold", text, configuration=license_class.configuration)
    license_class.sold = sold
