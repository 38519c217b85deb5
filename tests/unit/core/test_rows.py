"""Rows that are made at a third of the cost are those that Django makes."""

import pytest

from licenses.models import License
from pbas.core.rows import new_row


def test_a_new_row_has_what_django_gives_one_of_the_same_values() -> None:
    values = {"configuration_id": 1, "license_class_id": 2, "key": "K", "fingerprint": "f", "parent_id": None}
    ours, djangos = new_row(License, **values), License(**values)
    for name in ("state", "features", "expires_at", "secret_key", "in_sync", *values):
        assert getattr(ours, name) == getattr(djangos, name), name
    assert type(ours.issued_at) is type(djangos.issued_at)
    assert ours._state.adding


def test_defaults_are_made_for_each_row() -> None:
    one, other = new_row(License), new_row(License)
    one.features.append("BACKUP")
    assert other.features == []
    assert one.uid != other.uid


def test_a_name_that_the_model_does_not_have_is_refused() -> None:
    with pytest.raises(TypeError, match=r"License has no colour"):
        new_row(License, key="K", colour="red")
