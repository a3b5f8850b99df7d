"""Tables of a page by the lines that are drawn around their cells. Pure. A table without lines is read as text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Rect = tuple[float, float, float, float]  # left, top, right, bottom
_NEAR = 3.0  # points between lines that are meant to meet
_RULES = 4_000


@dataclass(frozen=True, slots=True)
class Ruled:
    """A grid of lines. `groups[r][c]` is the number of the cell that this square of the grid belongs to."""

    columns: tuple[float, ...]
    rows: tuple[float, ...]
    groups: tuple[tuple[int, ...], ...]

    @property
    def rect(self) -> Rect:
        return self.columns[0], self.rows[0], self.columns[-1], self.rows[-1]

    @property
    def row_boxes(self) -> list[Rect]:
        left, right = round(self.columns[0], 1), round(self.columns[-1], 1)
        return [(left, round(top, 1), right, round(bottom, 1)) for top, bottom in pairwise(self.rows)]

    def cell_at(self, x: float, y: float) -> int | None:
        """The cell that a point is in; None outside."""
        column, row = bisect_right(self.columns, x) - 1, bisect_right(self.rows, y) - 1
        if 0 <= row < len(self.groups) and 0 <= column < len(self.groups[0]):
            return self.groups[row][column]
        return None

    @property
    def merged(self) -> int:
        squares = len(self.groups) * len(self.groups[0])
        return squares - len({group for row in self.groups for group in row})

    def filled(self, words: Callable[[int], str]) -> list[list[str]]:
        """Rows of words; a merge repeats its words, except across a whole row."""
        return [[words(row[0])] if len(set(row)) == 1 else [words(group) for group in row] for row in self.groups]


def ruled(rules: Sequence[Rect]) -> list[Ruled]:
    """The tables that these lines make, from the top of the page down."""
    flat = [r for r in rules if r[3] - r[1] <= _NEAR < r[2] - r[0]][:_RULES]
    tall = [r for r in rules if r[2] - r[0] <= _NEAR < r[3] - r[1]][:_RULES]
    found = [_grid(*group) for group in _connected(flat, tall)]
    tables = [table for table in found if table is not None]
    return sorted(_outermost(tables), key=lambda table: (table.rows[0], table.columns[0]))


def _outermost(tables: Sequence[Ruled]) -> list[Ruled]:
    def inside(one: Rect, other: Rect) -> bool:
        return all(a >= b - _NEAR for a, b in zip(one[:2], other[:2], strict=True)) and all(
            a <= b + _NEAR for a, b in zip(one[2:], other[2:], strict=True)
        )

    return [t for t in tables if not any(o is not t and inside(t.rect, o.rect) for o in tables)]


def _connected(flat: Sequence[Rect], tall: Sequence[Rect]) -> list[tuple[list[Rect], list[Rect]]]:
    """Lines that meet, as groups of (level ones, upright ones)."""
    parents = list(range(len(flat) + len(tall)))

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    for i, across in enumerate(flat):
        for j, down in enumerate(tall):
            if _meet(across, down):
                parents[root(i)] = root(len(flat) + j)
    groups: dict[int, tuple[list[Rect], list[Rect]]] = {}
    for i, rule in enumerate([*flat, *tall]):
        groups.setdefault(root(i), ([], []))[i >= len(flat)].append(rule)
    return list(groups.values())


def _meet(one: Rect, other: Rect) -> bool:
    return (
        one[0] <= other[2] + _NEAR
        and other[0] <= one[2] + _NEAR
        and one[1] <= other[3] + _NEAR
        and other[1] <= one[3] + _NEAR
    )


def _grid(flat: Sequence[Rect], tall: Sequence[Rect]) -> Ruled | None:
    rows = _places([(r[1] + r[3]) / 2 for r in flat])
    columns = _places([(r[0] + r[2]) / 2 for r in tall])
    if (
        len(rows) < 3
        or len(columns) < 2
        or (len(rows) - 1) * (len(columns) - 1) < 2
        or len(rows) * len(columns) > 40_000
    ):
        return None
    wide, high = len(columns) - 1, len(rows) - 1
    parents = list(range(wide * high))

    def root(place: int) -> int:
        while parents[place] != place:
            place = parents[place]
        return place

    for r in range(high):
        for c in range(wide):
            x, y = (columns[c] + columns[c + 1]) / 2, (rows[r] + rows[r + 1]) / 2
            if c + 1 < wide and not _drawn(tall, columns[c + 1], y, 0):
                parents[root(r * wide + c + 1)] = root(r * wide + c)
            if r + 1 < high and not _drawn(flat, rows[r + 1], x, 1):
                parents[root((r + 1) * wide + c)] = root(r * wide + c)
    groups = tuple(tuple(root(r * wide + c) for c in range(wide)) for r in range(high))
    if len({group for row in groups for group in row}) < 2:
        return None
    return Ruled(tuple(columns), tuple(rows), groups)


def _drawn(rules: Sequence[Rect], at: float, through: float, axis: int) -> bool:
    """Whether a line at this place runs past this point. `axis` 0: upright lines."""
    other = 1 - axis
    return any(
        rule[axis] - _NEAR <= at <= rule[axis + 2] + _NEAR and rule[other] - _NEAR <= through <= rule[other + 2] + _NEAR
        for rule in rules
    )


def _places(values: Sequence[float]) -> list[float]:
    """Coordinates that differ by less than a line's thickness, as one."""
    found: list[list[float]] = []
    for value in sorted(values):
        if found and value - found[-1][-1] <= _NEAR:
            found[-1].append(value)
        else:
            found.append([value])
    return [sum(group) / len(group) for group in found]
