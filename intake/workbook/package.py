"""The parts of an XLSX file that may be hostile: a bounded zip of XML parts without DOCTYPE and without macros."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from xml.parsers import expat

from intake.models import Saying

_CHUNK = 1 << 16
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # an .xls, or an .xlsx under a password
_DECLARATION = re.compile(rb"<!\s*(?:doctype|entity)", re.IGNORECASE)
_SMALL = 1_000_000  # bytes; a part below this may be as repetitive as it likes

Attributes = Mapping[str, str]
Start = Callable[[str, Attributes], None]
End = Callable[[str, str], None]


class SheetError(Exception):
    """The file cannot be taken at all; `saying` says why and what to do, in keys of wording/registers."""

    def __init__(self, key: str, **values: str) -> None:
        super().__init__(key)
        self.saying = Saying(f"sheet.error.{key}", values)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of the file and of what it unpacks to, its parts, how many times smaller a part may be packed, rows with
    content, XML elements in all."""

    size: int = 5_000_000
    unpacked: int = 50_000_000
    parts: int = 200
    ratio: int = 200
    rows: int = 5_000
    elements: int = 1_500_000


LIMITS = Limits()


@contextmanager
def opened(content: bytes, limits: Limits = LIMITS) -> Iterator[Package]:
    """The parts of the file. Raises SheetError where it is too big, damaged or hostile, for the block's faults too."""
    if len(content) > limits.size:
        raise SheetError("too_big", limit=str(limits.size // 1_000_000))
    if content.startswith(_OLE):
        raise SheetError("old_or_locked")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            package = Package(archive, limits)
            package.refuse_declarations()
            yield package
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, expat.ExpatError) as fault:
        raise SheetError("damaged") from fault
    except (ValueError, LookupError) as fault:  # numbers that are none, encodings nobody knows
        raise SheetError("damaged") from fault


class Package:
    def __init__(self, archive: zipfile.ZipFile, limits: Limits) -> None:
        self._archive = archive
        self._elements_left = limits.elements
        self.limits = limits
        parts = archive.infolist()
        self.names = {part.filename for part in parts}
        if len(parts) > limits.parts or len(self.names) != len(parts):
            raise SheetError("suspicious")
        # zipfile reads no more of a part than it declares, so the declared sizes bound what is unpacked.
        if sum(part.file_size for part in parts) > limits.unpacked:
            raise SheetError("bomb")
        for part in parts:
            _check(part, limits)

    def refuse_declarations(self) -> None:
        """No part may declare a document type or entities, whether it is read later or not."""
        for name in sorted(self.names):
            if name.lower().endswith((".xml", ".rels")):
                self._feed(name, _strict_parser())
            elif _DECLARATION.search(b"".join(self._chunks(name)).replace(b"\x00", b"")):
                raise SheetError("suspicious")

    def walk(self, name: str, start: Start, end: End) -> None:
        """Go through an XML part by local names; `end` is given the text directly inside the element."""
        texts: list[list[str]] = []

        def begin(element: str, attributes: dict[str, str]) -> None:
            self._elements_left -= 1
            if self._elements_left < 0:
                raise SheetError("too_many_cells")
            texts.append([])
            start(_local(element), {_local(key): value for key, value in attributes.items()})

        parser = _strict_parser()
        parser.StartElementHandler = begin
        parser.EndElementHandler = lambda element: end(_local(element), "".join(texts.pop()))
        parser.CharacterDataHandler = lambda text: texts[-1].append(text)
        self._feed(name, parser)

    def related(self, name: str) -> dict[str, tuple[str, str]]:
        """The parts that a part points to: id → (the last word of its type, its name). "" is the whole file."""
        folder, base = posixpath.split(name)
        relations = posixpath.join(folder, "_rels", f"{base}.rels")
        found: dict[str, tuple[str, str]] = {}

        def start(element: str, attributes: Attributes) -> None:
            if element == "Relationship" and attributes.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))
                found[attributes.get("Id", "")] = attributes.get("Type", "").rpartition("/")[2], target.lstrip("/")

        if relations in self.names:
            self.walk(relations, start, ignore)
        return found

    def _feed(self, name: str, parser: expat.XMLParserType) -> None:
        for chunk in self._chunks(name):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)

    def _chunks(self, name: str) -> Iterator[bytes]:
        with self._archive.open(name) as part:
            while chunk := part.read(_CHUNK):
                yield chunk


def ignore(_element: str, _text: str) -> None:
    """Nothing to do at the end of an element."""


def _strict_parser() -> expat.XMLParserType:
    def refuse(*_: object) -> None:
        raise SheetError("suspicious")

    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    return parser


def _check(part: zipfile.ZipInfo, limits: Limits) -> None:
    if "vbaproject" in part.filename.lower():
        raise SheetError("macros")
    if "externallink" in part.filename.lower():
        raise SheetError("external_links")
    if part.flag_bits & 1:
        raise SheetError("old_or_locked")
    if part.compress_type not in _METHODS:
        raise SheetError("suspicious")
    if part.file_size > _SMALL and part.file_size > limits.ratio * max(part.compress_size, 1):
        raise SheetError("bomb")


def _local(name: str) -> str:
    return name.rpartition("}")[2]
