"""The table of moves as a promise: what may follow what, and what never."""

import itertools

import pytest

from licenses.models import LicenseRequest
from licenses.moves import MOVES, MOVES_BY_HAND, Move, Trouble

State = LicenseRequest.State
AFTER_THE_KEY = {"files", "install", "proof"}


def allowed(start: str, end: str, *, by_hand: bool = False) -> bool:
    try:
        Move(1, 0, start, end, by_hand=by_hand)
    except ValueError:
        return False
    return True


def test_the_table_knows_every_state_and_no_other() -> None:
    assert set(MOVES) == set(State.values)
    assert set().union(*MOVES.values()) <= set(State.values)


@pytest.mark.parametrize(("start", "end"), list(itertools.product(State.values, State.values)))
def test_a_move_is_made_if_and_only_if_the_table_has_it_or_it_stays(start: str, end: str) -> None:
    is_in_table = end in MOVES[start] or start == end
    assert allowed(start, end) == is_in_table
    assert allowed(start, end, by_hand=True) == (is_in_table or end in MOVES_BY_HAND.get(start, ()))


def test_a_person_alone_takes_an_upload_back_and_never_what_was_bought_or_is_over() -> None:
    assert {"files": {"key"}, "install": {"key", "files"}} == MOVES_BY_HAND


def test_nothing_leaves_a_final_state() -> None:
    assert all(MOVES[end] == frozenset() for end in LicenseRequest.FINAL)


def test_buying_is_reached_from_the_key_alone_so_each_purchase_has_its_intent() -> None:
    assert {start for start, ends in MOVES.items() if "buying" in ends} == {"key"}


def test_what_is_being_bought_or_proven_is_not_cancelled() -> None:
    assert {
        start for start, ends in MOVES.items() if "cancelled" not in ends and start not in LicenseRequest.FINAL
    } == {
        "buying",
        "proof",
    }


def test_once_there_is_a_key_nothing_leads_back_to_a_purchase_but_a_person() -> None:
    reached, todo = set(AFTER_THE_KEY), list(AFTER_THE_KEY)
    while todo:
        for end in MOVES[todo.pop()] - {"attention"} - reached:
            reached.add(end)
            todo.append(end)
    assert reached & {"key", "buying", "in_doubt"} == set()


def test_every_open_state_can_be_left_and_every_state_but_the_first_two_reached() -> None:
    assert all(MOVES[state] for state in LicenseRequest.OPEN)
    assert set().union(*MOVES.values()) == set(State.values) - {"services"}


def test_attention_remembers_where_it_came_from() -> None:
    assert Move(1, 0, "files", "attention").row()[13] == "files"
    assert Move(1, 0, "buying", "attention", stopped_in="key").row()[13] == "key"
    assert Move(1, 0, "files", "install").row()[13] == ""


def test_a_move_that_says_no_trouble_clears_the_old_one() -> None:
    assert Move(1, 0, "files", "install").row()[9:13] == ("", "", "", "")
    trouble = Trouble("refused", "No.", "vendor", "Nein.")
    assert Move(1, 0, "files", "attention", trouble=trouble).row()[9:13] == ("refused", "No.", "vendor", "Nein.")
