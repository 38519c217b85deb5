"""Statements of one text: the same answers on both databases, taken apart once a connection by PostgreSQL."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User
from django.db import NotSupportedError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pbas.core import prepared

if TYPE_CHECKING:
    from django.db.models import QuerySet

pytestmark = pytest.mark.django_db(transaction=True)  # connections are closed here

ADD = "SELECT CAST(%s AS integer) + CAST(%s AS integer), '100%%'"
only_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite keeps statements by itself")


def test_a_statement_answers_its_rows_with_values_in_their_places_and_a_sign_of_per_cent() -> None:
    assert [prepared.answer("test", ADD, [number, 1]) for number in (1, 2)] == [[(2, "100%")], [(3, "100%")]]


def test_a_statement_without_values_is_answered_too() -> None:
    assert prepared.answer("test", "SELECT 'all'") == prepared.answer("test", "SELECT 'all'") == [("all",)]


def test_a_statement_that_gives_no_rows_answers_none() -> None:
    text = "UPDATE core_event SET actor = '' WHERE id = %s"
    assert prepared.answer("test", text, [-1]) == prepared.answer("test", text, [-1]) == []


def test_a_list_is_opened_as_rows() -> None:
    text = f"SELECT CAST(value AS bigint) FROM {prepared.opened()}"  # noqa: S608 (a fragment of ours)
    assert prepared.answer("test", text, [json.dumps([3, 1, 2])]) == [(3,), (1,), (2,)]
    assert prepared.answer("test", text, ["[]"]) == []


def test_a_value_is_never_taken_for_a_piece_of_the_statement() -> None:
    text = "SELECT CAST(%s AS text)"
    for value in ("'); DROP TABLE core_event; --", "%s", "$1", "\\", "ä"):
        assert prepared.answer("test", text, [value]) == [(value,)]


@only_postgresql
def test_postgresql_gets_the_text_once_and_then_its_name() -> None:
    text = "SELECT 'once', CAST(%s AS integer)"
    with CaptureQueriesContext(connection) as asked:
        for number in range(3):
            prepared.answer("test", text, [number])
    assert [one["sql"].split("_")[0] for one in asked] == ["EXECUTE test"] * 3
    assert "once" not in asked.captured_queries[-1]["sql"]
    assert len(_kept("once")) == 1


@only_postgresql
def test_a_statement_met_first_in_a_transaction_that_is_taken_back_is_known_ever_after() -> None:
    with transaction.atomic():
        prepared.answer("test", "SELECT 'taken back'")
        transaction.set_rollback(True)
    assert prepared.answer("test", "SELECT 'taken back'") == [("taken back",)]
    assert len(_kept("taken back")) == 1


@only_postgresql
def test_a_statement_that_cannot_be_taken_apart_is_not_remembered() -> None:
    with pytest.raises(Exception, match="no_such_table"):
        prepared.answer("test", "SELECT * FROM no_such_table")
    with pytest.raises(Exception, match="no_such_table"):
        prepared.answer("test", "SELECT * FROM no_such_table")


@pytest.fixture
def changing() -> Iterator[str]:
    """Reads a table whose column gets another type by a migration."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE changing (what integer)")
        cursor.execute("INSERT INTO changing VALUES (1)")
    yield "SELECT what FROM changing WHERE what = CAST(%s AS integer)"
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE changing")


def _migrate() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE changing ALTER what TYPE bigint")


@only_postgresql
def test_a_statement_whose_column_got_another_type_is_planned_anew(changing: str) -> None:
    assert prepared.answer("test", changing, [1]) == [(1,)]
    _migrate()
    for _time in range(2):
        assert prepared.answer("test", changing, [1]) == [(1,)]


@only_postgresql
def test_in_a_transaction_it_fails_once_and_is_planned_anew_in_the_next(changing: str) -> None:
    assert prepared.answer("test", changing, [1]) == [(1,)]
    _migrate()
    with pytest.raises(NotSupportedError), transaction.atomic():
        prepared.answer("test", changing, [1])
    with transaction.atomic():
        assert prepared.answer("test", changing, [1]) == [(1,)]


@only_postgresql
def test_a_new_connection_takes_the_statement_apart_again() -> None:
    prepared.answer("test", ADD, [1, 1])
    connection.close()
    assert prepared.answer("test", ADD, [1, 2]) == [(3, "100%")]
    with CaptureQueriesContext(connection) as asked:
        prepared.answer("test", ADD, [1, 1])
    assert len(asked) == 1


def test_what_a_connection_has_no_more_room_for_is_run_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "MOST", 0)
    text = "SELECT 'too many', CAST(%s AS integer)"
    for number in (7, 8):
        assert prepared.answer("test", text, [number]) == [("too many", number)]
    assert all(text not in names for names in prepared._names.values())


def test_instances_of_a_model_are_as_the_orm_reads_them() -> None:
    made = User.objects.create_user("reader", "reader@example.test", last_login=timezone.now())
    (found,) = prepared.instances(User, "test", "WHERE id = %s", [made.pk])
    assert vars(found)["date_joined"].tzinfo is not None
    assert {**vars(found), "_state": None} == {**vars(User.objects.get(pk=made.pk)), "_state": None}


def test_fields_that_were_not_read_are_loaded_when_they_are_asked_for(django_assert_num_queries: Any) -> None:
    made = User.objects.create_user("reader", "reader@example.test")
    (found,) = prepared.instances(User, "test", "WHERE id = %s", [made.pk], fields=("id", "username"))
    with django_assert_num_queries(0):
        assert found.username == "reader"
    with django_assert_num_queries(1):
        assert found.email == "reader@example.test"


def _asked(number: int, seen: list[int]) -> list[Any]:
    def make() -> "QuerySet[User, Any]":
        seen.append(number)
        return User.objects.filter(pk__gte=number).order_by("pk").values_list("pk", "date_joined", named=True)

    return prepared.rows("test", "people from a number on", [number], make)


def test_a_queryset_is_made_once_a_shape_and_answers_for_all_its_values() -> None:
    people = [User.objects.create_user(f"reader-{number}") for number in range(3)]
    seen: list[int] = []
    for first in range(3):
        found = _asked(people[first].pk, seen)
        assert [(row.pk, row.date_joined) for row in found] == [(one.pk, one.date_joined) for one in people[first:]]
    assert len(seen) <= 1


def _called(part: str) -> list[Any]:
    """The ORM puts signs around the part that is asked for."""
    asked = User.objects.filter(username__contains=part).values_list("pk", named=True)
    return prepared.rows("test", "called so in part", [part], lambda: asked)


def test_a_statement_with_other_parameters_than_it_was_said_to_have_is_left_to_the_orm() -> None:
    User.objects.create_user("Reader")
    assert len(_called("eade")) == 1
    assert _called("nobody") == []


def _kept(words: str) -> list[Any]:
    """The statements with these words that this connection keeps."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements WHERE position(%s in statement) > 0", [words])
        return list(cursor.fetchall())
