"""Questions that wait for a document, asked anew: once for each release and day, without a language model."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date

from rag.models import Answer, Question
from rag.pipeline import Pipeline
from rag.ports import ReleaseStoreError
from rag.reader import Reader

MOST_KEPT = 500


class AskingAgain:
    """Keeps what it was answered as long as nothing can have changed. Thread-safe."""

    def __init__(self, pipeline: Pipeline, reader: Reader, today: Callable[[], date]) -> None:
        self._pipeline = pipeline
        self._reader = reader
        self._today = today
        self._lock = threading.Lock()
        self._kept: dict[tuple[object, ...], Answer] = {}

    def answer(self, question: str, district: str = "") -> Answer | None:
        """What the question is answered now; None while the release cannot be read."""
        try:
            shelf = self._reader.shelf()
            key = (shelf.opened.release.id if shelf else "", self._today(), question, district)
            with self._lock:
                if key in self._kept:
                    return self._kept[key]
            found = self._pipeline.answer(Question(question, district=district or None, aided=False))
        except ReleaseStoreError:
            return None
        with self._lock:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[key] = found
        return found
