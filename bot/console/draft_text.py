"""The text of a draft as its page shows it: a page at a time, with the places its fields were read at. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.corpus_drafts import Draft, Read
from rag.drafting import FIELDS

PART = 6_000
"""Characters of a part, where a file has no pages."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """text[start:end] is on page `page` of the file; None where it has no pages: then it is the `number`th part."""

    number: int
    page: int | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Place:
    """A place that a field was read at: text[start:end], the `number`th of the draft, on the `sheet`th sheet."""

    number: int
    field: str
    why: str
    start: int
    end: int
    sheet: int


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text under the same places; `begins` are those that begin with it."""

    text: str
    places: tuple[Place, ...]
    begins: tuple[Place, ...]


def sheets_of(read: Read) -> list[Sheet]:
    """The pages of the file, also those without text, or parts of about PART characters; never none."""
    if read.pages or read.page_count:
        return list(_pages(read))[::-1]
    return list(_parts(read.text))


def _pages(read: Read) -> Iterator[Sheet]:
    """From the last to the first: a page without text ends where it begins, at the beginning of the next."""
    begins = {page: start for start, page in reversed(read.pages)}
    end = len(read.text)
    for page in range(max([read.page_count, *begins]), 0, -1):
        start = min(begins.get(page, end), end) if page > 1 else 0
        yield Sheet(page, page, start, end)
        end = start


def _parts(text: str) -> Iterator[Sheet]:
    at, number = 0, 1
    while True:
        cut = text.find("\n", at + PART) + 1 if len(text) > at + PART else 0
        cut = min(cut or len(text), at + 2 * PART)
        yield Sheet(number, None, at, cut)
        if cut >= len(text):
            return
        at, number = cut, number + 1


def places_of(draft: Draft, sheets: Sequence[Sheet]) -> list[Place]:
    """Numbered in the order of the fields."""
    found = [(name, *origin) for name in FIELDS for origin in draft.card.origins.get(name, ())]
    return [
        Place(number, name, why, start, end, _sheet_at(sheets, start))
        for number, (name, start, end, why) in enumerate(found, 1)
        if 0 <= start < end
    ]


def _sheet_at(sheets: Sequence[Sheet], offset: int) -> int:
    return next((sheet.number for sheet in reversed(sheets) if sheet.start <= offset < sheet.end), 1)


def runs_of(text: str, sheet: Sheet, places: Sequence[Place]) -> list[Run]:
    """The sheet's text, cut where a place begins or ends."""
    inside = [place for place in places if place.start < sheet.end and place.end > sheet.start]
    cuts = {sheet.start, sheet.end, *(place.start for place in inside), *(place.end for place in inside)}
    edges = sorted(cut for cut in cuts if sheet.start <= cut <= sheet.end)
    return [
        Run(
            text[start:end],
            tuple(place for place in inside if place.start <= start and end <= place.end),
            tuple(place for place in inside if max(place.start, sheet.start) == start),
        )
        for start, end in pairwise(edges)
    ]
