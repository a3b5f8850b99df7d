"""The published policies as those who keep them see them: a line each, a filter, category × jurisdiction. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from rag.guardrails import fold
from rag.jurisdictions import places
from rag.models import Category, PolicyState
from rag.policies import Policy
from rag.reader import Shelf

TEXTS = ("digest", "original", "plain")
"""Our words, the publisher's, or a document that is no policy."""

CHECKED = ("high", "medium")
HELD = ("current", "retired")
"""What may still be answered with, and what may not any more."""

Heat = Literal["gap", "past", "few", "some", "many"]
_SOME, _MANY = 3, 6


@dataclass(frozen=True, slots=True)
class Line:
    """`place` is "" and `state` None for a plain document. Dates as precise as the facts: YYYY, YYYY-MM, YYYY-MM-DD."""

    id: str
    title: str
    doc_no: str
    issuer: str
    place: str
    categories: tuple[Category, ...]
    state: PolicyState | None
    text: str
    checked: str
    issued: str
    expires: str
    judged: date | None
    passages: int

    @property
    def retired(self) -> bool:
        return self.state is not None and self.state.retired


@dataclass(frozen=True, slots=True)
class Filter:
    """What the list is narrowed to; "" is any. `held`: current or retired."""

    words: str = ""
    state: str = ""
    held: str = ""
    category: str = ""
    place: str = ""
    text: str = ""
    checked: str = ""

    @property
    def on(self) -> bool:
        return any(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class Cell:
    """How many policies of a place and category (None: of any) may be answered with, and how many not any more."""

    place: str
    category: Category | None
    current: int
    retired: int

    @property
    def heat(self) -> Heat:
        if not self.current:
            return "past" if self.retired else "gap"
        return "many" if self.current >= _MANY else "some" if self.current >= _SOME else "few"


def lines_of(shelf: Shelf | None, day: date) -> list[Line]:
    """Every document of a release: by place, what is current before what is not, the newest first."""
    if shelf is None:
        return []
    found = [_line(shelf, row, day) for row in range(len(shelf.opened.documents))]
    rank = {place: number for number, place in enumerate(places_of(found))}
    newest = sorted(found, key=lambda line: (line.issued, line.id), reverse=True)
    return sorted(newest, key=lambda line: (rank.get(line.place, len(rank)), line.retired))


def chosen(lines: Iterable[Line], asked: Filter) -> list[Line]:
    words = fold(asked.words).split()
    return [line for line in lines if _fits(line, asked) and all(word in _told(line) for word in words)]


def places_of(lines: Iterable[Line]) -> list[str]:
    """Every place known here, the widest first, and those that only a policy names."""
    known = [place.name for place in places()]
    return [*known, *sorted({line.place for line in lines if line.place} - set(known))]


def coverage(lines: Sequence[Line]) -> list[list[Cell]]:
    """A row a place: its cells by category, then the place as a whole. A policy of two categories is in both."""
    current: Counter[tuple[str, Category | None]] = Counter()
    retired: Counter[tuple[str, Category | None]] = Counter()
    for line in lines:
        counts = retired if line.retired else current
        counts.update((line.place, category) for category in {*line.categories, None})
    columns = (*Category, None)
    return [
        [Cell(place, column, current[place, column], retired[place, column]) for column in columns]
        for place in places_of(lines)
    ]


def states_of(lines: Iterable[Line]) -> list[tuple[PolicyState, int]]:
    """How many are in each state, in the order of the states."""
    counts = Counter(line.state for line in lines)
    return [(state, counts[state]) for state in PolicyState if counts[state]]


def _line(shelf: Shelf, row: int, day: date) -> Line:
    version, policy = shelf.opened.documents[row], shelf.catalogue.policies[row]
    standing = shelf.catalogue.standing(row, day)
    passages = len({span.passage for span in version.spans})
    if policy is None:
        return Line(
            version.document.id, version.document.title, "", "", "", (), None, "plain", "", "", "", None, passages
        )
    state, judged = (standing.state, standing.judged) if standing else (None, None)
    return _of_policy(policy, state, judged, passages)


def _of_policy(policy: Policy, state: PolicyState | None, judged: date | None, passages: int) -> Line:
    return Line(
        id=policy.id,
        title=policy.title,
        doc_no=policy.doc_no or "",
        issuer=policy.issuer,
        place=policy.jurisdiction,
        categories=policy.categories,
        state=state,
        text=policy.text_kind,
        checked=policy.confidence,
        issued=policy.issued or "",
        expires=policy.expires or "",
        judged=judged,
        passages=passages,
    )


def _fits(line: Line, asked: Filter) -> bool:
    return (
        asked.state in ("", line.state)
        and (not asked.held or (asked.held == "retired") == line.retired)
        and (not asked.category or asked.category in line.categories)
        and asked.place in ("", line.place)
        and asked.text in ("", line.text)
        and asked.checked in ("", line.checked)
    )


def _told(line: Line) -> str:
    return fold(" ".join((line.id, line.title, line.doc_no, line.issuer, line.place)))
