"""Plug-in configurations: saved, checked, paused, deleted. Never a vendor call in a transaction."""

import dataclasses
import time
from contextlib import suppress
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.fields.reverse_related import ForeignObjectRel
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from licenses import bell, classes
from licenses.asking import ask
from licenses.hand import bring_to_a_person
from licenses.models import Finding, LicenseClass, LicenseRequest, PluginConfiguration, Reconciliation
from licenses.plugins import is_secret, kept_secrets, kept_settings, plugin_class, settings_fields, words_of
from pbas.core.crypto import CannotDecryptError
from pbas.core.models import Event
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.story import SYSTEM, Actor, Unsaid, changes, tell

Mode, Status = PluginConfiguration.Mode, PluginConfiguration.Status

_GOES_ALONG = {LicenseClass, Event, Finding, Reconciliation}  # with a configuration that is deleted
HANGING = (  # what may hang on one, as Django names it: marked here for translation
    *(gettext_noop("license"), gettext_noop("licenses")),
    *(gettext_noop("license request"), gettext_noop("license requests")),
    *(gettext_noop("ready key"), gettext_noop("ready keys")),
    *(gettext_noop("low mark or form of keys"), gettext_noop("low marks and forms of keys")),
    *(gettext_noop("plan license"), gettext_noop("plan licenses")),
    *(gettext_noop("order line"), gettext_noop("order lines")),
    *(gettext_noop("alert"), gettext_noop("alerts")),
)
MOST_COUNTED = 1000  # of what hangs on a configuration
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
    was_offline, before = not new and not kept.is_online, {} if new else _told(kept)
    kept.name, kept.mode, kept.limit = name.strip(), mode, limit
    if online := kept.is_online:  # an offline one asks nobody; what was set before is kept for the day it goes online
        _keep_settings(kept, settings)
    if kept.status != Status.PAUSED:
        kept.status, kept.status_text = (Status.FETCHING if online else Status.CONFIGURED), ""
    kept.fetch_at, kept.fetch_step = (timezone.now(), classes.Step.QUEUED) if online else (None, "")
    kept.fetch_failures, kept.fetch_problem, kept.classes_received = 0, "", 0
    kept.parked_until, kept.parked_why, kept.parkings = None, "", 0
    if not new:
        kept.version = F("version") + 1  # of two who save at once, each makes his own
    try:
        with transaction.atomic():
            kept.save()
            kept.refresh_from_db()
            text, said = f"Plug-in {kept.name} was saved.", changes(before, _told(kept)) if before else ""
            tell(actor, "configuration_saved", text, detail=said, configuration=kept)
            if online and was_offline:
                bring_to_a_person(LicenseRequest.objects.filter(configuration=kept), actor)
            if online:
                classes.announce(kept, actor)
                classes.ring(kept)
            else:
                classes.keep_product_list(configuration=kept, actor=actor)
    except IntegrityError:
        raise Problem("There is already a plug-in called %(kept)s.", kept=kept.name, field="name") from None
    return kept


def _told(kept: PluginConfiguration) -> dict[str, Any]:
    """What the story may tell of a configuration: of secrets only whether they are still the same."""
    told: dict[str, Any] = {"Name": kept.name, "Mode": kept.mode, "Calls at once": kept.limit}
    labels = {field.name: field.metadata["label"] for field in settings_fields(kept.template)}
    told |= {labels.get(name, name): value for name, value in kept_settings(kept).items()}
    with suppress(CannotDecryptError):
        told |= {labels.get(name, name): Unsaid(value) for name, value in kept_secrets(kept).items() if value}
    return told


def _check(name: str, template: str, mode: str, limit: int) -> None:
    if mode not in Mode.values:
        raise Problem("The mode is online or offline.", field="mode")
    if mode == Mode.ONLINE and not plugin_class(template).verbs:
        raise Problem(
            "%(plugin)s works offline only: licenses are uploaded.", plugin=plugin_class(template).label, field="mode"
        )
    if not name.strip():
        raise Problem("A configuration needs a name; it is the title of its tab.", field="name")
    if not 1 <= limit <= MOST_CALLS:
        raise Problem("The calls at once are between 1 and %(most)s.", most=MOST_CALLS, field="limit")


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
        return kept_secrets(kept).get(field.name, "")
    except CannotDecryptError:
        raise Problem(
            "%(label)s is stored, but cannot be read any more: type it once more.",
            label=words_of(field)[0],
            field=field.name,
        ) from None


def _checked(field: dataclasses.Field[Any], value: Any) -> Any:
    """One settings value by the rules that its field declares."""
    rules, label = field.metadata, words_of(field)[0]
    if value is dataclasses.MISSING:
        raise Problem("%(label)s is required.", label=label, field=field.name)
    if rules["choices"] and value not in rules["choices"]:
        raise Problem(
            "%(label)s is one of %(known)s.", label=label, known=", ".join(rules["choices"]), field=field.name
        )
    if field.type not in (int, "int"):
        return str(value)
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise Problem("%(label)s is a whole number.", label=label, field=field.name) from None
    low, high = rules["minimum"], rules["maximum"]
    if (low is not None and number < low) or (high is not None and number > high):
        raise Problem("%(label)s is between %(low)s and %(high)s.", label=label, low=low, high=high, field=field.name)
    return number


