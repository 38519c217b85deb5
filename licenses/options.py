"""What can be chosen in a license class, and whether a choice is one of these: one check for pages, API and orders.

A choice is {"features": [code, ...], "additional": [{"code": code, "features": [code, ...]}, ...]}. The chosen option
of each group and the single features stand in one list, as vendors take them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from ka_plugins.contract import AdditionalClass, ClassInfo, Feature, FeatureGroup
from licenses.models import License, LicenseClass
from pbas.core.problems import Problem

Options = dict[str, Any]
Part = ClassInfo | AdditionalClass  # what has groups and features of its own


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a choice, and where.

    `of` is the code of the additional key in which it is, "" for the class itself; `group` the number of a group there.
    """

    message: str
    of: str = ""
    group: int | None = None
    is_additional: bool = False  # that such a key is ordered at all

    @property
    def field(self) -> str:
        """Where the API says it."""
        return "options.additional" if self.of or self.is_additional else "options.features"


def class_info(license_class: LicenseClass) -> ClassInfo | None:
    """All that can be chosen in a class; None where its vendor has not described it, so that nothing can be judged."""
    known = license_class.properties
    if not known:
        return None
    additional = tuple(
        AdditionalClass(one["code"], one["name"], _groups(one), _features(one.get("features", ())))
        for one in known.get("additional", ())
    )
    features = _features(known.get("features", ()))
    return ClassInfo(license_class.code, license_class.name, _groups(known), features, additional)


def has_choice(info: ClassInfo | None) -> bool:
    """Whether there is anything to choose in a class; some are a single file."""
    return info is not None and bool(info.groups or info.features or info.additional)


def checked(license_class: LicenseClass, options: Any, *, license_: License | None = None) -> Options:
    """A choice in its one form, in the order of the class, a required group's default filled in.

    What `license_` has already stays allowed. Raises Problem at `options`, `options.features` or `options.additional`.
    """
    _check_shape(options)
    info = class_info(license_class) if license_ is None else info_of_license(license_)
    if info is None:
        return _plain(options)
    for fault in faults_of(info, options):
        raise Problem(fault.message, field=fault.field)
    return in_order(info, options)


def faults_of(info: ClassInfo, options: Options) -> list[Fault]:
    """All that is wrong with a well-formed choice, in the order of the page."""
    faults = list(_faults_of_part(info, options.get("features", ()), ""))
    offered = {one.code: one for one in info.additional}
    taken: set[str] = set()
    for one in options.get("additional", ()):
        code = one["code"]
        if code not in offered:
            text = _("%(name)s has no additional key %(code)s.") % {"name": info.name, "code": code}
            faults.append(Fault(text, is_additional=True))
            continue
        if code in taken:
            text = _("Additional key %(name)s is there twice.") % {"name": offered[code].name}
            faults.append(Fault(text, is_additional=True))
        taken.add(code)
        faults += _faults_of_part(offered[code], one.get("features", ()), code)
    return faults


def in_order(info: ClassInfo, options: Options) -> Options:
    """A faultless choice in the order of the class, with the defaults of required groups."""
    additional = {one["code"]: one for one in options.get("additional", ())}
    return {
        "features": _codes_of_part(info, options.get("features", ())),
        "additional": [
            {"code": one.code, "features": _codes_of_part(one, additional[one.code].get("features", ()))}
            for one in info.additional
            if one.code in additional
        ],
    }


def first_choice(info: ClassInfo) -> Options:
    """What a form shows as chosen before anybody has: the defaults of the groups."""
    return {"features": [group.default for group in info.groups if _has(group, group.default)], "additional": []}


# --- of a license -------------------------------------------------------------------------------------------------


def options_of(license_: License) -> Options:
    """What a license has now: its features and its living additional keys. One statement, none where prefetched."""
    additional = [
        {"code": child.features[0], "features": list(child.features[1:])}
        for child in license_.children.all()
        if child.state != License.State.TERMINATED and child.features
    ]
    return {"features": list(license_.features), "additional": additional}


