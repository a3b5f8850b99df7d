"""What every format ends in: characters normalised, headings and articles found, hidden text set aside, caps held."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from rag.chunking.marks import Mark, Rank, read_mark
from rag.parsing.characters import unlettered, whole
from rag.parsing.drafts import Draft, Drafted, Shape
from rag.parsing.instructions import set_aside
from rag.parsing.kinds import Kind, kind_of
from rag.parsing.markdown import placed
from rag.parsing.models import Block, BlockKind, Hidden, HiddenWhy, Limits, Notice, Parsed, Reason, Refused, Warned
from rag.parsing.printing import MOST, after_cut, lines_in, rows_in
from rag.parsing.rows import markdown_table

PIPELINE = "2"  # goes up when these steps change what comes out
HEADING_LIMIT = 80  # characters; what is longer is text, however it is printed
_HIDDEN_LIMIT = 200  # texts shown to an admin; the count says how many there were
_UNREADABLE_SHARE = 0.3
_LEVELS = {Rank.BOOK: 2, Rank.SUBBOOK: 2, Rank.CHAPTER: 2, Rank.PART: 3}
_ENDS_A_SENTENCE = re.compile(r"[。；！？，：;!?,:]\s*$")
_NO_TITLE = re.compile(r"附件|目\s*录")


class ScanFound(Exception):  # noqa: N818  # no error: what the first child tells its parent
    """Pages that have no text of their own, to be read by OCR in a child with time for it."""

    def __init__(self, pages: int) -> None:
        super().__init__(pages)
        self.pages = pages


def read(data: bytes, name: str, digest: str, limits: Limits, ocr_pages: int) -> Parsed:
    """The file's bytes → Parsed, in this process. Raises Refused, ScanFound, and whatever a library raises."""
    if not data:
        raise Refused(Reason.EMPTY)
    kind = kind_of(data, name)
    drafted = _reader(kind)(data, limits, ocr_pages)
    return assembled(drafted, kind, digest, limits)


def assembled(drafted: Drafted, kind: Kind, digest: str, limits: Limits) -> Parsed:
    """The shared steps. Raises Refused for a text that is none, or too long."""
    hidden = [Hidden(h.why, whole(h.text)[:2000], h.page, h.box) for h in drafted.hidden]
    blocks: list[Block] = []
    spoken = 0
    for block in _blocks(drafted.drafts):
        kept, aside = set_aside(block.text) if block.kind != BlockKind.TABLE else _rows_aside(block.text)
        hidden += [Hidden(HiddenWhy.INSTRUCTION, text[:2000], block.page, block.box) for text in aside]
        spoken += len(aside)
        if kept.strip():
            blocks.append(block if not aside else _with_text(block, kept))
    blocks = _few_lines(blocks)
    _hold_caps(blocks, drafted, limits)
    notices = Counter(drafted.notices)
    notices[Notice.HIDDEN] = len(hidden) - spoken
    notices[Notice.INSTRUCTIONS] = spoken
    notices[Notice.GLYPHS] += sum(unlettered(block.text) for block in blocks)
    done = placed(blocks)
    return Parsed(
        title_hint=_title(done, whole(drafted.title)),
        blocks=done,
        pages=drafted.pages,
        hidden=tuple(hidden[:_HIDDEN_LIMIT]),
        warnings=tuple(
            Warned(notice, count, tuple(drafted.notice_pages.get(notice, ())))
            for notice, count in sorted(notices.items())
            if count > 0
        ),
        parser=drafted.parser,
        parser_version=f"{PIPELINE}/{drafted.version}",
        file_digest=digest,
        media_type=kind.value,
    )


def _reader(kind: Kind) -> Callable[[bytes, Limits, int], Drafted]:
    """Imported here: a child loads what its one file needs."""
    if kind == Kind.PDF:
        from rag.parsing.pdf import read_pdf

        return read_pdf
    if kind == Kind.DOCX:
        from rag.parsing.word import read_docx

        return read_docx
    if kind == Kind.XLSX:
        from rag.parsing.workbook import read_xlsx

        return read_xlsx
    if kind == Kind.HTML:
        from rag.parsing.web_page import read_html

        return read_html
    if kind == Kind.MHTML:
        from rag.parsing.web_archive import read_archive

        return read_archive
    if kind in {Kind.PNG, Kind.JPEG}:
        from rag.parsing.scan import read_image

        return read_image
    from rag.parsing.plain import read_markdown, read_text

    return read_markdown if kind == Kind.MARKDOWN else read_text


