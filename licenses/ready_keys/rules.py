"""How a key of one class looks: a regular expression with an example, and that no key is brought twice.

Patterns are of RE2, whose time grows with the length of the key only: no pattern can hold a worker up.
"""

import re2
from django.utils.translation import gettext

from licenses.models import ReadyKey, ReadyKeyRule
from pbas.core.problems import Problem

_MEMORY = 1 << 20  # bytes that a compiled pattern may take; (x{1000}){1000} is refused


def compiled(pattern: str) -> "re2._Regexp[str]":
    """A pattern that is ready to use. Raises Problem at `pattern` with what is wrong in it."""
    options = re2.Options()
    options.log_errors, options.max_mem = False, _MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        why = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise Problem("This is no regular expression that can be used: %(why)s.", why=why, field="pattern") from None


def check_pattern(pattern: str, example: str) -> None:
    """Raises Problem at `pattern` or `example` where the one is wrong or the other does not fit it."""
    if not pattern:
        return
    form = compiled(pattern)
    if not example:
        raise Problem("Give an example: people see it where a key does not fit.", field="example")
    if not form.fullmatch(example):
        raise Problem("The example does not fit the form.", field="example")


def what_is_wrong(rule: ReadyKeyRule | None, key: str) -> str:
    """Why a key cannot be one of this class, without naming the key; "" where it can."""
    if rule is None or not rule.pattern or compiled(rule.pattern).fullmatch(key):
        return ""
    return gettext("It does not look like a key of this class, such as %(example)s.") % {"example": rule.example}


def check_by_hand(license_class_id: int, key: str, fingerprint: str) -> None:
    """Raises Problem at `key` where a key that a person gives does not fit its class, or is a ready key already."""
    if wrong := what_is_wrong(ReadyKeyRule.objects.filter(license_class=license_class_id).first(), key):
        raise Problem(wrong, field="key")
    kept = ReadyKey.objects.filter(fingerprint=fingerprint).select_related("license_class").first()
    if kept is not None:
        raise Problem(
            "Key %(key)s is a ready key of %(name)s. Take it out of there first.",
            key=kept.shown,
            name=kept.license_class.name,
            field="key",
        )
