"""Approved answers: which one a question gets, what it rests on, and what makes it fall. Pure over the shelf.

They outrank retrieval, so they are given to the question they were written for and to no other: the same words, or the
same frame, form and content (rag/sameness.py); the same place; a day on which they hold; and every clause that they
rest on as it was when they were approved.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from rag import composing
from rag.jurisdictions import Place
from rag.models import ApprovedAnswer, Citation, Claim, Ground, Hit, Passage, Quote
from rag.reader import Shelf
from rag.sameness import Sense, one_answer, sense_of

Why = Literal["gone", "retired", "unquoted", "changed", "expired"]
"""The document is no longer in the release · it may not be presented as current · it changed, and the quote with it ·
it changed elsewhere · the answer's own last day has passed."""


@dataclass(frozen=True, slots=True)
class Fall:
    """Why an approved answer may not be given any more, and over which document ("" where it is none's doing)."""

    why: Why
    document: str = ""


def recall(
    text: str, places: Sequence[Place], standing: Iterable[ApprovedAnswer], shelf: Shelf, day: date, today: date
) -> ApprovedAnswer | None:
    """The answer that was approved for this question, asked alone; `places` are those it names or the asker's own.

    `day` is the day that the question is about. Of several, the one kept for the narrower place, then the latest.
    """
    asked = sense_of(text, today)
    here = frozenset(place.name for place in places)
    found = [
        answer
        for answer in standing
        if answer.day <= day <= answer.until
        and _reaches(answer, asked, here)
        and any(one_answer(asked, sense_of(wording, today)) for wording in answer.wordings)
        and fall_of(answer, shelf, day) is None
    ]
    return max(found, key=lambda answer: (bool(answer.place), answer.id), default=None)


def fall_of(answer: ApprovedAnswer, shelf: Shelf, day: date) -> Fall | None:
    """Why the answer may not be given on a day; None where everything it rests on stands as it was."""
    for ground in answer.grounds:
        why = _why(ground, shelf, day)
        if why is not None:
            return Fall(why, ground.document)
    return Fall("expired") if day > answer.until else None


def grounds_of(answer: ApprovedAnswer, shelf: Shelf, day: date) -> tuple[tuple[Claim, ...], tuple[Citation, ...]]:
    """The clauses that an answer rests on, each with its card. Ask `fall_of` first."""
    passages = shelf.opened.passages([ground.passage for ground in answer.grounds])
    pairs = list(zip(passages, answer.grounds, strict=True))
    claims = tuple(_claim(passage, ground.quote) for passage, ground in pairs)
    return claims, tuple(composing.cite(Hit(passage, 1.0), ground.quote, shelf, day) for passage, ground in pairs)


def ground_on(passage: Passage, quote: str, shelf: Shelf) -> Ground | None:
    """The ground that a quote of a passage makes in this release; None where it does not stand there, exactly."""
    version = shelf.opened.release.documents.get(passage.document)
    if version is None or not quote.strip() or quote not in passage.text:
        return None
    return Ground(passage.document, version, passage.id, quote)


def _claim(passage: Passage, quote: str) -> Claim:
    return Claim(quote, (Quote(passage.id, quote, passage.text.index(quote)),))


def _reaches(answer: ApprovedAnswer, asked: Sense, here: frozenset[str]) -> bool:
    """A district's answer is for whoever names it or is there; a general one for whoever names none."""
    return here == {answer.place} if answer.place else not asked.places


def _why(ground: Ground, shelf: Shelf, day: date) -> Why | None:
    row = shelf.catalogue.place.get(ground.document)
    if row is None:
        return "gone"
    standing = shelf.catalogue.standing(row, day)
    if standing is not None and standing.state.retired:
        return "retired"
    if shelf.opened.release.documents.get(ground.document) != ground.version:
        return "changed" if _stands(ground, shelf) else "unquoted"
    held = ground.passage in shelf.opened.ordinal
    return None if held and ground.quote in shelf.opened.passages([ground.passage])[0].text else "unquoted"


def _stands(ground: Ground, shelf: Shelf) -> bool:
    return any(ground.quote in passage.text for passage in shelf.opened.passages_of(ground.document))
