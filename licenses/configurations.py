"""Plug-in configurations: saved, checked, filled with classes, paused. Never a vendor call in a transaction."""

import dataclasses
from typing import Any

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F

from ka_plugins.contract import ClassInfo
from licenses import bell
from licenses.asking import ask
from licenses.hand import bring_to_a_person
from licenses.models import LicenseClass, LicenseRequest, PluginConfiguration
from licenses.plugins import is_secret, plugin_class, settings_fields
from pbas.core.crypto import CannotDecryptError
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.story import SYSTEM, Actor, tell

Mode, Status = PluginConfiguration.Mode, PluginConfiguration.Status

FETCH = "licenses.tasks.fetch_classes"
MOST_CALLS = 2000  # at once, over all workers


def save_configuration(
    *,
    configuration: PluginConfiguration | None,
    name: str,
    template: str,
    mode: str,
    settings: dict[str, Any],
    limit: int = 50,
    actor: Actor,
) -> PluginConfiguration:
    """Make or change a configuration; its license classes are fetched after the commit, and a parked one goes on.

    `settings` holds secrets too; an empty secret keeps the old one. Raises Problem at the field that is wrong.
    """
    new = configuration is None
    kept = configuration or PluginConfiguration(template=template)
    _check(name, template, mode, limit)
    was_offline = not new and not kept.is_online
    kept.name, kept.mode, kept.limit = name.strip(), mode, limit
    online = kept.is_online
    if online:  # an offline one asks nobody; what was set before is kept for the day it goes online
        _keep_settings(kept, settings)
    kept.status, kept.status_text = (Status.FETCHING if online else Status.CONFIGURED), ""
    kept.parked_until, kept.parked_why, kept.parkings = None, "", 0
    if not new:
        kept.version = F("version") + 1  # of two who save at once, each makes his own
    try:
        with transaction.atomic():
            kept.save()
            kept.refresh_from_db()
            tell(actor, "configuration_saved", f"Plug-in {kept.name} was saved.", configuration=kept)
            if online and was_offline:
                bring_to_a_person(LicenseRequest.objects.filter(configuration=kept), actor)
            if online:
                transaction.on_commit(lambda: ask_for_classes(kept))
    except IntegrityError:
        raise Problem(f"There is already a plug-in called {kept.name}.", field="name") from None
    return kept


def _check(name: str, template: str, mode: str, limit: int) -> None:
    if mode not in Mode.values:
        raise Problem("The mode is online or offline.", field="mode")
    if mode == Mode.ONLINE and not plugin_class(template).verbs:
        raise Problem(f"{plugin_class(template).label} works offline only: licenses are uploaded.", field="mode")
    if not name.strip():
        raise Problem("A configuration needs a name; it is the title of its tab.", field="name")
    if not 1 <= limit <= MOST_CALLS:
        raise Problem(f"The calls at once are between 1 and {MOST_CALLS}.", field="limit")


def _keep_settings(kept: PluginConfiguration, given: dict[str, Any]) -> None:
    """Check a template's settings by its own types and part them into clear ones and secrets."""
    values: dict[str, Any] = {}
    for field in settings_fields(kept.template):
        value = given.get(field.name, "")
        if is_secret(field) and value in ("", None):
            value = _kept_secret(kept, field)
        if value in ("", None):
            value = field.default
        values[field.name] = _checked(field, value)
    secret_names = {field.name for field in settings_fields(kept.template) if is_secret(field)}
    _build(kept.template, values)
    kept.settings = {name: value for name, value in values.items() if name not in secret_names}
    kept.secrets = {name: values[name] for name in secret_names}


def _kept_secret(kept: PluginConfiguration, field: dataclasses.Field[Any]) -> Any:
    try:
        return kept.secrets.get(field.name, "")
    except CannotDecryptError:
        message = f"{field.metadata['label']} is stored, but cannot be read any more: type it once more."
        raise Problem(message, field=field.name) from None


def _checked(field: dataclasses.Field[Any], value: Any) -> Any:
    """One settings value by the rules that its field declares."""
    rules, label = field.metadata, field.metadata["label"]
    if value is dataclasses.MISSING:
        raise Problem(f"{label} is required.", field=field.name)
    if rules["choices"] and value not in rules["choices"]:
        raise Problem(f"{label} is one of {', '.join(rules['choices'])}.", field=field.name)
    if field.type not in (int, "int"):
        return str(value)
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise Problem(f"{label} is a whole number.", field=field.name) from None
    low, high = rules["minimum"], rules["maximum"]
    if (low is not None and number < low) or (high is not None and number > high):
        raise Problem(f"{label} is between {low} and {high}.", field=field.name)
    return number


def _build(template: str, values: dict[str, Any]) -> None:
    """Let the plug-in's own Settings have the last word: a ValueError's text says what, `NAME: text` also where."""
    try:
        plugin_class(template).Settings(**values)
    except ValueError as error:
        name, colon, text = str(error).partition(": ")
        known = colon and name in values
        raise Problem(text if known else str(error), field=name if known else "") from error