def _build(template: str, values: dict[str, Any]) -> None:
    """Let the plug-in's own Settings have the last word: a ValueError's text says what, `NAME: text` also where."""
    try:
        plugin_class(template).Settings(**values)
    except ValueError as error:
        name, colon, text = gettext(str(error)).partition(": ")
        known = colon and name in values
        raise Problem(text if known else str(error), field=name if known else "") from error


def check_connection(*, configuration: PluginConfiguration, actor: Actor = SYSTEM) -> str:
    """Ask the vendor whether host, login and password work; his answer in one line. Raises Problem with the reason.

    How it went, and how long it took, stands in the story.
    """
    if not configuration.is_online:
        return gettext("Offline: there is no connection to test. Keys and files are uploaded.")
    began = time.monotonic()
    try:
        answer = ask(configuration, lambda plugin: plugin.check())
    except Problem as problem:
        text = f"{configuration.name}: the connection does not work ({_since(began)})."
        tell(actor, "connection_failed", text, detail=str(problem), configuration=configuration)
        raise
    text = f"{configuration.name}: the connection works ({_since(began)})."
    tell(actor, "connection_works", text, detail=answer, configuration=configuration)
    return answer


def _since(began: float) -> str:
    return f"{time.monotonic() - began:.2f} s"


def pause_configuration(*, configuration: PluginConfiguration, reason: str, actor: Actor) -> None:
    """Send nothing more to this vendor until resumed. Raises Problem without a reason."""
    if not reason.strip():
        raise Problem("Say why the plug-in is paused; it stands on its page.", field="reason")
    if not PluginConfiguration.objects.filter(pk=configuration.pk, status=Status.CONFIGURED).exists():
        raise ConflictProblem(
            "%(configuration)s is not working, so it cannot be paused.", configuration=configuration.name
        )
    classes.set_status(configuration, Status.PAUSED, reason.strip(), actor, version=F("version") + 1)


def resume_configuration(*, configuration: PluginConfiguration, actor: Actor) -> None:
    """End a pause, and a parking too: its requests go on at once."""
    configuration.refresh_from_db()
    if configuration.status != Status.PAUSED and not configuration.parkings:
        raise ConflictProblem("%(configuration)s is not paused.", configuration=configuration.name)
    status = _after_pause(configuration) if configuration.status == Status.PAUSED else configuration.status
    with transaction.atomic():
        working = {"parked_until": None, "parked_why": "", "parkings": 0}
        classes.set_status(configuration, status, "Resumed.", actor, version=F("version") + 1, **working)
        bell.ring()


def _after_pause(configuration: PluginConfiguration) -> str:
    """What was saved in the pause has to prove itself as any other."""
    if configuration.fetch_failures:
        return Status.FAILED
    return Status.FETCHING if configuration.fetch_at else Status.CONFIGURED


def hanging_on(configuration: PluginConfiguration) -> dict[str, int]:
    """What keeps a configuration from being deleted, by the words for it, each counted up to MOST_COUNTED."""
    found: dict[Any, int] = {}
    for model, lookup, of in (
        (PluginConfiguration, "", configuration),
        (LicenseClass, "__in", configuration.classes.all()),
    ):
        for relation in model._meta.get_fields(include_hidden=True):  # noqa: SLF001 (Django's public name)
            if not isinstance(relation, ForeignObjectRel) or relation.related_model in _GOES_ALONG:
                continue
            other: Any = relation.related_model
            rows = other._base_manager.filter(**{f"{relation.field.name}{lookup}": of})  # noqa: SLF001 (as above)
            found[other] = max(rows.order_by()[:MOST_COUNTED].count(), found.get(other, 0))
    words = ((one._meta, n) for one, n in found.items() if n)  # noqa: SLF001 (as above)
    return {gettext(str(meta.verbose_name if n == 1 else meta.verbose_name_plural)): n for meta, n in words}


def delete_configuration(*, configuration: PluginConfiguration, actor: Actor) -> None:
    """Delete a configuration and its classes. Raises ConflictProblem that says what hangs on it.

    The lines of its story stay as they are.
    """
    name = configuration.name
    try:
        with transaction.atomic():
            PluginConfiguration.objects.select_for_update().filter(pk=configuration.pk).first()
            if hanging := hanging_on(configuration):
                what = ", ".join(f"{n} {words}" for words, n in hanging.items())
                raise ConflictProblem(
                    "%(name)s cannot be deleted. On it hang: %(what)s. Pause it instead.", name=name, what=what
                )
            configuration.classes.all().delete()
            PluginConfiguration.objects.filter(pk=configuration.pk).delete()
            tell(actor, "configuration_deleted", f"Plug-in {name} was deleted.")
    except IntegrityError as error:
        raise ConflictProblem("%(name)s cannot be deleted: something was just made with it.", name=name) from error


# The services of its classes, for those who set up a whole configuration.
fetch_classes, keep_classes, sell_class = classes.fetch_classes, classes.keep_classes, classes.sell_class
