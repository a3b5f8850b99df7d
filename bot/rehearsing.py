"""What publishing would do, tried out beside whoever asks: the plan, and the golden questions on what it would make.

One at a time in a house. What was tried counts for exactly that candidate over that release, and no other.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.publishing import Candidate, Publishing
from rag.evaluation.gate import Trial

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A trial while it runs and once it is over, with the candidate's `key`. `trial` is None where none was possible;
    `failed` names an error that ended it."""

    by: str
    began: datetime
    key: str
    done: int = 0
    of: int = 0
    ended: datetime | None = None
    trial: Trial | None = None
    failed: str = ""

    @property
    def running(self) -> bool:
        return self.ended is None


def in_a_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="rehearsal", daemon=True).start()


class Rehearsals:
    """The last trial of this process; a restart forgets it, and it is asked for again."""

    def __init__(
        self, publishing: Publishing, now: Callable[[], datetime],
        spawn: Callable[[Callable[[], None]], None] = in_a_thread,
    ) -> None:  # fmt: skip
        self._publishing = publishing
        self._now = now
        self._spawn = spawn
        self._lock = threading.Lock()
        self._last: Rehearsal | None = None

    @property
    def last(self) -> Rehearsal | None:
        return self._last

    def of(self, candidate: Candidate) -> Rehearsal | None:
        """The trial of this candidate, running or over; None where there was none, or it broke off."""
        last = self._last
        return last if last is not None and last.key == candidate.key and not last.failed else None

    def begin(self, by: str) -> Rehearsal:
        """Try out what is in review now; who comes second gets the one that runs. Raises UnreadyError."""
        candidate = self._publishing.candidate()
        with self._lock:
            if self._last is not None and self._last.running:
                return self._last
            begun = self._last = Rehearsal(by, self._now(), candidate.key)
        self._spawn(lambda: self._work(begun, candidate))
        return begun

    def _work(self, begun: Rehearsal, candidate: Candidate) -> None:
        def asked(done: int, of: int) -> None:
            self._last = replace(begun, done=done, of=of)

        ended = begun
        try:
            trial = self._publishing.trial(candidate, asked)
            ended = replace(begun, ended=self._now(), trial=trial)
        except Exception as fault:  # the catch-all of this thread: whoever asked is told, and nothing is published
            _log.exception("what would be published could not be tried out")
            ended = replace(begun, ended=self._now(), failed=type(fault).__name__)
        finally:
            self._last = ended
