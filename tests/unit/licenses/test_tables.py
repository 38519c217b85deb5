"""Tables of keys as people bring them: CSV in its dialects, lists, sheets."""

import io

import openpyxl
import pytest

from licenses.tables import MAX_BYTES, read_rows
from pbas.core.problems import Problem


@pytest.mark.parametrize(
    "body",
    [
        b"key,activation_code\nAAA-1,CODE-1\nAAA-2,\n",
        b"\xef\xbb\xbfKey;Activation_Code\r\nAAA-1;CODE-1\r\n\r\nAAA-2\r\n",
        b"AAA-1\tCODE-1\nAAA-2\n",
        b'activation_code,key\n"CODE-1","AAA-1"\n,AAA-2\n',
    ],
)
def test_a_file_is_read_with_or_without_a_first_line_of_names(body: bytes) -> None:
    rows = read_rows("keys.csv", body)
    assert [(row.key, row.activation_code) for row in rows] == [("AAA-1", "CODE-1"), ("AAA-2", "")]


def test_the_first_sheet_of_an_xlsx_is_read_with_its_line_numbers() -> None:
    book = openpyxl.Workbook()
    for cells in (["key", "activation_code"], ["AAA-1", "CODE-1"], [None, None], [12345678, None], ["", "lost"]):
        book.worksheets[0].append(cells)
    kept = io.BytesIO()
    book.save(kept)
    rows = read_rows("keys.xlsx", kept.getvalue())
    assert [(row.line, row.key, str(row.problem or "")) for row in rows] == [
        (2, "AAA-1", ""),
        (4, "12345678", ""),
        (5, "", "The key is missing."),
    ]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "holds no key"),
        (b"key,activation_code\n", "holds no key"),
        (b"PK\x03\x04 an archive", "no XLSX that can be read"),
        (b"AAA\n\xff\xfe", "no text in UTF-8 (line 2)"),
        (b'"AAA\n', "is no CSV"),
        (b"A" * (MAX_BYTES + 1), "larger than"),
        (b"A\n" * 5001, "more than 5000 keys"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_at_its_field(body: bytes, says: str) -> None:
    with pytest.raises(Problem, match=r"keys\.csv") as caught:
        read_rows("keys.csv", body)
    assert says in caught.value.message
    assert caught.value.field == "file"
