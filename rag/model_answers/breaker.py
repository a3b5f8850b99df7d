"""A fuse: after so many failures in a row the model is left alone for a while, then tried once. Thread-safe."""

from __future__ import annotations

import threading
from collections.abc import Callable

FAILURES = 5
REST_SECONDS = 60.0


class Breaker:
    """`now` is monotonic, in seconds."""

    def __init__(self, now: Callable[[], float], failures: int = FAILURES, rest: float = REST_SECONDS) -> None:
        self._now = now
        self._most = failures
        self._rest = rest
        self._lock = threading.Lock()
        self._failed = 0
        self._until = 0.0

    @property
    def open(self) -> bool:
        """Whether the model is being left alone."""
        return self._failed >= self._most

    def admits(self) -> bool:
        """Whether to ask now. After the rest one caller is let through; the others wait for how that one fares."""
        with self._lock:
            if self._failed < self._most:
                return True
            if self._now() < self._until:
                return False
            self._until = self._now() + self._rest
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._failed = 0

    def failed(self) -> None:
        with self._lock:
            self._failed += 1
            if self._failed >= self._most:
                self._until = self._now() + self._rest
