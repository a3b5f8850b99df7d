"""A round (`corpus refresh`): every source looked at, then published what is in review where that is set, then told.

One at a time for a data folder, whichever process asks: an operating system lock says so and dies with its process.
What a round has done is on disk file by file; one that is cut off is on record without an end, and the next one tells
what it had found.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from bot.clock import SHANGHAI
from bot.look_summary import Publishing as How
from bot.look_summary import Summary, policy_news
from bot.looking import Looking
from bot.ownership import OwnedElsewhereError
from bot.publishing import BlockedError, Publishing, SamePersonError
from bot.refresh_schedule import Schedule
from bot.refreshing import BusyError, NoCorpusError
from bot.store_of_looks import Looks
from bot.taking_in import UnreadyError
from rag.policies import Policy
from rag.ports import ReleaseStoreError
from rag.segments import SegmentError

AGAIN = timedelta(minutes=10)
"""After so long a round that broke off in this process is begun anew; one that another process left, at once."""

_log = logging.getLogger(__name__)


class LookingError(Exception):
    """Another round is under way, here or in another process."""


@dataclass(frozen=True, slots=True)
class Round:
    """A round while it runs and once it is over, as this process knows it. `stage`: looking, publishing.

    `summary` is None while it runs, and where it was stopped or `failed` (an error's name).
    """

    by: str
    began: datetime
    stage: str = "looking"
    done: int = 0
    of: int = 0
    ended: datetime | None = None
    summary: Summary | None = None
    failed: str = ""

    @property
    def running(self) -> bool:
        return self.ended is None


def in_a_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="sources", daemon=True).start()


class SourceRounds:
    """`publishes` says whether a round publishes what is in review, and `guard` is held while it does: it raises
    OwnedElsewhereError where the data folder is a server's. `policies` are those that are live. `spawn` runs a round
    beside whoever asked. `stopping` ends one between two files."""

    def __init__(
        self,
        looks: Looks,
        looking: Callable[[Callable[[], bool]], Looking],
        publishing: Publishing,
        policies: Callable[[], Sequence[Policy | None]],
        now: Callable[[], datetime],
        lock: Path,
        *,
        publishes: bool = False,
        schedule: Schedule | None = None,
        guard: Callable[[], AbstractContextManager[object]] = nullcontext,
        spawn: Callable[[Callable[[], None]], None] = in_a_thread,
    ) -> None:
        self.looks = looks
        self.schedule = schedule
        self.stopping = threading.Event()
        self._looking = looking(self.stopping.is_set)
        self._publishing = publishing
        self._policies = policies
        self._now = now
        self._lock = lock
        self._publishes = publishes
        self._guard = guard
        self._spawn = spawn
        self._round: Round | None = None
        self._began = now()

    @property
    def round(self) -> Round | None:
        """The round that runs in this process, or the last one it began; None before the first."""
        return self._round

    def next(self) -> datetime | None:
        """When the schedule has the next round begin; it lies in the past where one was missed or cut off. None without
        a schedule."""
        if self.schedule is None:
            return None
        last = self.looks.last()
        if last is None:
            return self.schedule.next_after(self._began)
        if last.ended is None:
            return self._began if last.began < self._began else last.began + AGAIN
        return self.schedule.next_after(last.began)

    def run_due(self, now: datetime) -> int:
        """For housekeeping: begin a round if it is time; whether it was. It runs beside the other chores."""
        due = self.next()
        if due is None or due > now or (self._round is not None and self._round.running):
            return 0
        try:
            self.begin("system")
        except LookingError:
            return 0
        return 1

    def begin(self, by: str) -> Round:
        """A round beside the caller. Raises LookingError."""
        lock = self._taken()
        begun = self._round = Round(by, self._now())
        try:
            self._spawn(lambda: self._work(begun, lock))
        except BaseException:
            self._round = None
            lock.release()
            raise
        return begun

    def run(self, by: str, progress: Callable[[Round], None] = lambda _round: None) -> Round:
        """A round here and now. Raises LookingError, and what ends it."""
        lock = self._taken()
        try:
            return self._run(Round(by, self._now()), progress)
        finally:
            lock.release()

    def stop(self) -> None:
        """End what runs between two files; what was found is told by the next round. Waits for nothing."""
        self.stopping.set()

    def _taken(self) -> FileLock:
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._lock, timeout=0, thread_local=False, fallback_to_soft=False, preserve_lock_file=True)
        try:
            lock.acquire()
        except Timeout:
            raise LookingError("another round is under way") from None
        return lock

    def _work(self, begun: Round, lock: FileLock) -> None:
        def progress(stands: Round) -> None:
            self._round = stands

        ended = replace(begun, ended=begun.began, failed="stopped")
        try:
            ended = self._run(begun, progress)
        except Exception as fault:  # the catch-all of this thread: it is on record without an end, and begun again
            _log.exception("a round of the sources broke off")
            ended = replace(begun, ended=self._now(), failed=type(fault).__name__)
        finally:
            self._round = ended
            lock.release()

    def _run(self, begun: Round, progress: Callable[[Round], None]) -> Round:
        look = self.looks.begin(begun.by, begun.began)
        stands = begun

        def looked(done: int, of: int) -> None:
            nonlocal stands
            stands = replace(begun, done=done, of=of)
            progress(stands)

        if not self._looking.look(begun.by, looked):
            return replace(stands, ended=self._now(), failed="stopped")
        if self._publishes:
            progress(replace(stands, stage="publishing"))
        how, release, detail = self._published(begun.by)
        before = self.looks.ended_before(look)
        today = begun.began.astimezone(SHANGHAI).date()
        policies = policy_news(self._policies(), before.astimezone(SHANGHAI).date() if before else None, today)
        told = Summary(policies=policies, publishing=how, release=release, detail=detail)
        summary = self.looks.end(look, told, self._now())
        return replace(stands, ended=self._now(), summary=summary)

    def _published(self, by: str) -> tuple[How, int, str]:
        """What became of what is in review: how, the release's number, what is in the way."""
        if not self._publishes:
            return "off", 0, ""
        try:
            with self._guard():
                return self._publish(by)
        except OwnedElsewhereError:
            return "elsewhere", 0, ""
        except BusyError:
            return "busy", 0, ""
        except UnreadyError as fault:
            return "unready", 0, str(fault.draft)
        except BlockedError as fault:
            return "blocked", 0, "、".join(fall.name for fall in fault.trial.falls)
        except (SamePersonError, NoCorpusError, ReleaseStoreError, SegmentError, OSError) as fault:
            _log.warning("what is in review was not published: %s", fault)
            return "failed", 0, type(fault).__name__

    def _publish(self, by: str) -> tuple[How, int, str]:
        candidate = self._publishing.candidate()
        if not candidate.drafts:
            return "nothing", 0, ""
        done = self._publishing.publish(candidate, self._publishing.trial(candidate), by)
        return "published", done.refreshed.published.release.number, ""
