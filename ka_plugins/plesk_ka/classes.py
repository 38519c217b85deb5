"""The vendor's flat lists of names as license classes with groups and additional keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ka_plugins.contract import AdditionalClass, ClassInfo, Feature, FeatureGroup
from ka_plugins.plesk_ka.wares import ADDITIONS, BASE_TYPES, FEATURES, addition_fits, feature_fits

if TYPE_CHECKING:
    from collections.abc import Iterable


def build_classes(key_types: Iterable[str], features: Iterable[str]) -> tuple[ClassInfo, ...]:
    """One class per base type, in the vendor's order; what the panel does not know fits everything."""
    types, offered = tuple(dict.fromkeys(key_types)), tuple(dict.fromkeys(features))
    additions = tuple(name for name in types if name in ADDITIONS)
    return tuple(_class(name, offered, additions) for name in types if name not in ADDITIONS)


def _class(key_type: str, features: Iterable[str], additions: Iterable[str]) -> ClassInfo:
    groups: dict[str, list[Feature]] = {}
    single: list[Feature] = []
    for code in features:
        if not feature_fits(code, key_type):
            continue
        known = FEATURES.get(code)
        feature = Feature(code, known.label if known else code)
        (groups.setdefault(known.group, []) if known and known.group else single).append(feature)
    base = BASE_TYPES.get(key_type)
    return ClassInfo(
        code=key_type,
        name=base.label if base else key_type,
        groups=tuple(FeatureGroup(name, tuple(options)) for name, options in groups.items()),
        features=tuple(single),
        additional=tuple(
            AdditionalClass(code, ADDITIONS[code].label) for code in additions if addition_fits(code, key_type)
        ),
    )
