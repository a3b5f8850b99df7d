"""One page of a PDF: its characters upright and in place, those a reader sees apart from those he does not."""

from __future__ import annotations

import ctypes
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pypdfium2 as pdf
import pypdfium2.raw as pdfium

from rag.parsing.models import HiddenWhy
from rag.parsing.page_lines import Segment
from rag.parsing.pdf_masks import Masks
from rag.parsing.pdf_objects import Area, Drawn, drawn_on
from rag.parsing.pdf_tables import Rect

_TINY = 2.0  # points
_GAP = 0.9  # of a character: a wider one ends a segment
_BLANK = 0.28  # of a character: a wider one between letters is a blank
_INVISIBLE_MODES = {3, 7}
_OUTLINES = {1, 5}
_LIGHT = 170  # of 255: lighter words are looked at in the picture of the page
_CONTRAST = 20  # of 255, between the words and what is around them
_SCALE = 2.0  # pixels a point
_FULL_WIDTH = "\u2010"  # from here on characters fill their advance: dashes, quotes, Chinese


@dataclass(slots=True)
class Glyph:
    """A character as drawn, in points from the upper left corner of the page as it is read."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float
    ink: int
    raw: Rect  # left, bottom, right, top in the page's own coordinates
    light: bool
    bold: bool = False

    @property
    def middle(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


@dataclass(slots=True)
class Page:
    """What a page shows. `is_picture` says that it has no words of its own and something to look at; `pictured` is the
    share of it that its largest picture takes."""

    width: float
    height: float
    seen: list[Glyph] = field(default_factory=list)
    hidden: dict[HiddenWhy, list[Glyph]] = field(default_factory=lambda: defaultdict(list))
    rules: list[Rect] = field(default_factory=list)
    is_picture: bool = False
    pictured: float = 0


def read_page(page: pdf.PdfPage) -> Page:
    """Raises pypdfium2.PdfiumError for a page that is not sound."""
    left, bottom, right, top = page.get_bbox()
    drawn = drawn_on(page.raw, right - left, top - bottom)
    textpage = page.get_textpage()
    glyphs = list(_glyphs(textpage, drawn))
    turn = _main_turn(glyphs)  # whatever the page's own /Rotate says: words are read where they stand upright
    box = (left, bottom, right, top)
    wide, high = (right - left, top - bottom) if turn % 2 == 0 else (top - bottom, right - left)
    found = Page(wide, high)
    upright = [glyph for glyph, angle in glyphs if round(-angle / (math.pi / 2)) % 4 == turn]
    for glyph in upright:
        glyph.left, glyph.top, glyph.right, glyph.bottom = turned(glyph.raw, box, turn)
    found.rules = [turned(rule, box, turn) for rule in drawn.rules]
    _sort_out(page, _once(upright), drawn, box, found)
    found.pictured = drawn.images
    found.is_picture = len(found.seen) < 10 and (drawn.images > 0.3 or drawn.paths > 100)
    return found


def _glyphs(textpage: pdf.PdfTextPage, drawn: Drawn) -> Iterator[tuple[Glyph, float]]:
    """(character, its angle) in the file's order; what pdfium adds of its own (blanks, line ends) is left out."""
    raw = textpage.raw
    sides = [ctypes.c_double() for _ in range(4)]
    loose = pdfium.FS_RECTF()
    colour = [ctypes.c_uint() for _ in range(4)]
    for index in range(textpage.count_chars()):
        point = pdfium.FPDFText_GetUnicode(raw, index)
        if (
            pdfium.FPDFText_IsGenerated(raw, index) == 1
            or point in {0, 0xFFFE, 0xFFFF}
            or 0xD800 <= point < 0xE000
            or point < 32
        ):
            continue
        if not pdfium.FPDFText_GetLooseCharBox(raw, index, loose):
            continue
        pdfium.FPDFText_GetCharBox(raw, index, *sides)
        tight = (sides[0].value, sides[2].value, sides[1].value, sides[3].value)
        box = (loose.left, loose.bottom, loose.right, loose.top)
        address = ctypes.cast(pdfium.FPDFText_GetTextObject(raw, index), ctypes.c_void_p).value or 0
        ink = drawn.texts.get(address)
        read = pdfium.FPDFText_GetFillColor(raw, index, *colour)
        light = bool(read) and (min(part.value for part in colour[:3]) > _LIGHT or colour[3].value < 100)
        light = light or (ink is not None and ink.mode in _OUTLINES)  # their colour is the pen's, which is not told
        angle = pdfium.FPDFText_GetCharAngle(raw, index)
        text = chr(point)
        size = _drawn_size(raw, index) or box[3] - box[1]
        # Its advance in width (figures of a Chinese font are drawn narrower than they are spaced), its form in height.
        form = text < _FULL_WIDTH and tight[3] > tight[1]
        raw_box = (box[0], tight[1], box[2], tight[3]) if form and not angle and box[2] > box[0] else box
        if not angle and raw_box[3] - raw_box[1] < 0.5 * size:  # some writers give a dash a box as flat as itself
            raw_box = _on_baseline(raw, index, raw_box, size)
        dot = "\u4e00" <= text < "\ua000" and max(tight[2] - tight[0], tight[3] - tight[1]) < _TINY * 0.8
        size = min(size, 1.0) if dot else size
        yield Glyph(text, 0, 0, 0, 0, size, address, raw_box, light, bool(ink and ink.bold)), angle


