"""What a person may take for a key file, where the vendor's are known: Plesk's are XML, Virtuozzo's plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.parsers.expat import ExpatError, ParserCreate

if TYPE_CHECKING:
    from ka_plugins.contract import KeyFile

ARCHIVES: Final = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!")
TAR: Final = b"ustar"  # from byte 257 on
MARK: Final = b"\xef\xbb\xbf"


def check_xml_or_text(file: KeyFile) -> None:
    """Raise ValueError with a reason for a person where these bytes are neither whole XML nor text, or not as named."""
    body = file.body
    if body.startswith(ARCHIVES) or body[257:262] == TAR:
        raise ValueError(f"{file.name} is an archive. Unpack it and give the license file that is in it.")
    if body.removeprefix(MARK).lstrip().startswith(b"<"):
        _check_xml(file)
    elif file.name.lower().endswith(".xml"):
        raise ValueError(f"{file.name} is no XML, though its name says so. Look whether it is the license file.")
    elif b"\x00" in body or not _is_text(body):
        raise ValueError(f"{file.name} is neither XML nor text, as the license files of this vendor are.")


def _check_xml(file: KeyFile) -> None:
    def refuse(*_: object) -> None:
        raise ValueError(f"{file.name} declares a document type, which no license file does.")

    parser = ParserCreate()
    parser.StartDoctypeDeclHandler = refuse  # without one there are no entities to blow up
    try:
        parser.Parse(file.body, True)
    except ExpatError as error:
        message = f"{file.name} is no whole XML document (line {error.lineno}). It was cut or changed on its way."
        raise ValueError(message) from None


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
