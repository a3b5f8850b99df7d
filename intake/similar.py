"""Needs that may be the same, by character bigrams and titles: no embedding, so that restricted needs may be compared.

The thresholds are from a small trial (design §6.8): pairs about the same need scored 0.29–0.62 and 60–70, related but
different ones 0.12–0.14 and 31–40, unrelated ones at most 0.06 and 29.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rapidfuzz.fuzz import ratio

from intake.cases import Case, CaseState
from intake.reading.plain import plain

LEAST_JACCARD = 0.25
LEAST_RATIO = 55.0
_UNTOLD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Gist:
    """What of a need is compared: its title, and all that tells it (title, summary, main text)."""

    title: str
    told: str


@dataclass(frozen=True, slots=True)
class SimilarCase:
    """A case that resembles a need. `score` 0–1, only for ordering."""

    reference: str
    title: str
    state: CaseState
    submitted_at: datetime
    score: float


def likeness(one: Gist, other: Gist) -> float | None:
    """How alike two needs are, 0–1; None where they are not alike enough to ask about."""
    jaccard = _jaccard(_bigrams(one.told), _bigrams(other.told))
    titles = ratio(_bare(one.title), _bare(other.title)) if _bare(one.title) and _bare(other.title) else 0.0
    if jaccard < LEAST_JACCARD and titles < LEAST_RATIO:
        return None
    return max(jaccard, titles / 100)


def alike(need: Gist, cases: Iterable[tuple[Case, Gist]], most: int = 5) -> list[SimilarCase]:
    """The cases that resemble the need, the likest first, at most so many."""
    scored = [(likeness(need, gist), case) for case, gist in cases]
    found = [
        SimilarCase(case.reference, case.title, case.state, case.submitted_at, score)
        for score, case in scored
        if score is not None
    ]
    return sorted(found, key=lambda similar: -similar.score)[:most]


def _bare(text: str) -> str:
    return _UNTOLD.sub("", plain(text).casefold())


def _bigrams(text: str) -> frozenset[str]:
    bare = _bare(text)
    return frozenset(bare[at : at + 2] for at in range(len(bare) - 1))


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    together = len(one | other)
    return len(one & other) / together if together else 0.0
