"""Where each line of a block was printed: from counts of letters in what a reader found to offsets in the text. Pure.

A reader's text is mended on its way (blanks, radicals, 「(」 beside Chinese): offsets move, the order of letters
does not.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.parsing.drafts import PrintedLine
from rag.parsing.models import Printed

MOST = 12_000
"""Lines of a document whose places are kept; a longer one says on which page a paragraph begins, no more."""


def lines_in(text: str, printed: Sequence[PrintedLine]) -> tuple[Printed, ...]:
    """The lines of a paragraph: each begins with the letter that so many come before."""
    found: list[Printed] = []
    at = letters = 0
    for line in printed:
        while at < len(text) and (letters < line.before or not text[at].isalnum()):
            letters += text[at].isalnum()
            at += 1
        start = _with_opening(text, at) if found else 0
        found.append(Printed(min(start, len(text)), line.page, line.box))
    return tuple(found)


def rows_in(table: str, rows: Sequence[Sequence[str]], printed: Sequence[PrintedLine]) -> tuple[Printed, ...]:
    """The rows of a Markdown table; rows without words are not in it, its rule belongs to the header."""
    worded = [line for row, line in zip(rows, printed, strict=False) if any(cell.strip() for cell in row)]
    starts = [0]
    for row in table.split("\n"):
        starts.append(starts[-1] + len(row) + 1)
    ruled = len(worded) > 1
    return tuple(
        Printed(starts[number + (ruled and number > 0)], line.page, line.box)
        for number, line in enumerate(worded)
        if number + (ruled and number > 0) < len(starts) - 1
    )


def after_cut(lines: Sequence[Printed], before: str, after: str) -> tuple[Printed, ...]:
    """The lines of a text that something was taken out of, between its common beginning and its common end."""
    same = next(
        (n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    gone = len(before) - len(after)
    moved = (line.start if line.start <= same else max(same, line.start - gone) for line in lines)
    return tuple(Printed(start, line.page, line.box) for start, line in zip(moved, lines, strict=True))


def _with_opening(text: str, at: int) -> int:
    """Brackets and quotes that open right before a letter stand on its line."""
    while at > 0 and text[at - 1] in "（(《〈“‘「『【〔[":
        at -= 1
    return at
