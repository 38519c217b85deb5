"""All rows of a list as a file: however slow its reader is, no transaction waits for him, and memory holds few rows."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import IO, Any, cast

from django.db import connection, transaction
from django.db.models import F, Func, QuerySet, TextField
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from pbas.core.jinja import number
from pbas.core.keyset import stretches
from pbas.core.lists.columns import Kind
from pbas.core.lists.listing import PanelList
from pbas.core.problems import Problem

TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
MOST_XLSX = 50_000  # rows; a file of Excel is made as a whole before its first byte
_FIRST = 500  # rows: the first byte comes at once
_STRETCH = 20_000
_CHUNK = 256 * 1024
# What a page of fifty rows has no use for: helpers that sort shares of a million rows, and the memory for it. Compiling
# costs more than it saves here, too.
_ALL_AT_ONCE = "SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 2; SET LOCAL work_mem = '64MB'"


class _Safe(Func):
    """Text that no spreadsheet takes for a formula: one that begins with = + - @, tab or a line's end gets a quote."""

    output_field = TextField()
    template = (
        "CASE WHEN ascii(%(expressions)s) IN (9,10,13,43,45,61,64) "
        "THEN '''' || %(expressions)s ELSE %(expressions)s END"
    )

    def as_sqlite(self, compiler: Any, connection: Any, **options: Any) -> Any:
        """SQLite calls it unicode."""
        return self.as_sql(compiler, connection, template=self.template.replace("ascii(", "unicode("), **options)


class _Moment(Func):
    """A moment in ISO 8601, in UTC, to the second: 2026-01-31 12:00:00+00."""

    output_field = TextField()
    template = "date_trunc('second', %(expressions)s)::text"  # Django's connections are in UTC

    def as_sqlite(self, compiler: Any, connection: Any, **options: Any) -> Any:
        """SQLite keeps text in UTC."""
        template = "strftime('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%S+00', %(expressions)s)"
        return self.as_sql(compiler, connection, template=template, **options)


class _Yes(Func):
    """A word where it is so."""

    output_field = TextField()
    template = "CASE WHEN %(expressions)s THEN 'yes' ELSE '' END"


def csv_of(listed: PanelList) -> Iterator[bytes]:
    """The rows as CSV in UTF-8, the names of the columns first.

    PostgreSQL writes it by COPY: some rows for the first byte, then all others into a file that is sent from here.
    """
    head = io.StringIO()
    csv.writer(head).writerow(heads(listed))
    yield head.getvalue().encode()
    is_copied = connection.vendor == "postgresql"
    for rows in _stretches(listed, [_FIRST, None] if is_copied else repeat(_STRETCH)):
        yield from _copied(rows) if is_copied else _written(rows)


def xlsx_of(listed: PanelList) -> Iterator[bytes]:
    """The rows as a workbook. Raises Problem where they are more than MOST_XLSX: then CSV is the way."""
    if listed.filtered().order_by()[MOST_XLSX : MOST_XLSX + 1].values_list("pk"):
        raise Problem(
            "These are more than %(most)s rows. Export them as CSV, which has no limit, or filter the list first.",
            most=number(MOST_XLSX),
        )
    return _workbook(listed)


def _workbook(listed: PanelList) -> Iterator[bytes]:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(str(listed.label))
    sheet.append(heads(listed))
    for rows in _stretches(listed, repeat(_STRETCH)):
        for row in _values(rows):
            sheet.append([ILLEGAL_CHARACTERS_RE.sub("", one) if isinstance(one, str) else one for one in row])
    with tempfile.TemporaryFile() as file:
        book.save(file)
        yield from _sent(file)


def heads(listed: PanelList) -> list[str]:
    """The names that stand above the columns: those of the address, in no language."""
    return list(_sources(listed))


def _sent(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while part := file.read(_CHUNK):
        yield part


def _sources(listed: PanelList) -> dict[str, Any]:
    made: dict[Kind, Any] = {Kind.TEXT: _Safe, Kind.MOMENT: _Moment, Kind.YES: _Yes, Kind.WORD: F}
    return {head: made[column.kind](field) for column in listed.shown for head, field in column.written.items()}


def _stretches(listed: PanelList, sizes: Iterable[int | None]) -> Iterator["QuerySet[Any]"]:
    """The rows' values in the order of the list."""
    sources = list(_sources(listed).values())
    for rows in stretches(listed.filtered(), listed.query.sort, sizes):
        yield rows.values_list(*sources)


def _copied(rows: "QuerySet[Any]") -> Iterator[bytes]:
    sql, given = rows.query.sql_with_params()
    with tempfile.TemporaryFile() as file:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_ALL_AT_ONCE)
            asked = cursor.mogrify(sql, given).decode()
            cursor.copy_expert(f"COPY ({asked}) TO STDOUT WITH (FORMAT csv)", file)
        yield from _sent(file)


def _values(rows: "QuerySet[Any]") -> list[tuple[Any, ...]]:
    sql, given = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return cast("list[tuple[Any, ...]]", cursor.fetchall())


def _written(rows: "QuerySet[Any]") -> Iterator[bytes]:
    body = io.StringIO()
    csv.writer(body).writerows(_values(rows))
    yield body.getvalue().encode()