def _drawn_size(raw: Any, index: int) -> float:
    """The font's size in points, as scaled on the page; 0 where it cannot be told."""
    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFText_GetMatrix(raw, index, matrix):
        return 0
    scale = math.sqrt(abs(matrix.a * matrix.d - matrix.b * matrix.c))
    return float(pdfium.FPDFText_GetFontSize(raw, index)) * scale


def _on_baseline(raw: Any, index: int, box: Rect, size: float) -> Rect:
    x, y = ctypes.c_double(), ctypes.c_double()
    if not pdfium.FPDFText_GetCharOrigin(raw, index, x, y):
        return box
    return box[0], y.value - 0.12 * size, box[2], y.value + 0.88 * size


def _main_turn(glyphs: Sequence[tuple[Glyph, float]]) -> int:
    """How often the page must be turned by a quarter for most of its words to stand upright."""
    turns = Counter(round(-angle / (math.pi / 2)) % 4 for _, angle in glyphs if abs(angle % (math.pi / 2)) < 0.1)
    return turns.most_common(1)[0][0] if turns else 0


def turned(rect: Rect, box: Rect, turn: int) -> Rect:
    """A rectangle of the page's own coordinates as left, top, right, bottom of the page as it is read."""
    left, bottom, right, top = rect
    if turn == 0:
        return left - box[0], box[3] - top, right - box[0], box[3] - bottom
    if turn == 1:
        return bottom - box[1], left - box[0], top - box[1], right - box[0]
    if turn == 2:
        return box[2] - right, bottom - box[1], box[2] - left, top - box[1]
    return box[3] - top, box[2] - right, box[3] - bottom, box[2] - left


def _once(glyphs: Iterable[Glyph]) -> list[Glyph]:
    """Bold by drawing twice is one character."""
    found: list[Glyph] = []
    seen: dict[tuple[str, int, int], None] = {}
    for glyph in glyphs:
        key = (glyph.text, round(glyph.left / 1.5), round(glyph.top / 1.5))
        if key not in seen or glyph.text.isspace():
            seen[key] = None
            found.append(glyph)
    return found


def _sort_out(page: pdf.PdfPage, glyphs: Sequence[Glyph], drawn: Drawn, box: Rect, found: Page) -> None:
    picture: Any = None
    masks = Masks(page)
    for glyph in glyphs:
        why = _plainly_hidden(glyph, drawn, box, masks)
        if why is None and not glyph.text.isspace() and _is_suspect(glyph, drawn):
            if picture is None:
                picture = (
                    page.render(scale=_SCALE, grayscale=False, rotation=-page.get_rotation() % 360)
                    .to_numpy()
                    .astype(np.int16)
                )
            why = HiddenWhy.COLOUR if _leaves_no_trace(glyph.raw, picture, box) else None
        if why is None:
            found.seen.append(glyph)
        else:
            found.hidden[why].append(glyph)


