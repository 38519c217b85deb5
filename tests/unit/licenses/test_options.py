"""What can be chosen in a class, and whether a choice is one of these."""

import dataclasses
from typing import Any

import pytest

from ka_plugins.contract import AdditionalClass, ClassInfo, Feature, FeatureGroup
from licenses.models import LicenseClass
from licenses.options import checked, class_info, first_choice, has_choice
from pbas.core.problems import Problem
from tests.web.wares import PLESK


def described(info: ClassInfo = PLESK) -> LicenseClass:
    return LicenseClass(code=info.code, name=info.name, properties=dataclasses.asdict(info))


def test_a_class_is_read_back_as_its_vendor_described_it() -> None:
    assert class_info(described()) == PLESK


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"features": ["D10"]}, {"features": ["D10"], "additional": []}),
        ({"features": ["POWER", "D10", "POWER", "L9"]}, {"features": ["D10", "L9", "POWER"], "additional": []}),
        (
            {"features": ["D10"], "additional": [{"code": "BACKUP"}, {"code": "AV", "features": ["AVX", "S8"]}]},
            {
                "features": ["D10"],
                "additional": [{"code": "AV", "features": ["S8", "AVX"]}, {"code": "BACKUP", "features": []}],
            },
        ),
    ],
)
def test_a_choice_has_one_form_in_the_order_of_the_class(given: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert checked(described(), given) == wanted
    assert checked(described(), wanted) == wanted


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({}, "options.features", "Choose one of Domains"),
        ({"features": ["D10", "D100"]}, "options.features", "exclude one another"),
        ({"features": ["D10", "S8"]}, "options.features", "has no option S8"),
        ({"features": ["D10"], "additional": [{"code": "D10"}]}, "options.additional", "no additional key D10"),
        (
            {"features": ["D10"], "additional": [{"code": "AV", "features": ["POWER"]}]},
            "options.additional",
            "Antivirus has no option POWER",
        ),
        (
            {"features": ["D10"], "additional": [{"code": "AV", "features": ["S8", "S24"]}]},
            "options.additional",
            "exclude one another",
        ),
        (
            {"features": ["D10"], "additional": [{"code": "AV"}, {"code": "AV"}]},
            "options.additional",
            "is there twice",
        ),
        ([], "options", "nothing else"),
        ({"feature": ["D10"]}, "options", "nothing else"),
        ({"features": "D10"}, "options.features", "list of codes"),
        ({"features": [["D10"]]}, "options.features", "list of codes"),
        ({"features": [""]}, "options.features", "list of codes"),
        ({"additional": ["AV"]}, "options.additional", "list of keys"),
        ({"additional": [{"features": []}]}, "options.additional", "list of keys"),
        ({"additional": [{"code": "AV", "number": 2}]}, "options.additional", "list of keys"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_at_its_place(given: Any, field: str, said: str) -> None:
    with pytest.raises(Problem, match=said) as refused:
        checked(described(), given)
    assert refused.value.field == field


def test_a_required_group_that_is_left_out_has_its_default() -> None:
    group = FeatureGroup("Size", (Feature("S", "Small"), Feature("L", "Large")), required=True, default="S")
    info = ClassInfo("C", "Class", groups=(group,), additional=(AdditionalClass("A", "More", (group,)),))
    left_out = {"additional": [{"code": "A"}]}
    assert checked(described(info), left_out) == {"features": ["S"], "additional": [{"code": "A", "features": ["S"]}]}
    assert checked(described(info), {"features": ["L"]}) == {"features": ["L"], "additional": []}


def test_what_was_never_described_is_judged_by_its_shape_alone() -> None:
    unknown = LicenseClass(code="C", name="Class")
    assert checked(unknown, {"features": ["A", "A"]}) == {"features": ["A"]}
    assert class_info(unknown) is None
    with pytest.raises(Problem):
        checked(unknown, {"features": 1})


def test_what_is_described_as_a_single_file_has_no_option() -> None:
    plain = described(ClassInfo("C", "Class"))
    assert not has_choice(class_info(plain))
    with pytest.raises(Problem, match="Class has no option A"):
        checked(plain, {"features": ["A"]})


def test_a_form_begins_with_the_defaults_of_the_groups() -> None:
    assert first_choice(PLESK) == {"features": ["L1"], "additional": []}
