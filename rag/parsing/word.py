"""DOCX: the body walked in its own order, so that tables, text boxes and tracked insertions keep their places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from rag.parsing.drafts import Draft, Drafted, Shape
from rag.parsing.models import HiddenWhy, Limits, Notice, Reason, Refused
from rag.parsing.ooxml import Package
from rag.parsing.word_looks import Look, Style, Styles, grounded, is_flat, is_off_page, number_of, restyled, value
from rag.parsing.word_numbering import Numbering, W

_VERSION = "1"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_MAIN = "word/document.xml"
_GONE = {f"{W}{tag}" for tag in ("del", "moveFrom")}
_SKIPPED = {
    f"{W}{tag}"
    for tag in ("rPr", "pPr", "instrText", "delText", "delInstrText", "sectPr", "commentReference", "fldChar")
}
_BREAKS = {f"{W}br": "\n", f"{W}cr": "\n", f"{W}tab": " ", f"{W}ptab": " ", f"{W}noBreakHyphen": "-"}
_TITLE_PLACE, _TITLE_SIZE, _TITLE_LIMIT = 12, 32, 60  # paragraphs from the top; half-points; characters
_EMU_FAR = 9_000_000  # 25 cm before the column
_FAR_SHAPE = re.compile(
    r"(?:margin-)?(?:left|top)\s*:\s*-\s*[1-9][0-9]{3,}(?:\.[0-9]+)?pt"
)  # of VML, what Word 2007 writes
_SENTENCE = re.compile(r"[。；，：！？;:,]$")


def read_docx(data: bytes, limits: Limits, _ocr_pages: int = 0) -> Drafted:
    """Raises Refused for a package that is not sound."""
    package = Package(data, limits)
    document = package.tree(_MAIN)
    body = document.find(f"{W}body") if document is not None else None
    if document is None or body is None:
        raise Refused(Reason.DAMAGED, "no body")
    drafted = Drafted("docx", _VERSION)
    if any(name.endswith("vbaProject.bin") for name in package.names):
        drafted.notices[Notice.MACROS] += 1
    drafted.notices[Notice.UNREAD_PARTS] += sum(name.startswith("word/embeddings/") for name in package.names)
    styles = Styles(package.tree("word/styles.xml"))
    reader = _Reader(drafted, styles, Numbering.of(package.tree("word/numbering.xml")), _counts_pages(document))
    reader.blocks(body, _Place())
    for part, tag in (("word/footnotes.xml", "footnote"), ("word/endnotes.xml", "endnote")):
        notes = package.tree(part)
        if notes is not None:
            reader.notes(notes, tag)
    drafted.pages = reader.page if reader.counts_pages else None
    return drafted


def _counts_pages(document: ET.Element) -> bool:
    """Word notes where it broke pages when it last drew them; without these notes nothing is said of pages."""
    return next(document.iter(f"{W}lastRenderedPageBreak"), None) is not None


@dataclass(slots=True)
class _Place:
    """What a block stands in."""

    shade: ET.Element | None = None
    shaded: bool = False  # within a table whose style has coloured cells
    hidden: HiddenWhy | None = None


@dataclass(slots=True)
class _Line:
    """A paragraph while its runs are read."""

    words: list[str] = field(default_factory=list)
    unseen: dict[HiddenWhy, list[str]] = field(default_factory=dict)
    boxes: list[tuple[ET.Element, HiddenWhy | None]] = field(default_factory=list)
    largest: float = 0
    bold: bool = False


class _Reader:
    def __init__(self, drafted: Drafted, styles: Styles, numbering: Numbering, counts_pages: bool) -> None:
        self.page = 1
        self.counts_pages = counts_pages
        self._drafted = drafted
        self._styles = styles
        self._numbering = numbering
        self._title_size = 0.0

    def blocks(self, parent: ET.Element, place: _Place) -> None:
        for element in parent:
            if element.tag == f"{W}p":
                self._paragraph(element, place)
            elif element.tag == f"{W}tbl":
                self._table(element, place)
            elif element.tag in _GONE:
                self._drafted.notices[Notice.TRACKED_DELETIONS] += 1
            elif element.tag == f"{W}altChunk":
                self._drafted.notices[Notice.UNREAD_PARTS] += 1
            elif element.tag in {f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}moveTo", f"{W}customXml", f"{W}smartTag"}:
                self.blocks(element, place)
            elif element.tag == f"{_MC}AlternateContent":
                self.blocks(_choice(element), place)

    def notes(self, root: ET.Element, tag: str) -> None:
        """Foot- and endnotes, after the text: 注1：…"""
        number = 0
        for note in root.findall(f"{W}{tag}"):
            if note.get(f"{W}type") in {"separator", "continuationSeparator", "continuationNotice"}:
                continue
            number += 1
            before = self._drafted.drafts
            self._drafted.drafts = []
            self.blocks(note, _Place())
            words = "\n".join(draft.text for draft in self._drafted.drafts).strip()
            self._drafted.drafts = before
            if words:
                before.append(Draft(Shape.NOTE, f"注{number}：{words}"))

    def _paragraph(self, element: ET.Element, place: _Place) -> None:
        properties = element.find(f"{W}pPr")
        style = self._styles.style(value(properties.find(f"{W}pStyle")) if properties is not None else "")
        page = self.page if self.counts_pages else None
        line = _Line()
        look = grounded(style.look, place.shade)
        if place.shaded:
            look = Look(look.ink, None, look.half_points, look.vanish, look.narrow, look.bold)
        look = grounded(look, properties.find(f"{W}shd") if properties is not None else None)
        self._runs(element, look, line)
        words = "".join(line.words).strip()
        number = (number_of(properties) or style.number) if words or properties is not None else None
        prefix = self._numbering.next(*number) if number and words else ""
        hidden = place.hidden or (HiddenWhy.OFF_PAGE if is_off_page(properties) else None)
        hidden = hidden or (HiddenWhy.TINY if is_flat(properties) else None)
        for why, parts in line.unseen.items():
            self._drafted.hide(why, "".join(parts), page)
        if hidden and words:
            self._drafted.hide(hidden, words, page)
        elif words:
            self._draft(prefix, words, properties, style, line, page)
        for box, unseen in line.boxes:
            self.blocks(box, _Place(hidden=unseen or place.hidden))

    def _draft(
        self, prefix: str, words: str, properties: ET.Element | None, style: Style, line: _Line, page: int | None
    ) -> None:
        outline = value(properties.find(f"{W}outlineLvl")) if properties is not None else ""
        level = int(outline) + 1 if re.fullmatch("[0-8]", outline) else style.level
        if not level and self._is_title(words, properties, line):
            self._title(words, line, page)
            return
        text = prefix + words
        if level:
            self._drafted.drafts.append(Draft(Shape.HEADING, text.replace("\n", ""), min(level, 6), page))
        else:
            self._drafted.drafts.append(Draft(Shape.LIST if prefix == "- " else Shape.FLOW, text, page=page))

    def _is_title(self, words: str, properties: ET.Element | None, line: _Line) -> bool:
        """Centred, large, near the top, and no sentence: how offices write a title without a style for it."""
        centred = properties is not None and value(properties.find(f"{W}jc")) == "center"
        early = len(self._drafted.drafts) < _TITLE_PLACE
        short = len(words) <= _TITLE_LIMIT and not _SENTENCE.search(words)
        return centred and early and short and (line.largest >= _TITLE_SIZE or line.bold)

    def _title(self, words: str, line: _Line, page: int | None) -> None:
        """A title over two lines is one; a letterhead above it is larger and stays a line of its own."""
        last = self._drafted.drafts[-1] if self._drafted.drafts else None
        words = words.replace("\n", "")
        if last is not None and last.shape == Shape.HEADING and self._title_size == line.largest and last.level == 1:
            last.text += words
        else:
            self._drafted.drafts.append(Draft(Shape.HEADING, words, 1, page))
        self._title_size = line.largest

    def _runs(self, parent: ET.Element, look: Look, line: _Line) -> None:
        for element in parent:
            tag = element.tag
            if tag in _GONE:
                self._drafted.notices[Notice.TRACKED_DELETIONS] += 1
            elif tag == f"{W}r":
                self._run(element, self._run_look(element, look), line)
            elif tag in {f"{W}ins", f"{W}moveTo"}:
                self._drafted.notices[Notice.TRACKED_INSERTIONS] += any(True for _ in element.iter(f"{W}t"))
                self._runs(element, look, line)
            elif tag == f"{_M}t":
                line.words.append(element.text or "")
            elif tag == f"{_MC}AlternateContent":
                self._runs(_choice(element), look, line)
            elif tag not in _SKIPPED:
                self._runs(element, look, line)

    def _run_look(self, run: ET.Element, look: Look) -> Look:
        properties = run.find(f"{W}rPr")
        if properties is None:
            return look
        named = value(properties.find(f"{W}rStyle"))
        if named and (style := self._styles.style(named).look) != self._styles.normal:
            hides = style.vanish or (style.hides() is not None)
            look = Look(style.ink, look.ground, style.half_points or look.half_points, hides, style.narrow, look.bold)
        return restyled(look, properties)

    def _run(self, run: ET.Element, look: Look, line: _Line) -> None:
        why = look.hides()
        line.largest = max(line.largest, look.half_points)
        line.bold = line.bold or look.bold
        words = line.words if why is None else line.unseen.setdefault(why, [])
        for element in run:
            tag = element.tag
            if tag in {f"{W}t", f"{_M}t"}:
                words.append(element.text or "")
            elif tag == f"{W}lastRenderedPageBreak":
                self.page += 1
            elif tag == f"{W}sym":
                self._drafted.notices[Notice.GLYPHS] += 1
            elif tag in _BREAKS:
                words.append(_BREAKS[tag] if element.get(f"{W}type") not in {"page", "column"} else "")
            elif tag in {f"{W}drawing", f"{W}pict", f"{W}object"}:
                self._drawing(element, line)
            elif tag == f"{_MC}AlternateContent":
                for chosen in _choice(element):
                    self._drawing(chosen, line)

    def _drawing(self, element: ET.Element, line: _Line) -> None:
        boxes = list(_boxes(element))
        if not boxes:
            self._drafted.notices[Notice.UNREAD_PARTS] += 1
        offsets = [
            int(o.text) for o in element.iter(f"{_WP}posOffset") if o.text and re.fullmatch("-?[0-9]{1,12}", o.text)
        ]
        why = HiddenWhy.OFF_PAGE if any(o < -_EMU_FAR or o > 3 * _EMU_FAR for o in offsets) else None
        why = why or (
            HiddenWhy.OFF_PAGE if any(_FAR_SHAPE.search(s.get("style", "")) for s in element.iter()) else None
        )
        why = why or (HiddenWhy.INVISIBLE if _is_unseen(element) else None)
        line.boxes += [(box, why) for box in boxes]

    def _table(self, table: ET.Element, place: _Place) -> None:
        """Cells of a merge repeat its words; a table of one column is text in a frame."""
        style = self._styles.style(value(table.find(f"{W}tblPr/{W}tblStyle")))
        rows: list[list[str]] = []
        above: dict[int, str] = {}
        page = self.page if self.counts_pages else None
        singles: list[Draft] = []
        for row in _within(table, f"{W}tr"):
            properties = row.find(f"{W}trPr")
            if properties is not None and properties.find(f"{W}del") is not None:
                self._drafted.notices[Notice.TRACKED_DELETIONS] += 1
                continue
            cells = list(_within(row, f"{W}tc"))
            hidden = place.hidden or (HiddenWhy.INVISIBLE if is_flat(properties) else None)
            words: list[str] = []
            for cell in cells:
                drafts = self._cell(cell, _Place(cell.find(f"{W}tcPr/{W}shd"), style.shaded, hidden))
                singles += drafts
                text = "\n".join(draft.text or _flat(draft) for draft in drafts)
                words += self._merged(cell, text, len(words), above, len(cells) == 1)
            rows.append(words)
        if max((len(row) for row in rows), default=0) <= 1:
            self._drafted.drafts += singles
        else:
            self._drafted.drafts.append(Draft(Shape.TABLE, page=page, rows=rows))

    def _cell(self, cell: ET.Element, place: _Place) -> list[Draft]:
        before = self._drafted.drafts
        self._drafted.drafts = []
        self.blocks(cell, place)
        found, self._drafted.drafts = self._drafted.drafts, before
        return found

    def _merged(self, cell: ET.Element, text: str, column: int, above: dict[int, str], alone: bool) -> list[str]:
        span = value(cell.find(f"{W}tcPr/{W}gridSpan"))
        wide = int(span) if re.fullmatch("[0-9]{1,2}", span) and not alone else 1
        merge = cell.find(f"{W}tcPr/{W}vMerge")
        if merge is not None and value(merge, "continue") == "continue":
            text = above.get(column, "")
            self._drafted.notices[Notice.MERGED_CELLS] += 1
        elif wide > 1:
            self._drafted.notices[Notice.MERGED_CELLS] += 1
        above.update(dict.fromkeys(range(column, column + wide), text))
        return [text] * wide


def _flat(draft: Draft) -> str:
    """A table within a cell, as lines."""
    return "\n".join("，".join(cell for cell in row if cell) for row in draft.rows or ())


def _within(parent: ET.Element, tag: str) -> Iterator[ET.Element]:
    """Rows of a table or cells of a row, also those in content controls; not those of tables within."""
    for element in parent:
        if element.tag == tag:
            yield element
        elif element.tag in {f"{W}sdt", f"{W}sdtContent", f"{W}customXml", f"{W}ins"}:
            yield from _within(element, tag)


def _choice(element: ET.Element) -> ET.Element:
    """One of the ways in which the same content is written."""
    chosen = element.find(f"{_MC}Choice")
    fallback = element.find(f"{_MC}Fallback")
    return next((found for found in (chosen, fallback) if found is not None and len(found)), ET.Element("none"))


def _boxes(element: ET.Element) -> Iterator[ET.Element]:
    """The outermost text boxes of a drawing; those within them are found when they are read."""
    if element.tag == f"{W}txbxContent":
        yield element
        return
    for child in _choice(element) if element.tag == f"{_MC}AlternateContent" else element:
        yield from _boxes(child)


def _is_unseen(element: ET.Element) -> bool:
    for shape in element.iter():
        if shape.tag == f"{_WP}docPr" and shape.get("hidden") in {"1", "true"}:
            return True
        if re.search(r"visibility\s*:\s*hidden", shape.get("style", "")):
            return True
    return False