def info_of_license(license_: License) -> ClassInfo | None:
    """The class of a license, and whatever the license has that its class no longer offers: a change may keep it."""
    info = class_info(license_.license_class)
    if info is None:
        return None
    present = options_of(license_)
    kept = _unknown(info, present["features"])
    own = {one["code"]: one["features"] for one in present["additional"]}
    known = tuple(replace(one, features=one.features + _unknown(one, own.get(one.code, ()))) for one in info.additional)
    gone = own.keys() - {one.code for one in info.additional}
    new = tuple(AdditionalClass(code, code, (), _as_features(own[code])) for code in own if code in gone)
    return replace(info, features=info.features + kept, additional=known + new)


# --- parts of the above -------------------------------------------------------------------------------------------


def _faults_of_part(part: Part, chosen: Sequence[str], of: str) -> Iterator[Fault]:
    for number, group in enumerate(part.groups):
        taken = [option.name for option in group.options if option.code in chosen]
        if len(taken) > 1:
            names = {"names": ", ".join(taken), "group": group.name}
            text = _("%(names)s exclude one another: choose one of %(group)s.") % names
            yield Fault(text, of, number)
        elif not taken and group.required and not _has(group, group.default):
            yield Fault(_("Choose one of %(group)s.") % {"group": group.name}, of, number)
    offered = _codes(part)
    for code in dict.fromkeys(chosen):
        if code not in offered:
            yield Fault(_("%(name)s has no option %(code)s.") % {"name": part.name, "code": code}, of)


def _codes_of_part(part: Part, chosen: Iterable[str]) -> list[str]:
    wanted = set(chosen)
    wanted |= {
        group.default
        for group in part.groups
        if group.required and _has(group, group.default) and not any(_has(group, code) for code in wanted)
    }
    return [code for code in _codes(part) if code in wanted]


def _codes(part: Part) -> dict[str, None]:
    """All codes of a part, in their order."""
    every = [*(option for group in part.groups for option in group.options), *part.features]
    return dict.fromkeys(one.code for one in every)


def _has(group: FeatureGroup, code: str) -> bool:
    return any(option.code == code for option in group.options)


def _unknown(part: Part, codes: Iterable[str]) -> tuple[Feature, ...]:
    offered = _codes(part)
    return _as_features(code for code in codes if code not in offered)


def _as_features(codes: Iterable[str]) -> tuple[Feature, ...]:
    return tuple(Feature(code, code) for code in dict.fromkeys(codes))


def _groups(stored: Any) -> tuple[FeatureGroup, ...]:
    return tuple(
        FeatureGroup(one["name"], _features(one["options"]), bool(one.get("required")), one.get("default", ""))
        for one in stored.get("groups", ())
    )


def _features(stored: Iterable[Any]) -> tuple[Feature, ...]:
    return tuple(Feature(one["code"], one["name"]) for one in stored)


def _check_shape(options: Any) -> None:
    if not isinstance(options, dict) or options.keys() - {"features", "additional"}:
        raise Problem("Options hold `features` and `additional`, and nothing else.", field="options")
    if not _are_codes(options.get("features", [])):
        raise Problem("`features` is a list of codes.", field="options.features")
    additional = options.get("additional", [])
    if not isinstance(additional, list) or not all(_is_additional(one) for one in additional):
        raise Problem("`additional` is a list of keys, each with `code` and `features`.", field="options.additional")


def _is_additional(one: Any) -> bool:
    if not isinstance(one, dict) or one.keys() - {"code", "features"}:
        return False
    return isinstance(one.get("code"), str) and bool(one["code"]) and _are_codes(one.get("features", []))


def _are_codes(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one for one in value)


def _plain(options: Options) -> Options:
    """Of a class that was never described: as it was given, without repeats."""
    given = {name: value for name, value in options.items() if name in {"features", "additional"}}
    if "features" in given:
        given["features"] = list(dict.fromkeys(given["features"]))
    return given
