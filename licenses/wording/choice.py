"""A choice in words: what will be sent, what a change changes, and to which vendor account it goes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from ka_plugins.contract import ClassInfo
from licenses.models import PluginConfiguration
from licenses.options import Options, Part
from licenses.plugins import is_secret, settings_fields, words_of
from pbas.core.problems import Problem

_LONGEST = 100  # signs of a setting that tells an account; a certificate does not


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is chosen: the group or kind, the vendor's name of it, and his code."""

    label: str
    name: str
    code: str
    depth: int = 0  # 1: inside the additional key above it


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a change does: its mark is `new`, `gone` or `other`."""

    mark: str
    label: str
    text: str


def lines_of(info: ClassInfo, options: Options) -> list[Line]:
    """All that is chosen, in the order of the class."""
    lines = list(_lines_of_part(info, options["features"], 0))
    names = {one.code: one for one in info.additional}
    for one in options["additional"]:
        part = names[one["code"]]
        lines.append(Line(_("Additional key"), part.name, part.code))
        lines += _lines_of_part(part, one["features"], 1)
    return lines


def differences(info: ClassInfo, before: Options, after: Options) -> list[Difference]:
    """What a change from one choice to another does, in the order of the class."""
    found = list(_differences_of_part(info, before["features"], after["features"], ""))
    old = {one["code"]: one["features"] for one in before["additional"]}
    new = {one["code"]: one["features"] for one in after["additional"]}
    for part in info.additional:
        if part.code in new and part.code not in old:
            found.append(Difference("new", _("Additional key"), part.name))
        if part.code in old and part.code not in new:
            found.append(Difference("gone", _("Additional key"), part.name))
        if part.code in new:
            found += _differences_of_part(part, old.get(part.code, []), new[part.code], f"{part.name}: ")
    return found


def vendor_account(configuration: PluginConfiguration) -> list[tuple[str, str]]:
    """By what a person knows the account at the vendor: the settings, without any secret."""
    try:
        fields = settings_fields(configuration.template)
    except Problem:
        return []
    named = [(field, configuration.settings.get(field.name)) for field in fields if not is_secret(field)]
    return [(words_of(field)[0], str(value)) for field, value in named if _tells(value)]


def _tells(value: Any) -> bool:
    return value not in ("", None) and len(str(value)) <= _LONGEST


def _lines_of_part(part: Part, chosen: Iterable[str], depth: int) -> Iterator[Line]:
    wanted = set(chosen)
    for group in part.groups:
        yield from (Line(group.name, one.name, one.code, depth) for one in group.options if one.code in wanted)
    yield from (Line(_("Feature"), one.name, one.code, depth) for one in part.features if one.code in wanted)


def _differences_of_part(part: Part, before: Iterable[str], after: Iterable[str], inside: str) -> Iterator[Difference]:
    old, new = set(before), set(after)
    for group in part.groups:
        was = [one.name for one in group.options if one.code in old]
        now = [one.name for one in group.options if one.code in new]
        if was and now and was != now:
            yield Difference("other", inside + group.name, f"{', '.join(was)} → {', '.join(now)}")
        elif was != now:
            yield Difference("new" if now else "gone", inside + group.name, ", ".join(now or was))
    for one in part.features:
        if (one.code in old) != (one.code in new):
            yield Difference("new" if one.code in new else "gone", inside + _("Feature"), one.name)
