"""Hits in the order that a reranker would give them, as far as it can be trusted; else they stay as they were fused.

A reranker moves clauses that were found and does no more: it adds none, it judges no evidence, and what it says counts
half. One that is away, slow, says what cannot be read, or turns the order round is not listened to.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rag.model_answers.breaker import Breaker
from rag.model_answers.masking import masked
from rag.models import Hit, Passage
from rag.ports import Reranker, RerankerError

SECONDS = 2.0
"""The most that a question waits for it."""

WEIGHT = 0.5
"""What its scores count for beside the fused ones, both scaled by min–max."""

LEAST_AGREEMENT = -0.3
"""Rank correlation with the fused order. Good rerankers disagree with it; only a broken one says the contrary."""

_log = logging.getLogger(__name__)


class Reranking:
    """Thread-safe. `outcomes` are counted since the start, by fault, "ok", "contrary" or "resting", for /metrics."""

    def __init__(
        self, reranker: Reranker, *, seconds: float = SECONDS, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = reranker.name
        self._reranker = reranker
        self._seconds = seconds
        self._breaker = Breaker(now)
        self._counting = threading.Lock()
        self.outcomes: Counter[str] = Counter()

    def order(self, question: str, hits: Sequence[Hit]) -> list[Hit] | None:
        """The hits anew, best first, the scores going with the places; None where the order is to stay."""
        if len(hits) < 2:
            return None
        if not self._breaker.admits():
            self._count("resting")
            return None
        try:
            said = self._reranker.scores(masked(question), [_told(hit.passage) for hit in hits], self._seconds)
            judged = np.asarray(said, dtype=np.float64)
            if judged.shape != (len(hits),) or not np.isfinite(judged).all():
                raise RerankerError("broken", "not one score a text")
        except RerankerError as fault:
            _log.warning("the reranker did not judge: %s", fault)
            self._breaker.failed()
            self._count(fault.fault)
            return None
        self._breaker.succeeded()
        fused = np.asarray([hit.score for hit in hits], dtype=np.float64)
        if _agreement(fused, judged) < LEAST_AGREEMENT:
            self._count("contrary")
            return None
        self._count("ok")
        return _moved(hits, (1 - WEIGHT) * _scaled(fused) + WEIGHT * _scaled(judged))

    def _count(self, outcome: str) -> None:
        with self._counting:
            self.outcomes[outcome] += 1


def _told(passage: Passage) -> str:
    return " ".join(part for part in (*passage.path, passage.lead, passage.text) if part)


def _moved(hits: Sequence[Hit], blended: NDArray[np.float64]) -> list[Hit]:
    """What is selected is told by shares of the leading score, so the scores stay with the places."""
    places = sorted((hit.score for hit in hits), reverse=True)
    order = np.argsort(-blended, kind="stable").tolist()
    return [replace(hits[old], score=score) for old, score in zip(order, places, strict=True)]


def _agreement(fused: NDArray[np.float64], judged: NDArray[np.float64]) -> float:
    """Spearman's rank correlation; 0 where the reranker does not tell the texts apart."""
    if np.ptp(judged) == 0 or np.ptp(fused) == 0:
        return 0.0
    return float(np.corrcoef(_ranks(fused), _ranks(judged))[0, 1])


def _ranks(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ties share the mean of their ranks."""
    below = (scores[:, None] > scores[None, :]).sum(axis=1)
    alike = (scores[:, None] == scores[None, :]).sum(axis=1)
    return np.asarray(below + (alike - 1) / 2, dtype=np.float64)


def _scaled(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = float(scores.min()), float(scores.max())
    return (scores - low) / (high - low) if high > low else np.ones_like(scores)
