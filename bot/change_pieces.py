"""A change of an article as pieces to show: what stayed, what went, what came. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rag.changes import Change, compare, edited

Fate = Literal["kept", "went", "came"]


@dataclass(frozen=True, slots=True)
class Piece:
    fate: Fate
    text: str


def pieces(old: str, change: Change) -> list[Piece]:
    """The article's words in order, none of them empty. A new one came whole, a removed one went whole."""
    return _told(_of(old, change))


def between(old: str, new: str) -> list[Piece]:
    """Two passages' words as one run of pieces: everything of the old one and of the new, each once."""
    found = [piece for change in compare(old, new).changes for piece in _of(old, change)]
    return _told(found)


def _of(old: str, change: Change) -> list[Piece]:
    if change.old is None:
        return [Piece("came", edited(old, change))]
    return [Piece("went", old[slice(*change.old)])] if change.kind == "removed" else list(_edited(old, change))


def _edited(old: str, change: Change) -> Iterator[Piece]:
    at, end = change.old or (0, 0)
    for edit in change.edits:
        yield Piece("kept", old[at : at + edit.kept])
        yield Piece("went", old[at + edit.kept : at + edit.kept + edit.dropped])
        yield Piece("came", edit.put)
        at += edit.kept + edit.dropped
    yield Piece("kept", old[at:end])


def _told(found: list[Piece]) -> list[Piece]:
    """Without empty pieces and without the blanks around the whole."""
    told = [piece for piece in found if piece.text]
    if told:
        told[0] = Piece(told[0].fate, told[0].text.lstrip())
        told[-1] = Piece(told[-1].fate, told[-1].text.rstrip())
    return [piece for piece in told if piece.text]
