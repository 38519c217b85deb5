"""Class lists: license classes as a file, JSON or CSV. docs/reference/class-lists.md describes the format, version 1.

A list may be partly wrong: what is wrong is told with its place, and a class with a fault is left out as a whole.
"""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from django.utils.translation import gettext as _

from ka_plugins.contract import AdditionalClass, ClassInfo, Feature, FeatureGroup
from licenses.plugins import plugin_class
from pbas.core.problems import Problem

FORMAT, VERSION = "license-classes", 1
PRODUCT_FILE = "class_list.json"  # beside the module of a plug-in that ships one
MAX_BYTES = 2 * 1024 * 1024
MAX_CLASSES = 2000
LONGEST = 200  # characters of a code or a name
COLUMNS = (
    *("class_code", "class_name", "additional_code", "additional_name"),
    *("group", "required", "code", "name", "default"),
)
YES, NO = frozenset({"yes", "true", "1", "x"}), frozenset({"", "no", "false", "0"})

_ADDITIONAL = {"code", "name", "groups", "features"}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a list, and where: a line of CSV, a class of JSON."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class ClassList:
    """The classes of a list that are right, and the faults of the others."""

    classes: tuple[ClassInfo, ...] = ()
    faults: tuple[Fault, ...] = ()


def read_list(name: str, body: bytes) -> ClassList:
    """A list from a file; CSV by its name, else JSON. Raises Problem at `file` where it cannot be read at all."""
    if len(body) > MAX_BYTES:
        raise Problem("%(name)s is larger than %(size)s MiB.", name=name, size=MAX_BYTES // 1024 // 1024, field="file")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise Problem(
            "%(name)s is no text in UTF-8 (line %(line)s). Save it as UTF-8.", name=name, line=line, field="file"
        ) from error
    found = _from_csv(name, text) if name.lower().endswith(".csv") else _from_json(name, text)
    if not found.classes and not found.faults:
        raise Problem("%(name)s holds no license class.", name=name, field="file")
    return found


@cache
def product_list(template: str) -> ClassList:
    """The classes that a plug-in's package ships for offline configurations; none where it has no such file."""
    package = plugin_class(template).__module__.rpartition(".")[0]
    with suppress(FileNotFoundError, ModuleNotFoundError, ValueError, Problem):
        return read_list(PRODUCT_FILE, (resources.files(package) / PRODUCT_FILE).read_bytes())
    return ClassList()


def read_class(raw: Any) -> ClassInfo:
    """One class as JSON has it. Raises ValueError with what is wrong, for a person."""
    _only(raw, {*_ADDITIONAL, "additional"}, "a class")
    additional = []
    for one in _list(raw, "additional"):
        _only(one, _ADDITIONAL, _("an additional key"))
        additional.append(AdditionalClass(*_names(one), _groups(one), _features(one, "features")))
    _once((one.code for one in additional), "additional key")
    return ClassInfo(*_names(raw), _groups(raw), _features(raw, "features"), tuple(additional))


# --- JSON ---------------------------------------------------------------------------------------------------------


