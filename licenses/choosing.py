"""The configuration form of a license class, built from its properties.

No Django form: its hundreds of ticks are drawn by one template in a few milliseconds, and `options` has the one check.
A group posts the name `CODE/features.N` (the class itself has no CODE), single features `CODE/features`, additional
keys `additional`; the values are codes.
"""

import re
from dataclasses import dataclass

from django.http import QueryDict  # noqa: TID251 (what a form has posted)

from ka_plugins.contract import AdditionalClass, ClassInfo, Feature
from licenses.options import Fault, Options, Part, faults_of, first_choice, in_order

LONG_GROUP = 8  # options from which on a group is a list to pull down


@dataclass(frozen=True, slots=True)
class Option:
    """One code that may be chosen."""

    code: str
    name: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Field:
    """A group, or the single features of a part; `name` is its form name, `id` the same for links."""

    label: str
    name: str
    id: str
    options: tuple[Option, ...]
    faults: tuple[str, ...]
    required: bool = False

    @property
    def is_open(self) -> bool:
        """Whether none is chosen."""
        return not any(option.is_chosen for option in self.options)

    @property
    def is_long(self) -> bool:
        """Whether buttons would take too much room."""
        return len(self.options) > LONG_GROUP


@dataclass(frozen=True, slots=True)
class Branch:
    """The class itself or one additional key, with its groups and single features."""

    code: str
    name: str
    is_chosen: bool
    groups: tuple[Field, ...]
    features: Field

    @property
    def is_empty(self) -> bool:
        """Whether it has nothing to choose but itself."""
        return not (self.groups or self.features.options or self.features.faults)


class Choosing:
    """A class's form: what is chosen, what is wrong with it, and the tree that the template draws."""

    def __init__(self, info: ClassInfo, *, chosen: Options | None = None, posted: QueryDict | None = None) -> None:
        self.info = info
        self.chosen: Options = first_choice(info) if chosen is None else chosen
        if posted is not None:
            self.chosen = read(posted)
        self.faults: list[Fault] = [] if posted is None else faults_of(info, self.chosen)

    @property
    def options(self) -> Options:
        """The choice in its one form; only of a faultless one."""
        return in_order(self.info, self.chosen)

    @property
    def main(self) -> Branch:
        """The class itself."""
        return self._branch(self.info, "", "", self.chosen.get("features", []), is_chosen=True)

    @property
    def additional(self) -> list[Branch]:
        """All additional keys that can be had."""
        taken = {one["code"]: one.get("features", []) for one in self.chosen.get("additional", [])}
        return [
            self._branch(one, one.code, str(number), taken.get(one.code, self._first(one)), is_chosen=one.code in taken)
            for number, one in enumerate(self.info.additional, start=1)
        ]

    @property
    def additional_faults(self) -> list[str]:
        """What is wrong with the additional keys as such."""
        return [fault.message for fault in self.faults if fault.is_additional]

    @property
    def faulty_places(self) -> list[tuple[str, str]]:
        """The id of the place of each fault, and what is wrong there."""
        parts = {one.code: str(number) for number, one in enumerate(self.info.additional, start=1)}
        return [(_place(fault, parts.get(fault.of, "")), fault.message) for fault in self.faults]

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """Names and values with which the next page posts the same choice."""
        pairs = [("features", code) for code in self.chosen.get("features", [])]
        for one in self.chosen.get("additional", []):
            pairs.append(("additional", one["code"]))
            pairs += [(f"{one['code']}/features", code) for code in one.get("features", [])]
        return pairs

    def _first(self, part: AdditionalClass) -> list[str]:
        return [group.default for group in part.groups if group.default]

    def _branch(self, part: Part, code: str, number: str, chosen: list[str], *, is_chosen: bool) -> Branch:
        name, wanted = f"{code}/features" if code else "features", frozenset(chosen)
        groups = tuple(
            Field(
                *(group.name, f"{name}.{n}", _id(number, n)),
                *(_options(group.options, wanted), self._at(code, n)),
                required=group.required,
            )
            for n, group in enumerate(part.groups)
        )
        single = Field("", name, _id(number, None), _options(part.features, wanted), self._at(code, None))
        return Branch(code, part.name, is_chosen, groups, single)

    def _at(self, code: str, group: int | None) -> tuple[str, ...]:
        return tuple(
            fault.message
            for fault in self.faults
            if fault.of == code and fault.group == group and not fault.is_additional
        )


def _place(fault: Fault, number: str) -> str:
    if fault.is_additional:
        return "additional"
    return _id(number, fault.group)


def _id(number: str, group: int | None) -> str:
    """Of a group, or of the single features; `number` is the additional key's, "" in the class itself."""
    return f"choice{number}" if group is None else f"choice{number}-{group}"


def read(posted: QueryDict) -> Options:
    """What a form has posted, as options; whether they are any is for `options.faults_of` to say."""
    return {
        "features": _posted(posted, "features"),
        "additional": [
            {"code": code, "features": _posted(posted, f"{code}/features")}
            for code in posted.getlist("additional")
            if code
        ],
    }


def _posted(posted: QueryDict, name: str) -> list[str]:
    own = re.compile(rf"{re.escape(name)}(\.\d+)?")
    codes = (code for key in posted if own.fullmatch(key) for code in posted.getlist(key))
    return list(dict.fromkeys(code for code in codes if code))


def _options(features: tuple[Feature, ...], chosen: frozenset[str]) -> tuple[Option, ...]:
    return tuple(Option(one.code, one.name, one.code in chosen) for one in features)
