"""What was recorded in English is said to a German reader, with the names that stand in it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from licenses.records import FORMS
from pbas.core import records
from pbas.core.jinja import recorded
from subscriptions.records import FORMS as OF_ORDERS

FOLDERS = ("licenses", "subscriptions", "pbas", "ka_plugins")
TOLD = {"tell": 2, "event_of": 3, "Line": 1}  # which argument of these is the text that is written down
PLACE = re.compile(r"%\(\w+\)s")


def texts() -> Iterator[tuple[ast.JoinedStr, bool]]:
    """Each text that is put together in our code, and whether it is given to the story as it stands there."""
    for path in sorted(path for folder in FOLDERS for path in Path(settings.BASE_DIR, folder).rglob("*.py")):
        tree = ast.parse(path.read_text())
        calls = [one for one in ast.walk(tree) if isinstance(one, ast.Call)]
        told = {
            one.args[TOLD[one.func.id]]
            for one in calls
            if isinstance(one.func, ast.Name) and len(one.args) > TOLD.get(one.func.id, 99)
        }
        yield from ((one, one in told) for one in ast.walk(tree) if isinstance(one, ast.JoinedStr))


def parts_of(text: ast.JoinedStr, between: str) -> str:
    return "".join(re.escape(str(one.value)) if isinstance(one, ast.Constant) else between for one in text.values)


@pytest.mark.parametrize(
    ("text", "in_german"),
    [
        ("Vendor issued key K-1.0001.", "Vendor hat Schlüssel K-1.0001 ausgestellt."),
        ("Order 7 was placed: Web (small).", "Bestellung 7 wurde aufgegeben: Web (small)."),
        # a sentence in a sentence, and a word of ours
        ("X was requested. It waits for its key.", "X wurde angefragt. Sie wartet auf ihren Schlüssel."),
        ("Hold: 2 rows of “License Requests”.", "Anhalten: 2 Zeilen von „Lizenzanfragen“."),
        (
            "Request 7 cannot be held: waits for the key.",
            "Anfrage 7 lässt sich nicht anhalten: Wartet auf den Schlüssel.",
        ),
        # what says most is meant, not just any form that fits
        ("Vendor: key K is to be ended at the vendor.", "Vendor: Schlüssel K soll beim Hersteller beendet werden."),
        ("Request 7 cannot be held: somehow.", "Anfrage 7 lässt sich nicht anhalten: somehow."),
        # a comment is a person's own, and so is a vendor's sentence
        ("Rang them up, they will call back", "Rang them up, they will call back"),
    ],
)
def test_a_sentence_with_names_in_it_is_said_in_german(text: str, in_german: str) -> None:
    assert records.said(text, "en") == text
    with translation.override("de"):
        assert records.said(text, "de") == in_german


def test_what_stands_in_a_sentence_is_no_markup_and_what_nobody_knows_says_its_language() -> None:
    with translation.override("de"):
        assert recorded("Order <b> was paid.") == "Bestellung &lt;b&gt; wurde bezahlt."
        assert recorded("They say <no>") == '<span lang="en">They say &lt;no&gt;</span>'
    assert recorded("Order 7 was paid.") == "Order 7 was paid."


@pytest.mark.parametrize("form", [*records.FORMS, *FORMS, *OF_ORDERS])
def test_each_form_is_that_of_a_sentence_which_our_code_writes_down(form: str) -> None:
    """Else the sentence was changed, and its German would be shown no more."""
    written = PLACE.sub("x", form)
    source = "".join(
        path.read_text()
        for folder in FOLDERS
        for path in sorted(Path(settings.BASE_DIR, folder).rglob("*.py"))
        if path.name != "records.py"
    )
    longest = max(PLACE.split(form), key=len).strip(" .")
    assert longest in source or any(re.fullmatch(parts_of(text, ".+"), written) for text, _told in texts())


def test_each_sentence_that_is_told_with_names_in_it_has_a_form() -> None:
    known = [re.compile(".+".join(map(re.escape, PLACE.split(one)))) for one in (*records.FORMS, *FORMS, *OF_ORDERS)]
    told = {
        "".join(str(one.value) if isinstance(one, ast.Constant) else "x" for one in text.values)
        for text, is_told in texts()
        if is_told
    }
    assert {text for text in told if not any(one.fullmatch(text) for one in known)} == set()
