"""What people do with ready keys: say when they are few and how they look, see one in clear, take one out."""

from django.db import transaction
from django.forms import model_to_dict

from licenses.models import LicenseClass, ReadyKey, ReadyKeyRule
from licenses.ready_keys.rules import check_pattern
from pbas.core.crypto import CannotDecryptError
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.story import Actor, changes, tell

_LABELS = {"low_mark": "Low mark", "pattern": "Form of a key", "example": "Example"}


def set_rule(*, license_class: LicenseClass, low_mark: int, pattern: str, example: str, actor: Actor) -> None:
    """Say when a class has few keys and how they look; those that are there stay. Raises Problem at its field."""
    check_pattern(pattern, example)
    given = {"low_mark": low_mark, "pattern": pattern, "example": example}
    with transaction.atomic():
        rule = ReadyKeyRule.objects.filter(license_class=license_class).first() or ReadyKeyRule()
        said = changes(*({_LABELS[name]: one[name] for name in _LABELS} for one in (model_to_dict(rule), given)))
        if low_mark or pattern:
            ReadyKeyRule.objects.update_or_create(license_class=license_class, defaults=given)
        else:  # nothing is said any more, so that nothing keeps the plug-in from being deleted
            ReadyKeyRule.objects.filter(license_class=license_class).delete()
        form = f"; a key fits {pattern}" if pattern else ""
        text = f"The low mark of {license_class.name} is {low_mark}{form}."
        tell(actor, "ready_keys_set", text, detail=said, configuration=license_class.configuration)


def reveal_ready_key(*, ready_key: ReadyKey, actor: Actor) -> tuple[str, str]:
    """Key and activation code in clear; recorded. Raises Problem where they cannot be read any more."""
    try:
        clear = str(ready_key.key), str(ready_key.activation_code)
    except CannotDecryptError as error:
        raise Problem("It cannot be read: %(error)s Ask who keeps the field keys of this panel.", error=error) from None
    text = f"Ready key {ready_key.shown} of {ready_key.license_class.name} was shown in clear."
    tell(actor, "key_revealed", text, configuration=ready_key.license_class.configuration)
    return clear


def take_out(*, ready_key: ReadyKey, actor: Actor) -> None:
    """Remove a ready key. Raises ConflictProblem where a request took it meanwhile."""
    license_class = ready_key.license_class
    with transaction.atomic():
        gone, _ = ReadyKey.objects.filter(pk=ready_key.pk).delete()
        if not gone:
            raise ConflictProblem(
                "Key %(ready_key)s is not ready any more: a request took it.", ready_key=ready_key.shown
            )
        text = f"Ready key {ready_key.shown} of {license_class.name} was taken out."
        tell(actor, "key_taken_out", text, configuration=license_class.configuration)
