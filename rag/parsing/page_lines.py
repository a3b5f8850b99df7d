"""Words placed on a page → lines in reading order, columns one after the other. Pure; for PDF and for OCR.

Coordinates are points from the page's upper left corner.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

_SAME_ROW = 0.5  # of a character's height
_MIN_ROWS = 4  # of a column, on each side of the gutter
_FULL = 0.55  # how much of its column the median line fills: labels beside values are no columns
_BIN = 4.0  # points; gutters of one page differ by less


@dataclass(frozen=True, slots=True)
class Segment:
    """Words without a gap wider than a character. `order` is where the file has them."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float
    bold: bool = False

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a column. `left_edge` and `right_edge` are the column's."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float
    bold: bool
    page: int
    column: int
    left_edge: float
    right_edge: float


@dataclass(slots=True)
class _Row:
    segments: list[Segment] = field(default_factory=list)
    middle: float = 0


def lines_of(segments: Iterable[Segment], page: int) -> list[Line]:
    """The page's lines in the order in which they are read."""
    rows = _rows(segments)
    found: list[Line] = []
    for column, block in enumerate(_columns(rows, 0)):
        found += _lines(block, page, column)
    return found


def _rows(segments: Iterable[Segment]) -> list[_Row]:
    rows: list[_Row] = []
    for segment in sorted(segments, key=lambda s: s.middle):
        row = rows[-1] if rows else None
        if row is None or segment.middle - row.middle > _SAME_ROW * min(segment.size, row.segments[0].size):
            row = _Row(middle=segment.middle)
            rows.append(row)
        row.segments.append(segment)
    for row in rows:
        row.segments.sort(key=lambda s: s.left)
    return rows


def _columns(rows: Sequence[_Row], depth: int) -> Iterator[list[_Row]]:
    """Blocks of rows: what crosses a gutter is a block of its own, what does not is read left side first."""
    gutter = _gutter(rows) if depth < 4 else None
    if gutter is None:
        yield list(rows)
        return
    run: list[_Row] = []
    for row in [*rows, None]:
        if row is not None and not _crosses(row, gutter):
            run.append(row)
            continue
        if run:
            yield from _split(run, gutter, depth)
            run = []
        if row is not None:
            yield [row]


def _split(run: Sequence[_Row], gutter: float, depth: int) -> Iterator[list[_Row]]:
    left = [_Row([s for s in row.segments if s.right <= gutter], row.middle) for row in run]
    right = [_Row([s for s in row.segments if s.left >= gutter], row.middle) for row in run]
    left, right = [row for row in left if row.segments], [row for row in right if row.segments]
    if min(len(left), len(right)) < _MIN_ROWS:
        yield list(run)
        return
    for side in (left, right):
        yield from _columns(side, depth + 1)


def _crosses(row: _Row, x: float) -> bool:
    return any(segment.left < x < segment.right for segment in row.segments)


def _gutter(rows: Sequence[_Row]) -> float | None:
    """The x that most rows leave free between two stretches of words, where both sides look like columns."""
    votes: Counter[int] = Counter()
    for row in rows:
        for one, other in pairwise(row.segments):
            if other.left - one.right > 0.8 * min(one.size, other.size):
                votes.update({int(x / _BIN) for x in _steps(one.right, other.left)})
    if not votes:
        return None
    most = max(votes.values())
    best = sorted(place for place, count in votes.items() if count == most)
    x = (best[len(best) // 2] + 0.5) * _BIN
    left = [s for row in rows for s in row.segments if s.right <= x]
    right = [s for row in rows for s in row.segments if s.left >= x]
    if most < _MIN_ROWS or not (_is_full(left) and _is_full(right)):
        return None
    return x


def _steps(start: float, end: float) -> Iterator[float]:
    x = start + 1
    while x < end:
        yield x
        x += _BIN


def _is_full(side: Sequence[Segment]) -> bool:
    if not side:
        return False
    width = max(s.right for s in side) - min(s.left for s in side)
    lines = _rows(side)
    widths = [row.segments[-1].right - row.segments[0].left for row in lines]
    return len(lines) >= _MIN_ROWS and median(widths) >= _FULL * width


def _lines(rows: Sequence[_Row], page: int, column: int) -> list[Line]:
    found = [_line(row, page, column) for row in rows]
    if not found:
        return []
    left, right = min(line.left for line in found), max(line.right for line in found)
    return [replace(line, left_edge=left, right_edge=right) for line in found]


def _line(row: _Row, page: int, column: int) -> Line:
    segments = row.segments
    text = segments[0].text
    for one, other in pairwise(segments):
        text += ("" if other.left - one.right < 0.3 * one.size else " ") + other.text
    size = max(segments, key=lambda s: len(s.text)).size
    bold = sum(len(s.text) for s in segments if s.bold) * 2 > sum(len(s.text) for s in segments)
    top, bottom = min(s.top for s in segments), max(s.bottom for s in segments)
    left, right = segments[0].left, max(s.right for s in segments)
    return Line(text, left, top, right, bottom, size, bold, page, column, left, right)
