"""Lines of pages → headings and paragraphs; running headers, footers and page numbers left out. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from rag.chunking.marks import read_mark
from rag.parsing.drafts import Draft, PrintedLine, Shape
from rag.parsing.models import Box
from rag.parsing.page_lines import Line

_ZONE = 0.12  # of the page's height, above and below: where running lines stand
_MARGIN, _FINE, _FINE_LENGTH = 0.075, 0.85, 60  # of the height; of the body's size; characters
_PAGES = 3  # a line is a running one from so many pages on
_SHARE = 0.4  # of all pages: left and right pages may differ
_NUMBER = re.compile(
    r"[-—–―一_·•\s]*(?:第\s*)?[0-9０-９]{1,4}\s*页?(?:\s*[/／，,]?\s*(?:共\s*)?[0-9０-９]{1,4}\s*页)?[-—–―一_·•\s]*"
    r"|[-—–―\s]*[ivxIVX]{1,6}[-—–―\s]*|[Pp]age\s*[0-9]+(?:\s*of\s*[0-9]+)?|[0-9]{1,4}\s*[/／]\s*[0-9]{1,4}"
)
_SENTENCE_END = re.compile(r"[。；：！？;:!?”」）)]\s*$")
_HEADING_END = re.compile(r"[。；，！？;,]\s*$")
_HEADING_LIMIT = 80
_DEEP = 6  # characters: what begins further in is no indented paragraph
_SET_APART = re.compile(r"附\s*[件表录图][0-9一二三四五六七八九十]{0,3}[：:]?")
_NOTE_SIZE = 0.85  # of the body's
_NOTE = re.compile(r"[①-⑳*＊※]|[\[［(（]?[0-9]{1,2}[\]］)）]?(?![0-9.%％年月])|注[：:释]")


def without_notes(pages: Sequence[Sequence[Line]]) -> tuple[list[list[Line]], list[list[Line]]]:
    """The pages without their footnotes, and the footnotes: small print that ends a page and begins with a mark."""
    body = _body_size([line for lines in pages for line in lines]) if any(pages) else 1
    kept: list[list[Line]] = []
    notes: list[list[Line]] = []
    for lines in pages:
        small = len(lines)
        while small and lines[small - 1].size <= _NOTE_SIZE * body:
            small -= 1
        first = next((n for n in range(small, len(lines)) if _NOTE.match(lines[n].text.strip())), len(lines))
        above = first == 0 or first == len(lines) or lines[first].top > max(line.bottom for line in lines[:first]) - 1
        first = first if above and first > 0 else len(lines)
        kept.append(list(lines[:first]))
        notes.append(list(lines[first:]))
    return kept, notes


@dataclass(frozen=True, slots=True)
class PageSize:
    width: float
    height: float


@dataclass(slots=True)
class _Paragraph:
    lines: list[Line] = field(default_factory=list)

    @property
    def text(self) -> str:
        return joined([line.text for line in self.lines])


def without_running(pages: Sequence[Sequence[Line]], sizes: Sequence[PageSize]) -> tuple[list[list[Line]], int]:
    """The pages without what stands at the edge of many of them, and how many lines that were."""
    places: dict[tuple[str, bool], set[int]] = defaultdict(set)
    for number, lines in enumerate(pages):
        for line in lines:
            zone = _zone(line, sizes[number])
            if zone is not None:
                places[_pattern(line.text), zone].add(number)
    needed = max(_PAGES, _SHARE * len(pages))
    running = {key for key, found in places.items() if len(found) >= needed}
    body = _body_size([line for lines in pages for line in lines]) if any(pages) else 1
    kept: list[list[Line]] = []
    dropped = 0
    for number, lines in enumerate(pages):
        left = [
            line
            for line in lines
            if not (_is_running(line, sizes[number], running) or _is_fine(line, sizes[number], body))
        ]
        dropped += len(lines) - len(left)
        kept.append(left)
    return kept, dropped


def _zone(line: Line, size: PageSize) -> bool | None:
    """True for the upper edge, False for the lower one."""
    if line.bottom < _ZONE * size.height:
        return True
    return False if line.top > (1 - _ZONE) * size.height else None


def _is_running(line: Line, size: PageSize, running: set[tuple[str, bool]]) -> bool:
    zone = _zone(line, size)
    if zone is None:
        return False
    return _NUMBER.fullmatch(line.text.strip()) is not None or (_pattern(line.text), zone) in running


def _is_fine(line: Line, size: PageSize, body: float) -> bool:
    """In the margin proper and in small print: a header or footer also of a file of one page."""
    margin = line.bottom < _MARGIN * size.height or line.top > (1 - _MARGIN) * size.height
    return margin and line.size < _FINE * body and len(line.text) <= _FINE_LENGTH


def _pattern(text: str) -> str:
    return re.sub("[0-9０-９]+", "#", re.sub(r"\s+", "", text))


def drafts_of(lines: Iterable[Line]) -> list[Draft]:
    """Headings and paragraphs, joined over the ends of columns and pages."""
    lines = list(lines)
    if not lines:
        return []
    body = _body_size(lines)
    pitch = _pitch(lines)
    paragraphs: list[_Paragraph] = []
    for before, line in zip([None, *lines], lines, strict=False):
        starts = bool(paragraphs) and len(paragraphs[-1].lines) == 1
        if before is None or _begins(before, line, pitch, body, starts=starts):
            paragraphs.append(_Paragraph())
        paragraphs[-1].lines.append(line)
    return [_draft(paragraph, body) for paragraph in paragraphs]


def joined(lines: Sequence[str]) -> str:
    """Lines of one paragraph as one: a blank only between two words of letters."""
    text = ""
    for line in lines:
        line = line.strip()
        blank = bool(text) and text[-1].isascii() and line[:1].isascii() and text[-1] not in "-/" and line[:1].isalnum()
        text += (" " if blank and text[-1] not in "（(" else "") + line
    return text


def _body_size(lines: Sequence[Line]) -> float:
    """The size that most characters have."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size * 2) / 2] += len(line.text)
    return sizes.most_common(1)[0][0] or 1


