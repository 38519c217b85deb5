"""The lookup `within`: the rows of `in`; one text of the statement where the database takes a list as a value."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection

pytestmark = pytest.mark.django_db


def test_it_finds_what_in_finds_by_a_column_and_through_a_relation() -> None:
    some = list(Permission.objects.values_list("pk", "content_type")[:3])
    ids, types = ([one[place] for one in some] for place in (0, 1))
    assert set(Permission.objects.filter(pk__within=ids)) == set(Permission.objects.filter(pk__in=ids))
    for lookup in ("content_type", "content_type__pk"):
        found = Permission.objects.filter(**{f"{lookup}__within": types})
        assert set(found) == set(Permission.objects.filter(**{f"{lookup}__in": types})) != set()


def test_nothing_is_within_an_empty_list_and_all_is_outside_it() -> None:
    assert not Permission.objects.filter(pk__within=[])
    assert Permission.objects.exclude(pk__within=[]).count() == Permission.objects.count() > 0


def test_lists_of_any_length_have_one_text_where_the_database_takes_a_list_as_a_value() -> None:
    texts = {Permission.objects.filter(pk__within=ids).query.sql_with_params()[0] for ids in ([1], [1, 2, 3])}
    assert len(texts) == {"postgresql": 1, "sqlite": 2}[connection.vendor]
