"""What happens without anybody asking: notices go out, deadlines pass, idle drafts are recalled, what is old is erased.

One thread of `serve` does it, chore after chore. A chore that fails is logged and tried again at its next turn; the
others go on.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

PAUSE = 30.0
"""Seconds between two rounds."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Chore:
    """Something to do every so often. `run` gets the moment and says how much there was to do."""

    name: str
    every: timedelta
    run: Callable[[datetime], int]
    due: datetime | None = field(default=None)


class Housekeeping:
    def __init__(self, chores: Iterable[Chore]) -> None:
        self._chores = tuple(chores)

    def run_once(self, now: datetime) -> dict[str, int]:
        """Do what is due at this moment, each chore by itself; how much each had to do. Never raises."""
        done = {}
        for chore in self._chores:
            if chore.due is None or chore.due <= now:
                chore.due = now + chore.every
                done[chore.name] = _attempt(chore, now)
        return done


def _attempt(chore: Chore, now: datetime) -> int:
    try:
        return chore.run(now)
    except Exception:  # the one catch-all of housekeeping: it is logged, and tried again at the next turn
        _log.exception("housekeeping: %s failed", chore.name)
        return 0


def start(
    house: Housekeeping, now: Callable[[], datetime], stopping: threading.Event | None = None, pause: float = PAUSE
) -> Callable[[], None]:
    """Keep house in a thread until the returned function is called; it waits for the chore at hand, 10 s at most."""
    stopping = stopping or threading.Event()

    def keep() -> None:
        while not stopping.is_set():
            house.run_once(now())
            stopping.wait(pause)

    thread = threading.Thread(target=keep, name="housekeeping", daemon=True)
    thread.start()

    def stop() -> None:
        stopping.set()
        thread.join(10)

    return stop