def _blocks(drafts: Iterable[Draft]) -> Iterator[Block]:
    for draft in drafts:
        if draft.rows is not None:
            rows = [[whole(cell) for cell in row] for row in draft.rows]
            text = markdown_table(rows)
            kind, level, lines = BlockKind.TABLE, 0, rows_in(text, rows, draft.printed)
        else:
            text = _trimmed(whole(draft.text))
            (kind, level), lines = _classified(draft, text), lines_in(text, draft.printed)
        if text:
            yield Block(kind, text, level, draft.page, box=draft.box, sheet=draft.sheet, lines=lines)


def _trimmed(text: str) -> str:
    """No blank lines within a block (they would end it) and no blanks at the ends of lines."""
    return "\n".join(line.strip() for line in text.split("\n") if line.strip())


def _classified(draft: Draft, text: str) -> tuple[BlockKind, int]:
    mark = read_mark(text, 0) if text else None
    if mark is not None and mark.rank == Rank.ARTICLE:
        return BlockKind.ARTICLE, 0
    short = len(text) <= HEADING_LIMIT and "\n" not in text
    if draft.shape == Shape.HEADING and short:
        return BlockKind.HEADING, min(max(draft.level, 1), 6)
    if draft.shape == Shape.FLOW and short and mark is not None and _is_heading(text, mark):
        return BlockKind.HEADING, _LEVELS[mark.rank]
    if draft.shape == Shape.LIST:
        return BlockKind.LIST, 0
    return BlockKind.PARAGRAPH, 0


def _is_heading(text: str, mark: Mark) -> bool:
    """第二章 总则 on a line of its own; 一、… stays text, which chunking reads with its numbering."""
    return mark.rank in _LEVELS and len(text) <= 40 and not _ENDS_A_SENTENCE.search(text)


def _with_text(block: Block, text: str) -> Block:
    return replace(block, text=text, lines=after_cut(block.lines, block.text, text))


def _few_lines(blocks: list[Block]) -> list[Block]:
    """The places of lines are dropped where there are too many to keep."""
    many = sum(len(block.lines) for block in blocks) > MOST
    return [replace(block, lines=()) for block in blocks] if many else blocks


def _rows_aside(table: str) -> tuple[str, list[str]]:
    """A table without its rows that speak to a machine; the header and its rule stay while a row does."""
    rows = table.split("\n")
    aside = [row for row in rows if set_aside(row)[1]]
    kept = [row for row in rows if row not in aside]
    return ("\n".join(kept), aside) if len(kept) > 2 or not aside else ("", aside)


def _hold_caps(blocks: list[Block], drafted: Drafted, limits: Limits) -> None:
    characters = sum(len(block.text) for block in blocks)
    if characters > limits.characters:
        raise Refused(Reason.TOO_MUCH_TEXT, f"{characters} > {limits.characters} characters")
    words = sum(c.isalnum() for block in blocks for c in block.text)
    if words == 0:
        raise Refused(Reason.SCAN if drafted.unread_pages else Reason.NO_TEXT)
    if sum(unlettered(block.text) for block in blocks) > _UNREADABLE_SHARE * words:
        raise Refused(Reason.UNDECODABLE, "the file's fonts give no letters")


def _title(blocks: tuple[Block, ...], from_properties: str) -> str:
    """The first heading, unless it is a chapter's; else what the page calls itself; else a first line like a title."""
    for block in blocks[:12]:
        if block.kind == BlockKind.HEADING and not (_NO_TITLE.match(block.text) or read_mark(block.text, 0)):
            return block.text[:200]
    if from_properties.strip():
        return from_properties.strip()[:200]
    first = blocks[0].text.split("\n", 1)[0] if blocks and blocks[0].kind != BlockKind.TABLE else ""
    return first[:200] if len(first) <= HEADING_LIMIT and not _ENDS_A_SENTENCE.search(first) else ""
