"""PDF: pages read by PDFium, laid out by our own rules; pages without words go to the OCR where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

import pypdfium2 as pdf

from rag.parsing.assembling import ScanFound
from rag.parsing.drafts import Draft, Drafted, PrintedLine, Shape
from rag.parsing.models import Limits, Notice, Reason, Refused
from rag.parsing.page_lines import Line, lines_of
from rag.parsing.page_paragraphs import PageSize, drafts_of, joined, without_notes, without_running
from rag.parsing.pdf_page import Glyph, Page, read_page, segments_of
from rag.parsing.pdf_tables import Ruled, ruled
from rag.parsing.scan import is_installed, mended, read_pictures

_TAIL = 4_096  # bytes in which a whole file ends with %%EOF
_PICTURE, _BACKGROUND = 0.05, 0.9  # of a page: larger than a seal or a code, smaller than what words are printed on
_PASSWORD = 4  # FPDF_ERR_PASSWORD


@dataclass(slots=True)
class _Content:
    """Of one page: lines of text and tables."""

    size: PageSize
    lines: list[Line] = field(default_factory=list)
    tables: list[tuple[float, Draft]] = field(default_factory=list)


def read_pdf(data: bytes, limits: Limits, ocr_pages: int = 0) -> Drafted:
    """Raises Refused, and ScanFound for pages to be read by OCR (then it is called again, with `ocr_pages`)."""
    document = _opened(data)
    try:
        count = len(document)
        if count > limits.pages:
            raise Refused(Reason.TOO_MANY_PAGES, f"{count} > {limits.pages} pages")
        drafted = Drafted("pdf", f"pypdfium2 {version('pypdfium2')}", pages=count)
        contents = [_content(document, number, drafted) for number in range(count)]
        read: set[int] = set()
        pictures = [number for number in range(count) if number + 1 in drafted.unread_pages]
        if pictures and limits.ocr and is_installed():
            if not ocr_pages:
                raise ScanFound(len(pictures))
            _read_scans(document, pictures[:ocr_pages], contents, drafted)
            read = {number + 1 for number in pictures} - set(drafted.unread_pages)
        drafted.note(Notice.UNREAD_PAGES, drafted.unread_pages)
        drafted.title = str(document.get_metadata_value("Title") or "") if _has_words(document) else ""
    finally:
        document.close()
    _lay_out(contents, drafted)
    for draft in drafted.drafts:
        if draft.page in read:
            draft.text = mended(draft.text)
    return drafted


def _opened(data: bytes) -> pdf.PdfDocument:
    try:
        document = pdf.PdfDocument(data)
        len(document)
    except pdf.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD or "assword" in str(error):
            raise Refused(Reason.ENCRYPTED) from error
        raise Refused(Reason.DAMAGED, "pdf") from error
    if b"%%EOF" not in data[-_TAIL:]:
        document.close()
        raise Refused(Reason.DAMAGED, "cut short")
    return document


def _has_words(document: pdf.PdfDocument) -> bool:
    """A title that is a path or 「Microsoft Word - 1.doc」 is none."""
    title = str(document.get_metadata_value("Title") or "")
    return any("\u4e00" <= c <= "\u9fff" for c in title) and not title.lower().startswith("microsoft")


def _content(document: pdf.PdfDocument, number: int, drafted: Drafted) -> _Content:
    try:
        page = document[number]
    except pdf.PdfiumError as error:
        raise Refused(Reason.DAMAGED, f"page {number + 1}") from error
    try:
        found = read_page(page)
    finally:
        page.close()
    for why, glyphs in found.hidden.items():
        drafted.hide(why, _words(glyphs), number + 1)
    content = _Content(PageSize(found.width, found.height))
    if found.is_picture:
        drafted.unread_pages.append(number + 1)
    else:
        if _PICTURE <= found.pictured < _BACKGROUND:
            drafted.note(Notice.UNREAD_PARTS, [number + 1])
        _split_tables(found, number + 1, content, drafted)
    return content


def _words(glyphs: Sequence[Glyph]) -> str:
    lines = lines_of(segments_of(glyphs), 1)
    return joined([line.text for line in lines]) or "".join(glyph.text for glyph in glyphs)


def _split_tables(found: Page, number: int, content: _Content, drafted: Drafted) -> None:
    tables = ruled(found.rules)
    inside: list[dict[int, list[Glyph]]] = [{} for _ in tables]
    outside: list[Glyph] = []
    for glyph in found.seen:
        place = _table_at(tables, *glyph.middle)
        if place is None:
            outside.append(glyph)
        else:
            inside[place[0]].setdefault(place[1], []).append(glyph)
    content.lines = lines_of(segments_of(outside), number)
    for table, cells in zip(tables, inside, strict=True):
        words = {
            cell: joined([line.text for line in lines_of(segments_of(glyphs), number)])
            for cell, glyphs in cells.items()
        }
        if len(words) < 2:  # a frame around text
            content.lines += [line for glyphs in cells.values() for line in lines_of(segments_of(glyphs), number)]
            continue
        drafted.notices[Notice.MERGED_CELLS] += bool(table.merged)
        left, top, right, bottom = table.rect
        box = (round(left, 1), round(top, 1), round(right, 1), round(bottom, 1))
        rows = table.filled(lambda cell, words=words: words.get(cell, ""))  # type: ignore[misc]
        printed = [PrintedLine(0, number, row) for row in table.row_boxes]
        content.tables.append((top, Draft(Shape.TABLE, page=number, box=box, rows=rows, printed=printed)))


def _table_at(tables: Sequence[Ruled], x: float, y: float) -> tuple[int, int] | None:
    for place, table in enumerate(tables):
        cell = table.cell_at(x, y)
        if cell is not None:
            return place, cell
    return None


def _read_scans(document: pdf.PdfDocument, pages: Sequence[int], contents: list[_Content], drafted: Drafted) -> None:
    for number, segments, unsure in read_pictures(document, pages):
        contents[number].lines = lines_of(segments, number + 1)
        drafted.unread_pages.remove(number + 1)
        drafted.note(Notice.OCR, [number + 1])
        drafted.notices[Notice.OCR_UNSURE] += unsure


def _lay_out(contents: Sequence[_Content], drafted: Drafted) -> None:
    """Text between tables, in the order of the pages; a paragraph may run on over a page's end."""
    pages, dropped = without_running([content.lines for content in contents], [content.size for content in contents])
    drafted.notices[Notice.RUNNING_LINES] += dropped
    pages, notes = without_notes(pages)
    pending: list[Line] = []
    for lines, content in zip(pages, contents, strict=True):
        for top, table in sorted(content.tables, key=lambda found: found[0]):
            above = [line for line in lines if line.top < top]
            lines = [line for line in lines if line.top >= top]
            drafted.drafts += drafts_of(pending + above)
            pending = []
            _add_table(table, drafted)
        pending += lines
    drafted.drafts += drafts_of(pending)
    for draft in drafts_of([line for lines in notes for line in lines]):  # after the text, as those of a Word file
        draft.shape = Shape.NOTE
        drafted.drafts.append(draft)


def _add_table(table: Draft, drafted: Drafted) -> None:
    """A table that goes on over a page's end is one, its repeated header said once."""
    last = drafted.drafts[-1] if drafted.drafts else None
    rows, earlier = table.rows or [], last.rows if last is not None else None
    page = last.printed[-1].page if last is not None and last.printed else None
    goes_on = page is not None and table.page is not None and table.page == page + 1
    if last is not None and goes_on and earlier and rows and len(rows[0]) == len(earlier[0]):
        said = int(rows[0] == earlier[0])
        earlier += rows[said:]
        last.printed += table.printed[said:]
    else:
        drafted.drafts.append(table)