def _pitch(lines: Sequence[Line]) -> float:
    """How far lines of a paragraph are apart, in line heights of their own size."""
    steps = [
        (after.top - before.top) / before.size
        for before, after in pairwise(lines)
        if _same_column(before, after) and before.size and 0.8 < (after.top - before.top) / before.size < 4
    ]
    return median(steps) if steps else 1.6


def _same_column(before: Line, after: Line) -> bool:
    return (before.page, before.column) == (after.page, after.column) and after.top > before.top


def _begins(before: Line, line: Line, pitch: float, body: float, *, starts: bool) -> bool:
    """Whether a new paragraph begins with this line. `starts`: the one before it began one."""
    size = max(line.size, 1)
    if _SET_APART.fullmatch(line.text.strip()) or _came_back(before, line, starts):
        return True
    if _in_one_title(before, line, body, pitch):
        return False
    if abs(before.size - line.size) > 0.15 * max(before.size, size) or (before.bold != line.bold and _is_short(before)):
        return True
    if _is_centred(before) != _is_centred(line):
        return True
    if _is_centred(line):
        return not _same_column(before, line) or bool(_SENTENCE_END.search(before.text))
    if _same_column(before, line) and (line.top - before.top) / size > 1.25 * pitch:
        return True
    indented = line.left - line.left_edge > 1.2 * size and line.left - before.left > 0.8 * size
    if _is_short(before) or indented:
        return True
    return bool(_SENTENCE_END.search(before.text)) and read_mark(line.text.strip(), 0) is not None


def _came_back(before: Line, line: Line, starts: bool) -> bool:
    """A line that began far to the right (a signature, a date) does not go on at the left edge."""
    deep = before.left - before.left_edge > _DEEP * before.size
    return starts and deep and not _is_centred(before) and line.left < before.left - 3 * before.size


def _in_one_title(before: Line, line: Line, body: float, pitch: float) -> bool:
    """Lines of one size above the body's, about one middle: a title that runs over lines of different lengths."""
    larger = min(before.size, line.size) > 1.12 * body and abs(before.size - line.size) < 0.05 * line.size
    near = _same_column(before, line) and (line.top - before.top) / max(line.size, 1) < 1.25 * pitch
    middles = (before.left + before.right) / 2 - (line.left + line.right) / 2
    return larger and near and abs(middles) < 0.6 * line.size and not _SENTENCE_END.search(before.text)


def _is_short(line: Line) -> bool:
    return line.right < line.right_edge - 2.2 * line.size


def _is_centred(line: Line) -> bool:
    left, right = line.left - line.left_edge, line.right_edge - line.right
    return min(left, right) > 2.6 * line.size and abs(left - right) < 2.5 * line.size


def _draft(paragraph: _Paragraph, body: float) -> Draft:
    lines = paragraph.lines
    first = lines[0]
    text = paragraph.text
    box = _around([line for line in lines if line.page == first.page and line.column == first.column])
    level = _level(text, first, body)
    shape = Shape.HEADING if level else Shape.FLOW
    return Draft(shape, text, level, first.page, box, printed=list(_printed(lines)))


def _printed(lines: Sequence[Line]) -> Iterator[PrintedLine]:
    before = 0
    for line in lines:
        yield PrintedLine(before, line.page, _around([line]))
        before += sum(character.isalnum() for character in line.text)


def _around(lines: Sequence[Line]) -> Box:
    return (
        round(min(line.left for line in lines), 1),
        round(min(line.top for line in lines), 1),
        round(max(line.right for line in lines), 1),
        round(max(line.bottom for line in lines), 1),
    )


def _level(text: str, line: Line, body: float) -> int:
    """By size against the body's, then by weight; 0 for text."""
    if len(text) > _HEADING_LIMIT or _HEADING_END.search(text) or not re.search(r"[^\W\d]", text):
        return 0
    ratio = line.size / body
    if ratio >= 1.35:
        return 1
    if ratio >= 1.12:
        return 2
    return 3 if line.bold and not _SENTENCE_END.search(text) else 0
