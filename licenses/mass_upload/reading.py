"""What was dropped at once, taken apart: files, the members of ZIP archives, and the lines of key lists."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ka_plugins.contract import KeyFile
from licenses.tables import read_rows
from licenses.uploads import MAX_FILE_BYTES
from pbas.core.problems import Problem

MAX_PIECES = 1000  # of one batch
MAX_UNPACKED = 64 * 1024 * 1024  # bytes of all members of one archive
COLUMNS = ("key", "activation_code", "request", "order", "class")
ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_NOBODYS = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")  # what file managers add unasked


@dataclass(frozen=True, slots=True)
class Part:
    """A file (`body`), or a line of a key list (`key` and who it is for, as written); `problem`: why it is no use."""

    name: str
    body: bytes = field(default=b"", repr=False)
    key: str = field(default="", repr=False)
    activation_code: str = field(default="", repr=False)
    request: str = ""
    order: str = ""
    class_code: str = ""
    problem: Problem | None = None


def take_apart(files: Iterable[KeyFile]) -> list[Part]:
    """All parts of the files. Raises Problem at `files` where nothing of it may be kept: too many, or a bomb."""
    parts: list[Part] = []
    for file in files:
        for part in _parts_of(file):
            if len(parts) == MAX_PIECES:
                raise Problem(
                    "More than %(most)s files and keys at once. Bring them in parts.", most=MAX_PIECES, field="files"
                )
            parts.append(part)
    if not parts:
        raise Problem("Nothing was brought: choose files, a ZIP archive or a list of keys.", field="files")
    return parts


def _parts_of(file: KeyFile) -> Iterator[Part]:
    name = PurePosixPath(file.name.replace("\\", "/")).name
    if file.body.startswith((ZIP, _EMPTY_ZIP)) and not name.lower().endswith(".xlsx"):
        yield from _members(name, file.body)
    elif _is_key_list(name, file.body):
        yield from _lines(name, file.body)
    else:
        yield _file(name, file.body)


def _file(name: str, body: bytes) -> Part:
    if not body:
        return Part(name, problem=Problem("It is empty."))
    if len(body) > MAX_FILE_BYTES:
        return Part(name, problem=Problem("It is larger than %(size)s KiB.", size=MAX_FILE_BYTES // 1024))
    return Part(name, body)


def _members(name: str, body: bytes) -> Iterator[Part]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
    except zipfile.BadZipFile:
        yield Part(name, problem=Problem("It is no ZIP archive that can be opened."))
        return
    members = [one for one in archive.infolist() if not one.is_dir() and not _is_nobodys(one.filename)]
    if len(members) > MAX_PIECES:
        raise Problem(
            "%(name)s holds more than %(most)s files. Bring them in parts.", name=name, most=MAX_PIECES, field="files"
        )
    if sum(one.file_size for one in members) > MAX_UNPACKED:  # a reader takes no more of a member than this says
        raise Problem(
            "%(name)s unpacks to more than %(size)s MiB.", name=name, size=MAX_UNPACKED // 1024 // 1024, field="files"
        )
    for one in members:
        inner = PurePosixPath(one.filename.replace("\\", "/")).name
        try:
            content = KeyFile(inner, archive.read(one))
        except Exception:  # noqa: BLE001 (encrypted, cut off, an unknown method: whatever a broken archive does)
            yield Part(inner, problem=Problem("It cannot be unpacked from %(name)s.", name=name))
            continue
        if content.body.startswith(ZIP) and not inner.lower().endswith(".xlsx"):
            yield Part(inner, problem=Problem("It is an archive within %(name)s; unpack that one first.", name=name))
        else:
            yield from _parts_of(content)


def _is_nobodys(path: str) -> bool:
    return path.startswith(_NOBODYS) or PurePosixPath(path).name in _NOBODYS


def _is_key_list(name: str, body: bytes) -> bool:
    """An XLSX, or a text whose first line names the column of the keys: no vendor's license file begins so."""
    if name.lower().endswith(".xlsx"):
        return True
    first = body[:1024].lstrip(b"\xef\xbb\xbf").splitlines()[:1]
    cells = first[0].decode("utf-8", "replace").replace(";", ",").replace("\t", ",").split(",") if first else []
    return "key" in {cell.strip(' "').casefold() for cell in cells}


def _lines(name: str, body: bytes) -> Iterator[Part]:
    try:
        rows = read_rows(name, body, COLUMNS)
    except Problem as problem:
        yield Part(name, problem=problem)
        return
    for row in rows:
        yield Part(
            f"{name}, line {row.line}",
            key=row.key,
            activation_code=row.activation_code,
            request=row.cells.get("request", ""),
            order=row.cells.get("order", ""),
            class_code=row.cells.get("class", ""),
            problem=row.problem,
        )
