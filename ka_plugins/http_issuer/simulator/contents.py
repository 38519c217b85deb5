"""What a license shall consist of: read from a request, checked as a whole, then put into licenses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ka_plugins.http_issuer.simulator.refusals import RefusalError
from ka_plugins.http_issuer.simulator.wares import CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ka_plugins.http_issuer.simulator.sold import Shop, SoldLicense


@dataclass(frozen=True, slots=True)
class Contents:
    """A class with its features and additional licenses, each a class code with its features."""

    class_code: str
    features: list[str]
    additional: dict[str, list[str]]

    def as_json(self) -> dict[str, Any]:
        """For comparing: the order in which features are named does not matter."""
        return {
            "class": self.class_code,
            "features": sorted(self.features),
            "additional": {code: sorted(features) for code, features in sorted(self.additional.items())},
        }


def read_contents(content: Mapping[str, Any]) -> Contents:
    """`malformed`, `unknown_class`, `unknown_feature`, `not_applicable`."""
    code = content.get("class")
    if not isinstance(code, str):
        raise RefusalError("malformed", "class is a string.")
    if code not in CLASSES:
        raise RefusalError("unknown_class", f"There is no class {code} for this account.")
    ware = CLASSES[code]
    extras = {one["code"]: one for one in ware.get("additional", [])}
    additional: dict[str, list[str]] = {}
    for one in _objects(content.get("additional", [])):
        extra = str(one.get("class"))
        if extra not in extras or extra in additional:
            raise RefusalError("not_applicable", f"{extra} cannot be added to {code}, or not twice.")
        additional[extra] = _features(one, extras[extra])
    return Contents(code, _features(content, ware), additional)


def _objects(value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise RefusalError("malformed", "additional is a list of objects.")
    return value


def _features(content: Mapping[str, Any], ware: Mapping[str, Any]) -> list[str]:
    """The features of one license, each group that has to be chosen from filled up with its default."""
    features = content.get("features", [])
    if not isinstance(features, list) or not all(isinstance(one, str) for one in features):
        raise RefusalError("malformed", "features is a list of strings.")
    groups = [(group, {one["code"] for one in group["options"]}) for group in ware.get("groups", [])]
    known = {one["code"] for one in ware.get("features", [])}.union(*(options for _, options in groups))
    for code in features:
        if code not in known:
            raise RefusalError("unknown_feature", f"{ware['code']} has no feature {code}.")
    chosen = list(dict.fromkeys(features))
    for group, options in groups:
        count = len(options.intersection(chosen))
        if count > 1:
            raise RefusalError("not_applicable", f"Only one of {group['name']} can be chosen.")
        if not count and group["required"]:
            chosen.append(group["default"])
    return chosen


def put_contents(shop: Shop, license_: SoldLicense, contents: Contents) -> None:
    """Bring a license to these contents: nothing happens where it has them. `not_applicable` for another class."""
    if license_.class_code != contents.class_code:
        raise RefusalError("not_applicable", f"A license of {license_.class_code} stays one.")
    _put_features(shop, license_, contents.features)
    living = {one.class_code: one for one in shop.children(license_) if not one.terminated}
    for code in living.keys() - contents.additional.keys():
        living[code].terminated = True
        shop.keep(living[code])
    for code, features in contents.additional.items():
        _put_features(shop, living.get(code) or shop.make(code, license_), features)


def _put_features(shop: Shop, license_: SoldLicense, features: list[str]) -> None:
    if set(license_.features) != set(features) or not license_.revision:
        license_.revision += 1
        license_.features = features
    shop.keep(license_)
