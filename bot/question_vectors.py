"""Vectors of questions for the board: those that words leave open are embedded a few at a time, behind who looks."""

from __future__ import annotations

import threading

import numpy as np

from rag.ports import Embedder, EmbedderError, Vector
from rag.refusal import CALIBRATED_FOR

A_ROUND = 40
"""Questions embedded at once: a second or two on a busy machine."""

MOST_KEPT = 4_000


class QuestionVectors:
    """Thread-safe. Without the embedder that nearness was measured for there are none, and words decide alone."""

    def __init__(self, embedder: Embedder | None) -> None:
        self._embedder = embedder if embedder is not None and embedder.name == CALIBRATED_FOR else None
        self._lock = threading.Lock()
        self._known: dict[str, Vector] = {}
        self._wanted: dict[str, None] = {}

    def known(self, text: str) -> Vector | None:
        """The vector of a question, if it is here already; else it is on the list for the next round."""
        with self._lock:
            if text not in self._known and self._embedder is not None:
                self._wanted[text] = None
            return self._known.get(text)

    def at_once(self, text: str) -> Vector | None:
        """The same for those who can wait."""
        found = self.known(text)
        return found if found is not None else self._embedded(text)

    def catch_up(self) -> int:
        """Embed some of those that were asked for; how many."""
        with self._lock:
            wanted = list(self._wanted)[:A_ROUND]
        return sum(self._embedded(text) is not None for text in wanted)

    def _embedded(self, text: str) -> Vector | None:
        if self._embedder is None:
            return None
        try:
            vector = np.asarray(self._embedder.embed_query(text), dtype=np.float32)
        except EmbedderError:
            return None
        with self._lock:
            self._wanted.pop(text, None)
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[text] = vector
        return vector
