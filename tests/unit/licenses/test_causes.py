"""A cause is what failures of one kind and one wording share, whoever they hit."""

import pytest

from licenses.failing.causes import cause_of, normalised

SAME = [
    ("Demo did not answer within 10 s.", "Demo did not answer within 12.5 s."),
    (
        "The vendor refused: key PLSK.12345678.0001 of Ada Lovelace was not found.",
        "The vendor refused: key PLSK.00000002.0001 of Grace Hopper was not found.",
    ),
    (
        "2 keys could be the one of this order: PLSK.1.0001, PLSK.2.0002.",
        "3 keys could be the one of this order: PLSK.7.0001, PLSK.8.0002 and PLSK.9.0003.",
    ),
    ("Nothing is at /var/a/key.xml on a.example.com.", "Nothing is at /var/b/key.xml on b.example.com."),
    ("The account “Ada and friends” is locked.", "The account “Hopper” is locked."),
    ("It failed at 2026-01-02 03:04:05+00:00 for ada@example.com.", "It failed at 10:11 for grace@example.com."),
]
DIFFERENT = [
    ("The vendor refused: key 1 was not found.", "The vendor refused: key 1 is suspended."),
    ("The plug-in failed with KeyError.", "The plug-in failed with TypeError."),
    ("No connection: refused.", "No connection: timed out."),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_numbers_keys_times_addresses_and_names_make_no_other_cause(one: str, other: str) -> None:
    assert cause_of("refused", one) == cause_of("refused", other), (normalised(one), normalised(other))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_words_are_another_cause(one: str, other: str) -> None:
    assert cause_of("refused", one) != cause_of("refused", other)


def test_the_kind_and_the_vendors_own_words_tell_causes_apart_and_no_problem_has_none() -> None:
    assert cause_of("refused", "No.") != cause_of("unknown", "No.")
    assert cause_of("refused", "No.", "Out of stock") != cause_of("refused", "No.", "Unknown client")
    assert cause_of("refused", "No.", "Client 17 unknown") == cause_of("refused", "No.", "Client 18 unknown")
    assert cause_of("", "") == ""
    assert len(cause_of("refused", "é" * 100_000)) == 16
