"""Statements of one text: the same answers on both databases, taken apart once a connection by PostgreSQL."""

import json

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from pbas.core import prepared

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
    assert [one["sql"].split()[0] for one in asked] == ["PREPARE", "EXECUTE", "EXECUTE", "EXECUTE"]
    assert asked.captured_queries[-1]["sql"].startswith("EXECUTE test_")
    assert "once" not in asked.captured_queries[-1]["sql"]


@only_postgresql
def test_a_statement_met_first_in_a_transaction_that_is_taken_back_is_known_ever_after() -> None:
    with transaction.atomic():
        prepared.answer("test", "SELECT 'taken back'")
        transaction.set_rollback(True)
    with CaptureQueriesContext(connection) as asked:
        assert prepared.answer("test", "SELECT 'taken back'") == [("taken back",)]
    assert len(asked) == 1


@only_postgresql
def test_a_statement_that_cannot_be_taken_apart_is_not_remembered() -> None:
    with pytest.raises(Exception, match="no_such_table"):
        prepared.answer("test", "SELECT * FROM no_such_table")
    with pytest.raises(Exception, match="no_such_table"):
        prepared.answer("test", "SELECT * FROM no_such_table")


@only_postgresql
def test_a_new_connection_takes_the_statement_apart_again() -> None:
    prepared.answer("test", ADD, [1, 1])
    connection.close()
    assert prepared.answer("test", ADD, [1, 2]) == [(3, "100%")]
    with CaptureQueriesContext(connection) as asked:
        prepared.answer("test", ADD, [1, 1])
    assert len(asked) == 1
