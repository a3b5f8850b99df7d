"""Refusing, measured with the gold document taken out: a question is asked of a release with it and of one without.

Refusing everything refuses best, so a share of refusals says nothing alone: the whole curve is kept, and the bar stands
at the point where at least .85 of the questions that can be answered still are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from rag.evaluation.public_sets import Asked
from rag.evaluation.rows import Bar, Row, figure, unmeasured
from rag.evaluation.shelves import Library, remover
from rag.evidence import Weigher
from rag.models import Answer, AnswerStatus, Question
from rag.pipeline import Limits, Pipeline
from rag.reader import Reader, Shelf
from rag.refusal import THRESHOLD, plain_sureness, sureness
from rag.understanding import understand

ANSWERED_AT_LEAST = 0.85
REFUSED = Bar(at_least=0.75)
ANSWERED = Bar(at_least=ANSWERED_AT_LEAST)
POINTS = (0.99, 0.97, 0.95, 0.92, 0.9, 0.88, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5)
"""Shares of answered questions at which the curve is printed."""


@dataclass(frozen=True, slots=True)
class Surenesses:
    """How sure the pipeline is of each question, in [0, 1], with its gold there and gone; 0 where it refuses anyway."""

    there: tuple[float, ...]
    gone: tuple[float, ...]

    def at(self, threshold: float) -> tuple[float, float]:
        """(share answered where the gold is there, share refused where it is gone)."""
        there, gone = np.array(self.there), np.array(self.gone)
        return float((there >= threshold).mean()), float((gone < threshold).mean())

    def refused_at(self, answered: float) -> float:
        """The share refused at the highest threshold that still answers at least this share."""
        ranked = sorted(self.there, reverse=True)
        needed = int(np.ceil(answered * len(ranked) - 1e-9))
        return self.at(ranked[max(needed, 1) - 1])[1]

    @property
    def area(self) -> float:
        """The chance that a question with its gold there is the surer of two (ties count half): the curve's area."""
        there, gone = np.array(self.there)[:, None], np.array(self.gone)[None, :]
        return float(((there > gone) + 0.5 * (there == gone)).mean())


def ask_both(library: Library, questions: Sequence[Asked], limits: Limits, today: Callable[[], date]) -> Surenesses:
    """Ask every question twice. Releases without a gold are opened once for all the questions that share it."""
    without = remover(library)
    there = {asked.id: _sureness(library.reader, asked, limits, today) for asked in questions}
    gone: dict[str, float] = {}
    for gold in dict.fromkeys(asked.gold for asked in questions):
        reader = without(gold)
        for asked in questions:
            if asked.gold == gold:
                gone[asked.id] = _sureness(reader, asked, limits, today)
    return Surenesses(tuple(there[a.id] for a in questions), tuple(gone[a.id] for a in questions))


def _sureness(reader: Reader, asked: Asked, limits: Limits, today: Callable[[], date]) -> float:
    """What the pipeline would hold against its threshold; 0 where it refuses for another reason."""
    open_minded = Limits(limits.longest_question, limits.dense_weight, threshold=0.0)
    answer = Pipeline(reader, today, open_minded).answer(Question(asked.text))
    shelf = reader.shelf()
    if answer.status is not AnswerStatus.ANSWERED or shelf is None:
        return 0.0
    return _of_answer(shelf, answer, today())


def _of_answer(shelf: Shelf, answer: Answer, today: date) -> float:
    asked = understand(answer.question, today)
    weigher = Weigher(shelf.opened, asked)
    if shelf.catalogue.policy(answer.hits[0].passage.document) is None:
        return plain_sureness(weigher.weigh_plain(answer.hits))
    return sureness(weigher.weigh(answer.hits[0]), english=asked.english)


def removed_rows(name: str, found: Surenesses | None, note: str = "") -> list[Row]:
    """The area, the bar's point, what the shipped threshold does, and the curve."""
    bar = f"{name}, gold removed: refused at ≥ {ANSWERED_AT_LEAST:g} answered"
    if found is None:
        return [unmeasured(bar, REFUSED, note)]
    answered, refused = found.at(THRESHOLD)
    questions = f"{len(found.there)} questions"
    curve = [
        figure(f"{name}, gold removed: refused at ≥ {share:g} answered", found.refused_at(share), note="curve")
        for share in POINTS
        if share != ANSWERED_AT_LEAST
    ]
    return [
        figure(bar, found.refused_at(ANSWERED_AT_LEAST), REFUSED, questions),
        figure(f"{name}, gold removed: refused at the shipped threshold", refused, REFUSED),
        figure(f"{name}, gold there: answered at the shipped threshold", answered, ANSWERED),
        figure(f"{name}, gold removed: area under the curve", found.area),
        *curve,
    ]
