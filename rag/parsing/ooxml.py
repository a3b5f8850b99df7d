"""The zip of XML that DOCX and XLSX are: opened after a look at its directory, parsed only without a DOCTYPE."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import cast
from xml.etree import ElementTree as ET  # a part with a DOCTYPE is refused before it is parsed

from rag.parsing.models import Limits, Reason, Refused

_ELEMENT = re.compile(rb"<[A-Za-z_]")
_PROLOG = 65_536  # bytes in which a part's first element must begin
_BIG_PART = 1_000_000


class Package:
    """The parts of an OOXML file. Every method raises Refused for what an honest one does not hold."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._limits = limits
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
            raise Refused(Reason.DAMAGED, "zip") from error
        self.names = self._checked()

    def _checked(self) -> set[str]:
        entries = self._zip.infolist()
        if len(entries) > self._limits.parts:
            raise Refused(Reason.BOMB, f"{len(entries)} parts")
        total = 0
        names: set[str] = set()
        for entry in entries:
            path = PurePosixPath(entry.filename.replace("\\", "/"))
            if ".." in path.parts or path.is_absolute() or re.match("[A-Za-z]:", entry.filename):
                raise Refused(Reason.UNSAFE_PARTS, "a part outside")
            if entry.filename in names:
                raise Refused(Reason.UNSAFE_PARTS, "the same part twice")
            names.add(entry.filename)
            if entry.flag_bits & 1:
                raise Refused(Reason.ENCRYPTED)
            total += entry.file_size
            big = entry.file_size > _BIG_PART and entry.file_size > self._limits.ratio * max(entry.compress_size, 1)
            if big or total > self._limits.unpacked_bytes:
                raise Refused(Reason.BOMB, f"{total} bytes unpacked")
        return names

    def part(self, name: str) -> bytes:
        """A part's bytes, never more than its directory says."""
        try:
            entry = self._zip.getinfo(name)
            with self._zip.open(entry) as opened:
                data = opened.read(entry.file_size + 1)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            KeyError,
            NotImplementedError,
            OSError,
            RuntimeError,
        ) as error:
            raise Refused(Reason.DAMAGED, name[:80]) from error
        if len(data) > entry.file_size:
            raise Refused(Reason.BOMB, "a part larger than it says")
        return data

    def check_xml(self) -> None:
        """Every XML part, for a reader that parses them itself."""
        for name in self.names:
            if name.endswith((".xml", ".rels", ".vml")):
                _refuse_doctype(self.part(name))

    def tree(self, name: str) -> ET.Element | None:
        """A part's root element; None where there is no such part."""
        if name not in self.names:
            return None
        data = self.part(name)
        _refuse_doctype(data)
        parser: ET.XMLPullParser[ET.Element] = ET.XMLPullParser(("start", "end"))
        depth = 0
        root: ET.Element | None = None
        try:
            for at in range(0, len(data), 65_536):
                parser.feed(data[at : at + 65_536])
                for event, element in _elements(parser):
                    root = element if root is None else root
                    depth += 1 if event == "start" else -1
                    if depth > self._limits.depth:
                        raise Refused(Reason.TOO_DEEP, name[:80])
            parser.close()
        except (ET.ParseError, ValueError, LookupError) as error:
            raise Refused(Reason.DAMAGED, name[:80]) from error
        return root


def _elements(parser: ET.XMLPullParser[ET.Element]) -> Iterator[tuple[str, ET.Element]]:
    for found in parser.read_events():
        event, element = cast(tuple[str, ET.Element], found)
        yield event, element


def _refuse_doctype(data: bytes) -> None:
    head = data[: 2 * _PROLOG].replace(b"\0", b"")[:_PROLOG]  # UTF-16 as well
    first = _ELEMENT.search(head)
    if first is None:
        raise Refused(Reason.DAMAGED, "no element")
    if b"<!" in head[: first.start()].replace(b"<!--", b""):
        raise Refused(Reason.ENTITIES)
