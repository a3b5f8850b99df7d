"""What a file is, by its content; its name only has to agree."""

from __future__ import annotations

import io
import re
import zipfile
from enum import StrEnum
from pathlib import PurePath

from rag.parsing.models import Reason, Refused


class Kind(StrEnum):
    """A format that can be read. The value is its media type."""

    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    HTML = "text/html"
    MHTML = "multipart/related"
    MARKDOWN = "text/markdown"
    TEXT = "text/plain"
    PNG = "image/png"
    JPEG = "image/jpeg"


_ENDINGS = {
    ".pdf": Kind.PDF,
    ".docx": Kind.DOCX,
    ".docm": Kind.DOCX,
    ".xlsx": Kind.XLSX,
    ".xlsm": Kind.XLSX,
    ".html": Kind.HTML,
    ".htm": Kind.HTML,
    ".xhtml": Kind.HTML,
    ".shtml": Kind.HTML,
    ".mht": Kind.MHTML,
    ".mhtml": Kind.MHTML,
    ".md": Kind.MARKDOWN,
    ".markdown": Kind.MARKDOWN,
    ".txt": Kind.TEXT,
    ".text": Kind.TEXT,
    ".png": Kind.PNG,
    ".jpg": Kind.JPEG,
    ".jpeg": Kind.JPEG,
}
_OLD_ENDINGS = {".doc", ".xls", ".ppt", ".wps", ".et", ".rtf", ".dot", ".xlt"}
_WORDS = {Kind.HTML, Kind.MARKDOWN, Kind.TEXT}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_HTML = re.compile(rb"<\s*(?:!doctype\s+html|html|head|body|meta|table|div|p|title|script)\b", re.IGNORECASE)
_ARCHIVE = re.compile(
    rb"(?:[A-Za-z-]+:[^\n]*\n(?:[ \t][^\n]*\n)*){0,40}?content-type:\s*multipart/related", re.IGNORECASE
)
_LOOK = 4_096  # bytes from the start, in which a page says what it is
# Starts of files that are surely no text.
_FOREIGN = (
    b"MZ",
    b"\x7fELF",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
    b"GIF8",
    b"II*\x00",
    b"MM\x00*",
    b"BM",
    b"\xca\xfe\xba\xbe",
)


def check_ending(name: str) -> None:
    """Raises Refused: an old format, or one that is not read. A name without an ending says nothing."""
    ending = PurePath(name).suffix.lower()
    if ending in _OLD_ENDINGS:
        raise Refused(Reason.OLD_OFFICE, ending)
    if ending and ending not in _ENDINGS:
        raise Refused(Reason.UNKNOWN_TYPE, ending)


def kind_of(data: bytes, name: str) -> Kind:
    """Raises Refused: a format that is not read, one of another kind than the name says, an encrypted or old one."""
    ending = PurePath(name).suffix.lower()
    kind = _by_content(data, ending)
    named = _ENDINGS.get(ending)
    check_ending(name)
    if kind is None:
        raise Refused(Reason.WRONG_TYPE if named and named not in _WORDS else Reason.UNKNOWN_TYPE, ending)
    if named is None or named == kind:
        return kind
    if {named, kind} <= _WORDS:
        return named
    raise Refused(Reason.WRONG_TYPE, f"{ending} holds {kind}")


def _by_content(data: bytes, ending: str) -> Kind | None:
    if data.startswith(_OLE):
        raise Refused(Reason.ENCRYPTED if _ENCRYPTED_PACKAGE in data else Reason.OLD_OFFICE)
    if data.startswith(b"{\\rtf"):
        raise Refused(Reason.OLD_OFFICE, "rtf")
    if b"%PDF-" in data[:1024]:
        return Kind.PDF
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if data.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _of_zip(data, ending)
    if data.startswith(_FOREIGN) or _is_binary(data):
        return None
    if _ARCHIVE.match(data[:_LOOK].lstrip().replace(b"\r\n", b"\n")):
        return Kind.MHTML
    return Kind.HTML if _HTML.search(data[:_LOOK].replace(b"\0", b"")) else Kind.TEXT


def _of_zip(data: bytes, ending: str) -> Kind | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        if _ENDINGS.get(ending) in {Kind.DOCX, Kind.XLSX}:
            raise Refused(Reason.DAMAGED, "zip") from error
        return None
    if "word/document.xml" in names:
        return Kind.DOCX
    if "xl/workbook.xml" in names:
        return Kind.XLSX
    if "[Content_Types].xml" in names and _ENDINGS.get(ending) in {Kind.DOCX, Kind.XLSX}:
        raise Refused(Reason.DAMAGED, "no main part")
    return None


def _is_binary(data: bytes) -> bool:
    """NULs that are not those of UTF-16, or many control characters."""
    head = data[:_LOOK]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    controls = sum(byte < 9 or 13 < byte < 27 or 27 < byte < 32 for byte in head)
    return controls * 50 > len(head)
