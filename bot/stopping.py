"""Ends what runs side by side all at once, so that a stop takes as long as the slowest of it, and never too long."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress

SECONDS = 9.0
"""From the signal on. What is not over then is left: everything told to anybody is on disk, and waits for a start."""

LATEST = 9.4
"""When the process is gone, whatever still runs in it: a thread that waits for a model cannot be told to stop."""

_log = logging.getLogger(__name__)


class Stopping:
    """`stops` end one thing each; each may take its time and is called in a thread of its own."""

    def __init__(self, *stops: Callable[[], None], seconds: float = SECONDS) -> None:
        self._stops = stops
        self._seconds = seconds
        self._threads: list[threading.Thread] = []
        self._began: float | None = None

    def begin(self) -> None:
        """Begin to end everything. Waits for nothing, so a signal's handler may call it, more than once too."""
        if self._began is not None:
            return
        self._began = time.monotonic()
        self._threads = [threading.Thread(target=stop, name="stopping", daemon=True) for stop in self._stops]
        for thread in self._threads:
            thread.start()

    def wait(self) -> bool:
        """Until everything has ended or the time since the beginning is up; whether everything has."""
        self.begin()
        until = (self._began or 0.0) + self._seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)


def leave_in(seconds: float = LATEST, leave: Callable[[int], None] = os._exit) -> None:
    """End the process after so long, with 0, unless it has ended by then: no loss, as the kill rounds prove."""

    def cut() -> None:
        _log.warning("what was still being answered is cut off; what was asked is answered at the next start")
        for handler in logging.getLogger().handlers:
            with suppress(ValueError, OSError):  # a stream that is closed or full keeps nobody here
                handler.flush()
        leave(0)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
