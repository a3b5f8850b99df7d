"""Putting neighbours together: groups of about equal length, near the target and never over the cap."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rag.chunking.pieces import Piece, stripped
from rag.chunking.sentences import sentences

_HEADING_ONLY = re.compile(r"[^。；！？!?\n]{1,60}")


@dataclass(frozen=True, slots=True)
class Size:
    """What passages aim at and what they never exceed, in characters."""

    target: int
    cap: int

    @property
    def whole(self) -> int:
        """Up to here a section is not worth cutting: its halves would be further from the target than it is."""
        return min(self.cap, self.target + self.target // 2)


@dataclass(frozen=True, slots=True)
class Atom:
    """text[start:end] that is not cut any further, and the piece it would be on its own.

    A `heading` goes with what follows it.
    """

    start: int
    end: int
    alone: Piece
    heading: bool = False


def heading_only(text: str, start: int, end: int) -> bool:
    """True where the range is one short line that no sentence ends in."""
    return _HEADING_ONLY.fullmatch(text, start, end) is not None


def split_pieces(text: str, piece: Piece, size: Size) -> list[Piece]:
    """The piece without white space at its ends; where it is over the cap, even parts of it, cut at sentence ends."""
    start, end = stripped(text, piece.start, piece.end)
    if start == end:
        return []
    if end - start <= size.cap:
        return [replace(piece, start=start, end=end)]
    return text_pieces(text, replace(piece, start=start, end=end), size)


def text_pieces(text: str, piece: Piece, size: Size) -> list[Piece]:
    """Even parts of a text near the target, cut at sentence ends."""
    ranges = sentences(text, piece.start, piece.end, size.cap)
    atoms = [Atom(start, end, piece, heading_only(text, start, end)) for start, end in ranges]
    return [replace(piece, start=group[0].start, end=group[-1].end) for group in even_groups(text, atoms, size)]


def even_groups(text: str, atoms: Sequence[Atom], size: Size) -> Iterator[Sequence[Atom]]:
    """Neighbouring atoms in groups. Ends of paragraphs are preferred, and no group ends in a heading if it need not."""
    if not atoms:
        return
    total = atoms[-1].end - atoms[0].start
    goal = min(total / max(1, round(total / size.target)), size.cap)
    first = 0
    for number in range(1, len(atoms)):
        if not _full(text, atoms, first, number, goal, size.cap):
            continue
        cut = number
        if atoms[number - 1].heading and number - 1 > first and _fits(atoms, number - 1, number, size.cap):
            cut = number - 1
        yield atoms[first:cut]
        first = cut
    yield atoms[first:]


def _full(text: str, atoms: Sequence[Atom], first: int, number: int, goal: float, cap: int) -> bool:
    """Whether the group that began at `first` should end before atom `number`."""
    length = atoms[number - 1].end - atoms[first].start
    longer = atoms[number].end - atoms[first].start
    if longer > cap or longer - goal > goal - length:
        return True
    return length > 0.8 * goal and _opens_paragraph(text, atoms[number].start)


def _fits(atoms: Sequence[Atom], first: int, last: int, cap: int) -> bool:
    return atoms[last].end - atoms[first].start <= cap


def _opens_paragraph(text: str, start: int) -> bool:
    before = text[start - 1] if start else "\n"
    return before in "\n\u3000\u00a0" or (before == " " and start > 1 and not text[start - 2].isascii())
