"""Questions that mean the same → groups, each led by the first of it. Pure, deterministic, near linear.

Two questions are one where their frames are equal, they name the same places, and their words are alike; where there is
an embedder that it was measured for, a near meaning makes up for some of the words (docs/adr: approved answers).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import date

import numpy as np

from rag.ports import Vector
from rag.sameness import Sense, sense_of

ALIKE = 0.6
"""Share of words in common from which two questions of one frame mean the same: on the golden questions no two of
different answers came above it, but for two years of one loan."""

HALF = 0.4
NEAR = 0.945
"""… or from HALF on where their vectors are as near as this. Another embedder's cosines lie elsewhere."""

Vectors = Callable[[str], Vector | None]


def no_vector(_text: str) -> None:
    """The vectors of those who work by words."""


def grouped(questions: Sequence[str], today: date, vector: Vectors = no_vector) -> list[list[int]]:
    """Places in `questions` by group, in the order of their first members. A vector is asked for only where words leave
    it open."""
    groups: list[list[int]] = []
    shelves: dict[object, _Leaders] = defaultdict(_Leaders)
    by_key: dict[str, int] = {}
    for number, question in enumerate(questions):
        sense = sense_of(question, today, widely=True)
        if (known := by_key.get(sense.key)) is not None:
            groups[known].append(number)
            continue
        leaders = shelves[(sense.frame, sense.places)]
        found = leaders.like(sense, question, vector)
        by_key[sense.key] = len(groups) if found is None else found
        if found is None:
            leaders.add(sense, question, len(groups))
            groups.append([number])
        else:
            groups[found].append(number)
    return groups


class _Leaders:
    """The leading questions of one frame and place, by their words."""

    def __init__(self) -> None:
        self._holders: dict[int, list[int]] = defaultdict(list)
        self._sizes: dict[int, int] = {}
        self._texts: dict[int, str] = {}

    def add(self, sense: Sense, question: str, group: int) -> None:
        self._sizes[group], self._texts[group] = len(sense.words), question
        for word in sense.words:
            self._holders[word].append(group)

    def like(self, sense: Sense, question: str, vector: Vectors) -> int | None:
        """The group most like it, the first of equals; None where none is like it."""
        common = Counter(group for word in sense.words for group in self._holders.get(word, ()))
        alike = {group: 2 * held / (len(sense.words) + self._sizes[group]) for group, held in common.items()}
        ranked = sorted((group for group in alike if alike[group] >= HALF), key=lambda g: (-alike[g], g))
        if ranked and alike[ranked[0]] >= ALIKE:
            return ranked[0]
        return next((group for group in ranked if _near(vector(question), vector(self._texts[group]))), None)


def _near(one: Vector | None, other: Vector | None) -> bool:
    return one is not None and other is not None and float(np.dot(one, other)) >= NEAR
