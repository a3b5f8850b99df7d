"""Who may use the language model for a question, and how often."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date


class Admission:
    """Who may use the model for a question: so many a day and person, one at a time in a chat. Thread-safe.

    Counts are of this process and start anew with it: the daily stop for all (bot/spending.py) does not.
    """

    def __init__(self, per_day: int, today: Callable[[], date]) -> None:
        self._per_day = per_day
        self._today = today
        self._lock = threading.Lock()
        self._day = today()
        self._used: Counter[str] = Counter()
        self._busy: set[str] = set()

    @contextmanager
    def one(self, account: str) -> Iterator[bool]:
        """Whether this question may use the model; its chat holds the place until the end."""
        admitted = self._take(account)
        try:
            yield admitted
        finally:
            if admitted:
                with self._lock:
                    self._busy.discard(account)

    def _take(self, account: str) -> bool:
        with self._lock:
            if self._day != self._today():
                self._day = self._today()
                self._used.clear()
            if account in self._busy or self._used[account] >= self._per_day:
                return False
            self._busy.add(account)
            self._used[account] += 1
            return True
