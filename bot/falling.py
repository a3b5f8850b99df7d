"""Approved answers that may not be given any more are suspended, and staff find it on record: what fell, and over what.

The pipeline gives none of them from the moment its release is live; this makes it lasting, and known.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from rag.approved import Fall, fall_of
from rag.models import ApprovedAnswer
from rag.ports import ApprovedAnswers
from rag.reader import Reader

Told = Callable[[ApprovedAnswer, Fall, datetime], None]


class Falling:
    """`tell` is told once of each that falls."""

    def __init__(self, answers: ApprovedAnswers, reader: Reader, today: Callable[[], date], tell: Told) -> None:
        self._answers = answers
        self._reader = reader
        self._today = today
        self._tell = tell

    def run(self, now: datetime) -> int:
        """Suspend what has fallen; how many. Without a release nothing can be said of any."""
        shelf, day = self._reader.shelf(), self._today()
        if shelf is None:
            return 0
        fallen = [(one, fall) for one in self._answers.standing() if (fall := fall_of(one, shelf, day)) is not None]
        return sum(self._suspended(answer, fall, now) for answer, fall in fallen)

    def _suspended(self, answer: ApprovedAnswer, fall: Fall, now: datetime) -> bool:
        done = self._answers.suspend(answer.id, f"{fall.why} {fall.document}".strip())
        if done:
            self._tell(answer, fall, now)
        return done
