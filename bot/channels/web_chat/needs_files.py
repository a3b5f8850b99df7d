"""What a file is, by its own bytes and never by its name: one of seven kinds, or refused in words. Pure.

Office documents are zip archives: their directory is judged before anything is unpacked, and nothing ever is but the
list of content types.
"""

from __future__ import annotations

import codecs
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from bot.files import shown_name

ENTRIES_MOST = 2_000
DIRECTORY_BYTES = 1024 * 1024
UNPACKED_MOST = 200 * 1024 * 1024
RATIO_MOST = 100
RATIO_FROM = 1024 * 1024
"""Parts smaller than this may be packed as tightly as they like."""
CONTENT_TYPES = "[Content_Types].xml"
CONTENT_TYPES_BYTES = 1024 * 1024
_OOXML = "application/vnd.openxmlformats-officedocument."
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": _OOXML + "wordprocessingml.document",
    "xlsx": _OOXML + "spreadsheetml.sheet",
    "pptx": _OOXML + "presentationml.presentation",
    "jpg": "image/jpeg",
    "png": "image/png",
    "txt": "text/plain",
}
_ENDINGS = {kind: {kind} for kind in MEDIA_TYPES} | {"jpg": {"jpg", "jpeg"}, "txt": {"txt", "md", "csv", "log"}}
_MAIN_PARTS = {
    "docx": b"wordprocessingml.document.main+xml",
    "xlsx": b"spreadsheetml.sheet.main+xml",
    "pptx": b"presentationml.presentation.main+xml",
}
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END_RECORD = b"PK\x05\x06"
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f]")


class FileRefused(Exception):  # noqa: N818 (it is an outcome, not a fault)
    """`key` names the sentence: needs.file.<key>."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@dataclass(frozen=True, slots=True)
class Judged:
    """A file that may be kept: the name to show, and its type by content."""

    name: str
    media_type: str


def judge(file: BinaryIO, name: str) -> Judged:
    """Look at a file that can be searched through. Raises FileRefused; the file is left wherever it was read to."""
    kind = _kind(file)
    shown = shown_name(name)
    _, dot, ending = shown.rpartition(".")
    if not dot or not ending.isascii():
        shown = f"{shown}.{kind}"
    elif ending.lower() not in _ENDINGS[kind]:
        raise FileRefused("name" if ending.lower() not in MEDIA_TYPES else "mismatch")
    return Judged(shown, MEDIA_TYPES[kind])


def _kind(file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(1024)
    if not head:
        raise FileRefused("empty")
    if head.startswith(_OLD_OFFICE):
        raise FileRefused("old_office")
    if head.startswith(b"PK\x03\x04"):
        return _office(file)
    for kind, fits in _MAGIC.items():
        if fits(head):
            return kind
    if _is_text(file):
        return "txt"
    raise FileRefused("type")


_MAGIC: dict[str, Callable[[bytes], bool]] = {
    "pdf": lambda head: head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"%PDF-"),
    "png": lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"),
    "jpg": lambda head: head.startswith(b"\xff\xd8\xff"),
}


def _is_text(file: BinaryIO) -> bool:
    return any(_reads_as(file, encoding) for encoding in ("utf-8-sig", "gb18030"))


def _reads_as(file: BinaryIO, encoding: str) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := file.read(64 * 1024):
            if _CONTROL.search(decoder.decode(chunk)):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _office(file: BinaryIO) -> str:
    _check_end_record(file)
    try:
        with zipfile.ZipFile(file) as archive:
            return _document(archive)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError, ValueError) as fault:
        raise FileRefused("damaged") from fault


def _check_end_record(file: BinaryIO) -> None:
    """Before the directory is read: how long it says it is. A record with a comment is found as zipfile finds it."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 65_557))
    tail = file.read()
    at = tail.rfind(_END_RECORD)
    if at < 0 or len(tail) - at < 22:
        raise FileRefused("damaged")
    _, _, _, entries, length = struct.unpack("<HHHHI", tail[at + 4 : at + 16])
    if entries > ENTRIES_MOST or length > DIRECTORY_BYTES:
        raise FileRefused("too_many_parts")


def _document(archive: zipfile.ZipFile) -> str:
    entries = archive.infolist()
    if len(entries) > ENTRIES_MOST or sum(entry.file_size for entry in entries) > UNPACKED_MOST:
        raise FileRefused("too_many_parts")
    for entry in entries:
        _check_part(entry)
    return _by_content_types(_content_types(archive))


def _check_part(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & 0x1:
        raise FileRefused("encrypted")
    if entry.file_size > RATIO_FROM and entry.file_size > RATIO_MOST * max(entry.compress_size, 1):
        raise FileRefused("too_many_parts")
    if "vbaproject" in entry.filename.lower():
        raise FileRefused("macros")


def _content_types(archive: zipfile.ZipFile) -> bytes:
    """The list of content types; an archive without one is no Office document."""
    named = [entry for entry in archive.infolist() if entry.filename == CONTENT_TYPES]
    if len(named) != 1:
        raise FileRefused("type")
    with archive.open(named[0]) as part:
        listed = part.read(CONTENT_TYPES_BYTES + 1)
    if len(listed) > CONTENT_TYPES_BYTES:
        raise FileRefused("too_many_parts")
    return listed


def _by_content_types(listed: bytes) -> str:
    lowered = listed.lower()
    if b"macroenabled" in lowered or b"vbaproject" in lowered:
        raise FileRefused("macros")
    if b"<!doctype" in lowered or b"<!entity" in lowered:
        raise FileRefused("damaged")
    for kind, main in _MAIN_PARTS.items():
        if main in lowered:
            return kind
    raise FileRefused("type")
