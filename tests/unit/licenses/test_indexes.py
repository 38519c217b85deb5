"""What the table of licenses has no use for is not there: each index is written at each move."""

import pytest
from django.db import connection


@pytest.mark.django_db
def test_fingerprints_which_are_compared_as_a_whole_have_the_one_index_that_keeps_them_unique() -> None:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "licenses_license")
    assert [one["unique"] for one in found.values() if one["columns"] == ["fingerprint"]] == [True]
