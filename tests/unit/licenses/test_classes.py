"""License classes as they are kept: what came, changed and went; the ticks stay; large lists are one write."""

import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ka_plugins.contract import AdditionalClass, ClassInfo, Feature, FeatureGroup
from licenses.classes import Changes, changes_of, import_classes, keep_classes, sell_class
from licenses.models import LicenseClass
from pbas.core.models import Event
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.story import SYSTEM
from tests.factories import make_configuration

pytestmark = pytest.mark.django_db

TYPES, FEATURES = 60, 300
TWO = (Feature("1", "One"), Feature("2", "Two"))


def many(name: str = "Type") -> tuple[ClassInfo, ...]:
    """An account as large as they come: each type with all features, in groups and additional keys too."""
    features = tuple(Feature(f"F{n}", f"Feature {n}") for n in range(FEATURES))
    group = FeatureGroup("Capacity", features[:20], required=True, default="F1")
    key = AdditionalClass("KEY", "Additional key", (group,), features[:20])
    return tuple(ClassInfo(f"T{n}", f"{name} {n}", (group,), features, (key,)) for n in range(TYPES))


def test_what_came_changed_and_went_is_told_and_the_ticks_stay() -> None:
    configuration = make_configuration()
    assert keep_classes(configuration, [ClassInfo("A", "A"), ClassInfo("B", "B", (), TWO)]).came == ("A", "B")
    sell_class(license_class=configuration.classes.get(code="B"), sold=True, actor=SYSTEM)
    changes = keep_classes(configuration, [ClassInfo("B", "B", (), TWO[:1]), ClassInfo("C", "C")])
    assert changes == Changes(came=("C",), changed=("B (1 fewer)",), went=("A",))
    assert str(changes) == "New (1): C\nChanged (1): B (1 fewer)\nNo longer listed (1): A"
    kept = {row.code: (row.sold, row.retired) for row in configuration.classes.all()}
    assert kept == {"A": (False, True), "B": (True, False), "C": (False, False)}


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (ClassInfo("A", "Renamed", (), TWO), "renamed"),
        (ClassInfo("A", "A", (FeatureGroup("G", TWO),)), "other groups"),
        (ClassInfo("A", "A", (), (*TWO, Feature("3", "Three"))), "1 more to choose"),
        (ClassInfo("A", "A", (), TWO, (AdditionalClass("K", "Key", (), TWO),)), "3 more to choose"),
    ],
)
def test_a_change_is_told_in_words(now: ClassInfo, said: str) -> None:
    configuration = make_configuration()
    keep_classes(configuration, [ClassInfo("A", "A", (), TWO)])
    assert said in keep_classes(configuration, [now]).changed[0]


def test_a_class_that_comes_back_is_new_again_and_keeps_its_row() -> None:
    configuration = make_configuration()
    keep_classes(configuration, [ClassInfo("A", "A")])
    before = configuration.classes.get()
    keep_classes(configuration, [])
    assert configuration.classes.get().retired
    assert keep_classes(configuration, [ClassInfo("A", "A")]).came == ("A",)
    assert (configuration.classes.get().pk, configuration.classes.get().retired) == (before.pk, False)


def test_an_imported_list_retires_nothing_and_is_safe_to_repeat() -> None:
    configuration = make_configuration()
    keep_classes(configuration, [ClassInfo("A", "A")])
    for came in (("B",), ()):
        assert changes_of(configuration, [ClassInfo("B", "B")]).came == came
        made = import_classes(configuration=configuration, infos=[ClassInfo("B", "B")], actor=SYSTEM)
        assert made.came == came
    assert not configuration.classes.filter(retired=True).exists()
    assert Event.objects.filter(kind="classes_received").count() == 1


def test_a_list_is_not_taken_where_the_vendor_tells(simulator: Any) -> None:
    with pytest.raises(Problem, match="come from its vendor"):
        import_classes(configuration=make_configuration(simulator), infos=[], actor=SYSTEM)


def test_what_is_stored_in_whatever_shape_is_written_anew() -> None:
    configuration = make_configuration()
    for code, stored in (("A", []), ("B", {"groups": 5, "features": [None, "x", {"code": []}]}), ("C", "text")):
        LicenseClass.objects.create(configuration=configuration, code=code, name=code, properties=stored)
    changes = keep_classes(configuration, [ClassInfo(code, code, (), TWO) for code in "ABC"])
    assert len(changes.changed) == 3
    assert keep_classes(configuration, [ClassInfo(code, code, (), TWO) for code in "ABC"]) == Changes()


def test_a_retired_class_is_not_sold() -> None:
    configuration = make_configuration()
    keep_classes(configuration, [ClassInfo("A", "A")])
    keep_classes(configuration, [])
    with pytest.raises(ConflictProblem, match="no longer lists"):
        sell_class(license_class=configuration.classes.get(), sold=True, actor=SYSTEM)


def test_sixty_types_with_three_hundred_features_are_kept_set_wise_within_two_seconds() -> None:
    configuration = make_configuration()
    for name, statements in (("Type", 4), ("Renamed", 4), ("Renamed", 1)):
        began = time.process_time()  # not the clock: other work may share the machine
        with CaptureQueriesContext(
            connection,
        ) as queries:
            keep_classes(configuration, many(name))
        assert time.process_time() - began < 2
        assert len(queries) <= statements
    assert configuration.classes.count() == TYPES
