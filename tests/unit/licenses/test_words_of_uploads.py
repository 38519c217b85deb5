"""Why a piece of an upload fits nowhere, read by another person than who brought it."""

from pathlib import Path

import pytest
from django.utils.translation import override

from ka_plugins.contract import KeyFile
from licenses.mass_upload.services import look_through
from licenses.models import UploadBatch, UploadPiece
from pbas.core.story import SYSTEM
from tests.factories import make_class, make_configuration, make_order, make_plan, make_ready, make_subscription

pytestmark = pytest.mark.django_db

LINES = b"key;order;class\nAAAA-BBBB-0000;100999\n;100001\nAAAA-BBBB-0001;;;x\n"


@pytest.fixture
def draft(tmp_path: Path) -> UploadBatch:
    """Brought by somebody who reads German, for two equal requests."""
    plan = make_plan(make_class(make_configuration(name="By hand"), code="PANEL-PRO", name="Panel Pro"))
    for _n in range(2):
        make_ready(make_subscription(make_order(plan)), tmp_path)
    files = {"PANEL-PRO.lic": b"y", "same.lic": b"y", "readme.txt": b"", "keys.csv": LINES, "no.xlsx": b"PK\x03\x04"}
    with override("de"):
        return look_through(files=[KeyFile(name, body) for name, body in files.items()], actor=SYSTEM)


def read(language: str) -> list[str]:
    with override(language):
        return [one.said for one in UploadPiece.objects.all()]


@pytest.mark.usefixtures("draft")
def test_why_is_said_in_the_language_of_who_opens_the_draft_whoever_has_brought_it() -> None:
    assert read("en") == [
        "It fits 2 requests. Say which.",
        "The same file as PANEL-PRO.lic.",
        "It is empty.",
        "No request of order 100999 waits for an upload.",
        "The key is missing.",
        "It has more cells than key, order, class.",
        "no.xlsx is no XLSX that can be read. Save the keys alone, anew or as CSV.",
    ]
    assert read("de") == [
        "Passt zu 2 Anfragen. Sagen Sie, zu welcher.",
        "Dieselbe Datei wie PANEL-PRO.lic.",
        "Leer.",
        "Keine Anfrage der Bestellung 100999 wartet auf einen Upload.",
        "Der Schlüssel fehlt.",
        "Mehr Zellen als key, order, class.",
        "no.xlsx ist kein XLSX, das sich lesen lässt. Speichern Sie die Schlüssel allein, neu oder als CSV.",
    ]


def test_a_draft_that_was_brought_before_says_what_it_said(draft: UploadBatch) -> None:
    UploadPiece.objects.create(batch=draft, name="old", verdict="unusable", why="Es ist 100% leer.")
    assert read("en")[-1] == "Es ist 100% leer."
