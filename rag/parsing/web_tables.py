"""Tables of a web page: which are only layout, and where the words of merged cells belong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

_LAYOUT_SHARE, _LAYOUT_LENGTH = 0.6, 500
_CELLS = 200_000


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of equal meaning per column; `merged` counts the cells that spanned more than one."""

    rows: list[list[str]]
    merged: int

    @classmethod
    def of(cls, rows: Sequence[Sequence[tuple[str, int, int]]]) -> Grid:
        """From (words, columns, rows) of each cell. A cell across a whole row stays one; others are repeated."""
        kept: dict[tuple[int, int], str] = {}
        merged = 0
        for down, cells in enumerate(rows):
            across = 0
            for words, columns, height in cells:
                while (down, across) in kept:
                    across += 1
                alone = len(cells) == 1 and columns > 1
                merged += (columns > 1 or height > 1) and not alone
                spanned = 1 if alone else columns
                for place in range(min(height, len(rows) - down)):
                    for column in range(spanned):
                        kept[down + place, across + column] = words
                across += spanned
                if len(kept) > _CELLS:
                    break
        widths = [0] * len(rows)
        for down, across in kept:
            widths[down] = max(widths[down], across + 1)
        return cls([[kept.get((r, c), "") for c in range(widths[r])] for r in range(len(rows))], merged)


def is_layout(table: LexborNode) -> bool:
    """A table that only places things: one within it, a single column or row of prose, or one cell with nearly all."""
    nested = any(inner.mem_id != table.mem_id for inner in table.css("table"))
    if nested or table.attributes.get("role") == "presentation":
        return True
    lengths: list[int] = []
    widest = 0
    for row in table.css("tr"):
        cells = row.css("td, th")
        widest = max(widest, len(cells))
        lengths += [len((cell.text(deep=True) or "").strip()) for cell in cells]
    if widest <= 1:
        return True
    return bool(lengths) and max(lengths) > _LAYOUT_LENGTH and max(lengths) > _LAYOUT_SHARE * sum(lengths)
