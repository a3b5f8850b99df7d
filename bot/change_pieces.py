"""A change of an article as pieces to show: what stayed, what went, what came. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rag.changes import Change, edited

Fate = Literal["kept", "went", "came"]


@dataclass(frozen=True, slots=True)
class Piece:
    fate: Fate
    text: str


def pieces(old: str, change: Change) -> list[Piece]:
    """The article's words in order, none of them empty. A new one came whole, a removed one went whole."""
    if change.old is None:
        return _told([Piece("came", edited(old, change))])
    if change.kind == "removed":
        return _told([Piece("went", old[slice(*change.old)])])
    return _told(_edited(old, change))


def _edited(old: str, change: Change) -> Iterator[Piece]:
    at, end = change.old or (0, 0)
    for edit in change.edits:
        yield Piece("kept", old[at : at + edit.kept])
        yield Piece("went", old[at + edit.kept : at + edit.kept + edit.dropped])
        yield Piece("came", edit.put)
        at += edit.kept + edit.dropped
    yield Piece("kept", old[at:end])


def _told(found: Iterator[Piece] | list[Piece]) -> list[Piece]:
    """Without empty pieces and without the blanks around the whole."""
    told = [piece for piece in found if piece.text]
    if told:
        told[0] = Piece(told[0].fate, told[0].text.lstrip())
        told[-1] = Piece(told[-1].fate, told[-1].text.rstrip())
    return [piece for piece in told if piece.text]