def _parsed(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        if isinstance(error, json.JSONDecodeError):
            words = {"name": name, "reason": error.msg, "line": error.lineno}
            raise Problem("%(name)s is no JSON: %(reason)s, line %(line)s.", field="file", **words) from error
        raise Problem(
            "%(name)s is no JSON: it is nested too deep, or a number is too long.", name=name, field="file"
        ) from error


def _from_json(name: str, text: str) -> ClassList:
    whole = _parsed(name, text)
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        raise Problem(
            '%(name)s is no class list: "format" has to be "%(format)s".', name=name, format=FORMAT, field="file"
        )
    if whole.get("version") != VERSION:
        raise Problem(
            "%(name)s is of another version than %(version)s, the one this panel reads.",
            name=name,
            version=VERSION,
            field="file",
        )
    listed = whole.get("classes")
    if not isinstance(listed, list):
        raise Problem('%(name)s: "classes" has to be a list.', name=name, field="file")
    return _checked(
        [(_("class %(number)s") % {"number": number}, raw) for number, raw in enumerate(listed, start=1)], {}, name
    )


def _checked(listed: list[tuple[str, Any]], refused: dict[str, Fault], name: str) -> ClassList:
    """Read each class for itself; `refused` are faults already found, by the code of their class."""
    if len(listed) > MAX_CLASSES:
        raise Problem("%(name)s holds more than %(most)s license classes.", name=name, most=MAX_CLASSES, field="file")
    classes: dict[str, ClassInfo] = {}
    faults = list(refused.values())
    for where, raw in listed:
        try:
            info = read_class(raw)
            if info.code in classes:
                raise ValueError(_("code %(code)s is there twice") % {"code": info.code})  # noqa: TRY301 (told as any other fault)
        except ValueError as error:
            faults.append(Fault(where, f"{error}."))
        else:
            if info.code not in refused:
                classes[info.code] = info
    return ClassList(tuple(classes.values()), tuple(faults))


def _only(raw: Any, known: set[str], what: str) -> None:
    if not isinstance(raw, dict):
        raise ValueError(_("%(what)s is written as an object with code and name") % {"what": what})  # noqa: TRY004 (bad input, not a bug)
    if unknown := sorted(set(raw) - known):
        raise ValueError(_("%(what)s has no %(unknown)s") % {"what": what, "unknown": repr(unknown[0])})


def _text(raw: dict[str, Any], field: str, default: str = "") -> str:
    value = raw.get(field, default)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(_("%(field)s is missing") % {"field": field})
    if len(value) > LONGEST or not value.isprintable():
        raise ValueError(_("%(field)s is at most %(most)s printable characters") % {"field": field, "most": LONGEST})
    return value.strip()


def _names(raw: dict[str, Any]) -> tuple[str, str]:
    code = _text(raw, "code")
    return code, _text(raw, "name", code)


def _list(raw: dict[str, Any], field: str) -> list[Any]:
    value = raw.get(field, [])
    if not isinstance(value, list | tuple):
        raise ValueError(_("%(field)s has to be a list") % {"field": field})  # noqa: TRY004 (bad input, not a bug)
    return list(value)


def _features(raw: dict[str, Any], field: str) -> tuple[Feature, ...]:
    found = []
    for one in _list(raw, field):
        _only(one, {"code", "name"}, _("a feature"))
        found.append(Feature(*_names(one)))
    _once((one.code for one in found), "feature")
    return tuple(found)


def _groups(raw: dict[str, Any]) -> tuple[FeatureGroup, ...]:
    groups: list[FeatureGroup] = []
    for one in _list(raw, "groups"):
        _only(one, {"name", "options", "required", "default"}, _("a group"))
        name, options, required = _text(one, "name"), _features(one, "options"), one.get("required", False)
        default = one.get("default", "")
        if not options:
            raise ValueError(_("group %(name)s has no options") % {"name": name})
        if not isinstance(required, bool):
            raise ValueError(_("required of group %(name)s is true or false") % {"name": name})  # noqa: TRY004 (bad input, not a bug)
        if default and default not in [option.code for option in options]:
            raise ValueError(_("default of group %(name)s is none of its options") % {"name": name})
        groups.append(FeatureGroup(name, options, required, default or ""))
    _once((group.name for group in groups), "group")
    return tuple(groups)


def _once(names: Iterator[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(_("%(what)s %(name)s is there twice") % {"what": what, "name": name})
        seen.add(name)


# --- CSV: a row is a class, an additional key, or something to choose in one ----------------------------------------


def _from_csv(name: str, text: str) -> ClassList:
    first = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",", strict=True)
    try:
        columns = [one.strip() for one in rows.fieldnames or ()]
        rows.fieldnames = columns
        if unknown := [one for one in columns if one not in COLUMNS]:
            raise Problem(
                "%(name)s has a column %(unknown)s. Columns are: %(known)s.",
                name=name,
                unknown=repr(unknown[0]),
                known=", ".join(COLUMNS),
                field="file",
            )
        if "class_code" not in columns or len(set(columns)) < len(columns):
            raise Problem("%(name)s needs a first line with class_code, and each column once.", name=name, field="file")
        return _gathered(rows, name)
    except csv.Error as error:
        raise Problem(
            "%(name)s is no CSV: %(error)s, line %(line)s.", name=name, error=error, line=rows.line_num, field="file"
        ) from error


def _gathered(rows: "csv.DictReader[str]", name: str) -> ClassList:
    """Put the rows of each class together in the shape that JSON has, which is checked once for both."""
    listed: dict[str, tuple[str, dict[str, Any]]] = {}
    refused: dict[str, Fault] = {}
    for given in rows:
        where = _("line %(line)s") % {"line": rows.line_num}
        code = (given.get("class_code") or "").strip()
        try:
            cells = _cells(given)
            empty: dict[str, Any] = {"code": code, "groups": {}, "features": [], "additional": {}}
            _add_row(listed.setdefault(code, (where, empty))[1], cells)
        except ValueError as error:
            refused.setdefault(code or where, Fault(where, f"{error}."))
    raws = [(where, _as_json(raw)) for code, (where, raw) in listed.items() if code not in refused]
    return _checked(raws, refused, name)


def _cells(given: dict[Any, Any]) -> dict[str, str]:
    """All columns of a row, those that the file does not have empty."""
    if None in given:
        raise ValueError(_("the row has more cells than the first line"))
    if None in given.values():
        raise ValueError(_("the row has fewer cells than the first line"))
    cells = {column: given.get(column, "").strip() for column in COLUMNS}
    if not cells["class_code"]:
        raise ValueError(_("class_code is missing"))
    return cells


def _add_row(raw: dict[str, Any], cell: dict[str, str]) -> None:
    raw.setdefault("name", cell["class_name"] or raw["code"])
    owner = raw
    if cell["additional_code"]:
        owner = raw["additional"].setdefault(
            cell["additional_code"], {"code": cell["additional_code"], "groups": {}, "features": []}
        )
        owner.setdefault("name", cell["additional_name"] or owner["code"])
    required, default = _yes(cell, "required"), _yes(cell, "default")
    feature = {"code": cell["code"], "name": cell["name"] or cell["code"]}
    if not cell["group"]:
        if required or default:
            raise ValueError(_("required and default belong to a group"))
        owner["features"] += [feature] if cell["code"] else []
        return
    if not cell["code"]:
        raise ValueError(_("an option of a group needs a code"))
    group = owner["groups"].setdefault(cell["group"], {"name": cell["group"], "options": [], "required": False})
    group["required"] |= required
    group["options"].append(feature)
    if default and group.setdefault("default", cell["code"]) != cell["code"]:
        raise ValueError(_("group %(cell)s has two defaults") % {"cell": cell["group"]})


def _yes(cell: dict[str, str], column: str) -> bool:
    value = cell[column].lower()
    if value not in YES | NO:
        raise ValueError(_("%(column)s is yes or no") % {"column": column})
    return value in YES


def _as_json(raw: dict[str, Any]) -> dict[str, Any]:
    owners = [raw, *raw["additional"].values()]
    for owner in owners:
        owner["groups"] = list(owner["groups"].values())
    return {**raw, "additional": list(raw["additional"].values())}
