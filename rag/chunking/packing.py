"""Putting neighbours together: groups of about equal length, near the target and never over the cap."""

from __future__ import annotations

import re
from collections.abc import Sequence
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

    A `heading` goes with what follows it. `number` is an item's, 0 for all else.
    """

    start: int
    end: int
    alone: Piece
    heading: bool = False
    number: int = 0


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
    atoms = sentence_atoms(text, piece.start, piece.end, piece, size)
    return [replace(piece, start=group[0].start, end=group[-1].end) for group in even_groups(text, atoms, size)]


def sentence_atoms(text: str, start: int, end: int, piece: Piece, size: Size) -> list[Atom]:
    """One atom a sentence of text[start:end], each a part of `piece`."""
    ranges = sentences(text, start, end, size.cap)
    return [Atom(first, last, piece, heading_only(text, first, last)) for first, last in ranges]


def even_groups(text: str, atoms: Sequence[Atom], size: Size) -> list[Sequence[Atom]]:
    """Neighbouring atoms in groups. Ends of paragraphs are preferred, and no group ends in a heading if it need not."""
    groups: list[Sequence[Atom]] = []
    first, goal = 0, 0.0
    for number in range(1, len(atoms) + 1):
        goal = goal or _goal(atoms, first, size)
        if number < len(atoms) and not _full(text, atoms, first, number, goal, size.cap):
            continue
        cut = number
        if number < len(atoms) and atoms[number - 1].heading and number - 1 > first:
            cut -= _length(atoms, number - 1, number) <= size.cap
        groups.append(atoms[first:cut])
        first, goal = cut, 0.0
    return _without_crumb(groups, size)


def _goal(atoms: Sequence[Atom], first: int, size: Size) -> float:
    """The length of a group if the rest is cut evenly."""
    rest = _length(atoms, first, len(atoms) - 1)
    return min(rest / max(1, round(rest / size.target)), size.cap)


def _length(atoms: Sequence[Atom], first: int, last: int) -> int:
    return atoms[last].end - atoms[first].start


def _without_crumb(groups: list[Sequence[Atom]], size: Size) -> list[Sequence[Atom]]:
    """A last group that is too short to say much (a date and a seal) goes with the one before it."""
    if len(groups) > 1 and _length(groups[-1], 0, -1) < size.target / 4:
        both = [*groups[-2], *groups[-1]]
        if _length(both, 0, -1) <= size.cap:
            return [*groups[:-2], both]
    return groups


def _full(text: str, atoms: Sequence[Atom], first: int, number: int, goal: float, cap: int) -> bool:
    """Whether the group that began at `first` should end before atom `number`."""
    length, longer = _length(atoms, first, number - 1), _length(atoms, first, number)
    if longer > cap or longer - goal > goal - length:
        return True
    return length > 0.8 * goal and _opens_paragraph(text, atoms[number].start)


def _opens_paragraph(text: str, start: int) -> bool:
    before = text[start - 1] if start else "\n"
    return before in "\n\u3000\u00a0" or (before == " " and start > 1 and not text[start - 2].isascii())