def ask_for_classes(configuration: PluginConfiguration) -> None:
    """Have a worker fetch the license classes. A broker that is down is seen by the sweep, which asks again."""
    bell.send(FETCH, [configuration.pk])


def check_connection(*, configuration: PluginConfiguration) -> str:
    """Ask the vendor whether host, login and password work; his answer in one line. Raises Problem with the reason."""
    if not configuration.is_online:
        return "Offline: there is no connection to test. Keys and files are uploaded."
    return ask(configuration, lambda plugin: plugin.check())


def fetch_classes(*, configuration: PluginConfiguration, actor: Actor = SYSTEM) -> int:
    """Fetch what the vendor may sell us and keep it; only then is the configuration Configured. Answers how many.

    Classes that the vendor no longer lists are kept as retired. Raises Problem; the configuration then says why.
    """
    if not configuration.is_online:
        raise Problem(f"{configuration.name} is offline: its classes are not fetched.")
    try:
        classes = ask(configuration, lambda plugin: plugin.list_classes())
    except Problem as problem:
        _set_status(configuration, _unless_paused(configuration, Status.FAILED), problem.message, actor)
        raise
    classes = tuple({one.code: one for one in classes}.values())
    try:
        with transaction.atomic():
            now = PluginConfiguration.objects.select_for_update(no_key=True).get(pk=configuration.pk)
            if now.version != configuration.version:
                raise ConflictProblem(f"{now.name} was saved meanwhile: its classes are fetched once more.")
            keep_classes(configuration, classes)
            status = _unless_paused(configuration, Status.CONFIGURED)
            _set_status(configuration, status, f"{len(classes)} license classes received.", actor)
            bell.ring()
    except DatabaseError as error:
        text = f"What the vendor listed cannot be kept ({type(error).__name__})."
        _set_status(configuration, _unless_paused(configuration, Status.FAILED), text, actor)
        raise Problem(text) from None
    return len(classes)


def _unless_paused(configuration: PluginConfiguration, status: str) -> str:
    paused = PluginConfiguration.objects.filter(pk=configuration.pk, status=Status.PAUSED)
    return Status.PAUSED if paused.exists() else status


def keep_classes(configuration: PluginConfiguration, classes: tuple[ClassInfo, ...]) -> None:
    """Write the classes as they are now; what we sell stays ticked, what is gone is retired."""
    LicenseClass.objects.bulk_create(
        (
            LicenseClass(configuration=configuration, code=one.code, name=one.name, properties=dataclasses.asdict(one))
            for one in classes
        ),
        update_conflicts=True,
        unique_fields=["configuration", "code"],
        update_fields=["name", "properties"],
    )
    codes = [one.code for one in classes]
    configuration.classes.exclude(code__in=codes).update(retired=True)
    configuration.classes.filter(code__in=codes).update(retired=False)


def pause_configuration(*, configuration: PluginConfiguration, reason: str, actor: Actor) -> None:
    """Send nothing more to this vendor until resumed. Raises Problem without a reason."""
    if not reason.strip():
        raise Problem("Say why the plug-in is paused; it stands on its page.", field="reason")
    if not PluginConfiguration.objects.filter(pk=configuration.pk, status=Status.CONFIGURED).exists():
        raise ConflictProblem(f"{configuration.name} is not working, so it cannot be paused.")
    _set_status(configuration, Status.PAUSED, reason.strip(), actor)


def resume_configuration(*, configuration: PluginConfiguration, actor: Actor) -> None:
    """End a pause, and a parking too: its requests go on at once."""
    row = PluginConfiguration.objects.filter(pk=configuration.pk)
    configuration.refresh_from_db()
    if configuration.status != Status.PAUSED and not configuration.parkings:
        raise ConflictProblem(f"{configuration.name} is not paused.")
    status = Status.CONFIGURED if configuration.status == Status.PAUSED else configuration.status
    with transaction.atomic():
        row.update(parked_until=None, parked_why="", parkings=0)
        _set_status(configuration, status, "Resumed.", actor)
        bell.ring()


def sell_class(*, license_class: LicenseClass, sold: bool, actor: Actor) -> None:
    """Tick or untick "we sell this"."""
    if sold and license_class.retired:
        raise ConflictProblem(f"The vendor no longer lists {license_class.name}.")
    if LicenseClass.objects.filter(pk=license_class.pk, sold=not sold).update(sold=sold):
        text = f"{license_class.name} is {'now' if sold else 'no longer'} sold."
        tell(actor, "class_sold", text, configuration=license_class.configuration)
    license_class.sold = sold


def _set_status(configuration: PluginConfiguration, status: str, text: str, actor: Actor) -> None:
    with transaction.atomic():
        PluginConfiguration.objects.filter(pk=configuration.pk).update(
            status=status, status_text=text, version=F("version") + 1
        )
        configuration.refresh_from_db()
        words = f"{configuration.name}: {configuration.get_status_display()}."
        tell(actor, f"configuration_{status}", words, detail=text, configuration=configuration)