def _plainly_hidden(glyph: Glyph, drawn: Drawn, box: Rect, masks: Masks) -> HiddenWhy | None:
    ink = drawn.texts.get(glyph.ink)
    left, bottom, right, top = glyph.raw
    x, y = (left + right) / 2, (bottom + top) / 2
    if ink is not None and (ink.mode in _INVISIBLE_MODES or (ink.clip and not _in(ink.clip, x, y))):
        return HiddenWhy.INVISIBLE
    if not (box[0] <= x <= box[2] and box[1] <= y <= box[3]):
        return HiddenWhy.OFF_PAGE
    if 0 < glyph.size < _TINY:
        return HiddenWhy.TINY
    over = [area for area in drawn.areas if ink is not None and area.order > ink.order and _holds(area, x, y)]
    return HiddenWhy.COVERED if any(not masks.shows(area, glyph.raw) for area in over) else None


def _is_suspect(glyph: Glyph, drawn: Drawn) -> bool:
    """Whether to look at the picture: light words, words on something dark or on a picture, words of a layer."""
    ink = drawn.texts.get(glyph.ink)
    if glyph.light or (ink is not None and ink.marked):
        return True
    x, y = (glyph.raw[0] + glyph.raw[2]) / 2, (glyph.raw[1] + glyph.raw[3]) / 2
    return any(not area.light and _holds(area, x, y) for area in drawn.areas)


def _holds(area: Area, x: float, y: float) -> bool:
    return _in(area.rect, x, y)


def _in(rect: Rect, x: float, y: float) -> bool:
    left, bottom, right, top = rect
    return left <= x <= right and bottom <= y <= top


def _leaves_no_trace(raw: Rect, picture: Any, box: Rect) -> bool:
    high, wide = picture.shape[:2]
    across, down = wide / max(box[2] - box[0], 1), high / max(box[3] - box[1], 1)
    left, right = int((raw[0] - box[0]) * across), math.ceil((raw[2] - box[0]) * across)
    top, bottom = int((box[3] - raw[3]) * down), math.ceil((box[3] - raw[1]) * down)
    piece = picture[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    if piece.size == 0:
        return True
    return bool((piece.max(axis=(0, 1)) - piece.min(axis=(0, 1))).max() < _CONTRAST)


def segments_of(glyphs: Iterable[Glyph]) -> list[Segment]:
    """Characters → stretches without a wide gap, whatever order the file has them in."""
    rows: list[list[Glyph]] = []
    last = 0.0
    for glyph in sorted(glyphs, key=lambda g: g.middle[1]):
        if not rows or glyph.middle[1] - last > 0.4 * max(glyph.size, 1):
            rows.append([])
            last = glyph.middle[1]
        rows[-1].append(glyph)
    return [segment for row in rows for segment in _segments(sorted(row, key=lambda g: g.left))]


def _segments(row: Sequence[Glyph]) -> Iterator[Segment]:
    run: list[Glyph] = []
    for glyph in row:
        if run and glyph.left - max(g.right for g in run[-2:]) > _GAP * max(glyph.size, run[-1].size):
            yield from _segment(run)
            run = []
        run.append(glyph)
    yield from _segment(run)


def _segment(run: Sequence[Glyph]) -> Iterator[Segment]:
    text = ""
    before: Glyph | None = None
    for glyph in run:
        if (
            before is not None
            and glyph.left - before.right > _BLANK * glyph.size
            and not (text[-1:].isspace() or glyph.text.isspace())
        ):
            text += " " if before.text < _FULL_WIDTH or glyph.text < _FULL_WIDTH else ""
        text += glyph.text
        before = glyph
    inked = [glyph for glyph in run if not glyph.text.isspace()]
    if not inked:
        return
    sizes = sorted(glyph.size for glyph in inked)
    yield Segment(
        text.strip(),
        inked[0].left,
        min(g.top for g in inked),
        max(g.right for g in inked),
        max(g.bottom for g in inked),
        max(sizes[len(sizes) // 2], 1.0),
        sum(g.bold for g in inked) * 2 > len(inked),
    )
