"""One 第X条: whole within the cap, else in parts at its items, which repeat the sentence that announces them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from rag.chunking.marks import Rank, read_mark
from rag.chunking.packing import Atom, Size, even_groups
from rag.chunking.pieces import Piece, stripped
from rag.chunking.sentences import lead_in, sentences

# An item may follow its predecessor on the same line: （一）…；（二）…
_BREAK = re.compile(r"\n+|(?<=[：:；;。])[ \t\u3000\u00a0]*(?=[（(][〇零一二三四五六七八九十百]{1,3}[)）])")


def article_pieces(text: str, piece: Piece, size: Size) -> list[Piece]:
    """The article at text[piece.start:piece.end] as one piece, or in even parts if it is over the cap."""
    start, end = stripped(text, piece.start, piece.end)
    if end - start <= size.cap:
        return [replace(piece, start=start, end=end)] if start < end else []
    atoms = list(_atoms(text, replace(piece, start=start, end=end), size.cap))
    groups = even_groups(text, atoms, size)
    return [replace(group[0].alone, start=group[0].start, end=group[-1].end) for group in groups]


def _atoms(text: str, piece: Piece, cap: int) -> Iterator[Atom]:
    """Items, and the sentences of everything that is no item. An item carries its lead, a sentence none."""
    lead = ""
    for start, end in _lines(text, piece.start, piece.end):
        mark = read_mark(text, start)
        item = mark is not None and mark.rank > Rank.ARTICLE
        if not item:
            lead = lead_in(text, start, end)
        whole = item and end - start <= cap
        for first, last in [(start, end)] if whole else sentences(text, start, end, cap):
            yield Atom(first, last, replace(piece, lead=lead if item else ""))


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    for found in [*_BREAK.finditer(text, start, end), None]:
        first, last = stripped(text, at, found.start() if found else end)
        if first < last:
            yield first, last
        at = found.end() if found else end
