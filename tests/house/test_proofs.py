"""What the documents call proven is: by tests that exist, and that bear the number of what they prove."""

import re

import pytest

from tests.house.test_docs import DOCS, ROOT


@pytest.mark.parametrize(("page", "last"), [("reference/conventions.md", 38), ("reliability.md", 35)])
def test_every_test_that_a_page_of_proofs_names_exists(page: str, last: int) -> None:
    text = (DOCS / page).read_text()
    named = set(re.findall(r"`(test_\w+)`", text))
    texts = (path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert named - {name for one in texts for name in re.findall(r"^def (test_\w+)", one, re.MULTILINE)} == set()
    rows = re.findall(r"^\| (\d+) (?:P )?\|", text, re.MULTILINE)
    assert rows == [str(number) for number in range(1, last + 1)]


def test_each_convention_of_the_panel_is_proven_by_the_tests_that_bear_its_number() -> None:
    rows = re.findall(r"^\| (\d+) \|.*\|(.*)\|$", (DOCS / "reference/conventions.md").read_text(), re.MULTILINE)
    told = {(number, name) for number, tests in rows for name in re.findall(r"`(test_\w+)`", tests)}
    marked = re.compile(r"^@pytest\.mark\.convention\(([\d, ]+)\)\ndef (test_\w+)", re.MULTILINE)
    texts = (path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    borne = {(one, name) for text in texts for numbers, name in marked.findall(text) for one in numbers.split(", ")}
    assert borne == told
    assert {number for number, _name in borne} == {number for number, _tests in rows}
