"""Tables of keys that people bring: CSV in its dialects, a plain list, or the first sheet of an XLSX."""

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import openpyxl

from pbas.core.problems import Problem

MAX_BYTES = 512 * 1024
MAX_ROWS = 5000
MAX_UNPACKED = 16 * 1024 * 1024  # bytes; an XLSX is an archive


@dataclass(frozen=True, slots=True)
class Row:
    """One line as it was written, cells by column and stripped; `problem` where it has no key or too many cells."""

    line: int
    cells: Mapping[str, str] = field(default_factory=dict, repr=False)
    problem: Problem | None = None

    @property
    def key(self) -> str:
        """The key as it was written."""
        return self.cells.get("key", "")

    @property
    def activation_code(self) -> str:
        """The activation code, if there is one."""
        return self.cells.get("activation_code", "")


def read_rows(name: str, body: bytes, columns: Sequence[str] = ("key", "activation_code")) -> list[Row]:
    """The rows of a table, empty lines left out. Raises Problem at `file` where it cannot be read at all.

    A first line that names columns says in which order they stand; without one they stand as given here.
    """
    if len(body) > MAX_BYTES:
        raise Problem(
            "%(name)s is larger than %(size)s KiB. Split it.", name=name, size=MAX_BYTES // 1024, field="file"
        )
    rows: list[Row] = []
    known, order = set(columns), list(columns)
    for number, cells in _of_sheet(name, body) if body.startswith(b"PK\x03\x04") else _of_text(name, body):
        if not any(cells):
            continue
        if not rows and "key" in (names := [cell.casefold() for cell in cells]) and set(names) <= known | {""}:
            order = names
            continue
        if len(rows) == MAX_ROWS:
            raise Problem("%(name)s holds more than %(most)s keys. Split it.", name=name, most=MAX_ROWS, field="file")
        rows.append(_row(number, cells, order))
    if not rows:
        raise Problem("%(name)s holds no key.", name=name, field="file")
    return rows


def _row(line: int, cells: list[str], columns: list[str]) -> Row:
    if any(cells[len(columns) :]):
        return Row(line, problem=Problem("It has more cells than %(known)s.", known=", ".join(filter(None, columns))))
    given = {name: cell for name, cell in zip(columns, cells, strict=False) if name}
    return Row(line, given) if given.get("key") else Row(line, problem=Problem("The key is missing."))


def _of_text(name: str, body: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise Problem(
            "%(name)s is no text in UTF-8 (line %(line)s). Save it as UTF-8.", name=name, line=line, field="file"
        ) from error
    first = text.lstrip().partition("\n")[0]
    delimiter = next((one for one in (";", "\t") if one in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise Problem(
            "%(name)s is no CSV: %(error)s, line %(line)s.", name=name, error=error, line=reader.line_num, field="file"
        ) from error


def _of_sheet(name: str, body: bytes) -> Iterator[tuple[int, list[str]]]:
    unreadable = Problem(
        "%(name)s is no XLSX that can be read. Save the keys alone, anew or as CSV.", name=name, field="file"
    )
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except zipfile.BadZipFile as error:
        raise unreadable from error
    if unpacked > MAX_UNPACKED:
        raise unreadable
    try:
        book = openpyxl.load_workbook(io.BytesIO(body), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            yield number, ["" if cell is None else str(cell).strip() for cell in cells]
    except Exception as error:  # whatever a broken file makes of the reader
        raise unreadable from error
