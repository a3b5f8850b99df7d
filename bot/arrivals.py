"""Files that are uploaded: on disk and on record before anybody is told, then read one after another beside the asker.

What a restart cuts off goes on at the next start (`resume`). A file that cannot be read leaves its row and the reason.
"""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from bot.corpus_drafts import MovedError, Stage, StageError
from bot.files import shown_name
from bot.taking_in import Taken, TakingIn
from rag.parsing import Limits, Reason, Refused
from rag.parsing.kinds import check_ending

MOST_BYTES = Limits().file_bytes
"""Of one file; what is larger is not read, so it is not taken."""

_CHUNK = 1 << 20
_PART = ".arriving-"
_log = logging.getLogger(__name__)


def in_a_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="arrivals", daemon=True).start()


class Arrivals:
    """`originals` is where bot.taking_in keeps files; `spawn` runs the reading beside whoever brought them."""

    def __init__(
        self, taking_in: TakingIn, originals: Path, spawn: Callable[[Callable[[], None]], None] = in_a_thread
    ) -> None:
        self._taking_in = taking_in
        self._originals = originals
        self._spawn = spawn
        self._lock = threading.Lock()
        self._queue: deque[tuple[int, str]] = deque()
        self._reading: int | None = None
        self._working = False

    @property
    def reading(self) -> int | None:
        """The draft whose file is being read."""
        return self._reading

    @property
    def waiting(self) -> tuple[int, ...]:
        """Drafts whose files are to be read, in their order."""
        with self._lock:
            return tuple(number for number, _ in self._queue)

    def take(self, content: BinaryIO, name: str, by: str) -> Taken:
        """Keep a file, put it on record and have it read: "new", "again", or "same" where nothing is to be done.

        Raises Refused with nothing kept, OSError.
        """
        shown = shown_name(name, 120)
        check_ending(shown)
        self._originals.mkdir(parents=True, exist_ok=True)
        part = self._originals / f"{_PART}{secrets.token_hex(8)}"
        try:
            digest = _written(content, part)
            entered = self._taking_in.enter(shown, digest, by)
            if entered.outcome == "again" and self._is_coming(entered.draft.id):
                return Taken(entered.draft, "same")
            if entered.outcome != "same":
                part.replace(self._taking_in.original(entered.draft))
                _flushed(self._originals)
                self._enqueue(entered.draft.id, by)
        finally:
            part.unlink(missing_ok=True)
        return entered

    def resume(self) -> int:
        """Have everything read that is on record, here, and was not read to its end; how many. Once, at a start."""
        for part in self._originals.glob(f"{_PART}*"):
            part.unlink(missing_ok=True)
        drafts = self._taking_in.drafts
        cut_off = [d for d in drafts.all((Stage.FOUND, Stage.PARSED)) if self._taking_in.original(d).is_file()]
        for draft in cut_off:
            self._enqueue(draft.id, drafts.steps(draft.id)[-1].by)
        return len(cut_off)

    def _is_coming(self, number: int) -> bool:
        """Whether its file is being read, or waits to be."""
        return number == self._reading or number in self.waiting

    def _enqueue(self, number: int, by: str) -> None:
        with self._lock:
            self._queue.append((number, by))
            begins, self._working = not self._working, True
        if begins:
            self._spawn(self._work)

    def _work(self) -> None:
        while (taken := self._next()) is not None:
            try:
                self._read(*taken)
            except (StageError, MovedError):  # somebody else has read it
                continue
            except Exception:  # the catch-all of this thread: it is read at the next start, and the others now
                _log.exception("draft %s was not read", taken[0])

    def _next(self) -> tuple[int, str] | None:
        with self._lock:
            taken = self._queue.popleft() if self._queue else None
            self._reading = taken[0] if taken else None
            self._working = taken is not None
            return taken

    def _read(self, number: int, by: str) -> None:
        draft = self._taking_in.drafts.get(number)
        original = self._taking_in.original(draft)
        done = self._taking_in.go_on(draft, original, by)
        if done.stage is Stage.FAILED:
            original.unlink(missing_ok=True)


def _written(content: BinaryIO, part: Path) -> str:
    """Copy it to the disk for good; its SHA-256. Raises Refused for one that is empty or too large."""
    digest, size = hashlib.sha256(), 0
    with part.open("xb") as file:
        while chunk := content.read(_CHUNK):
            size += len(chunk)
            if size > MOST_BYTES:
                raise Refused(Reason.TOO_BIG, f"more than {MOST_BYTES} bytes")
            digest.update(chunk)
            file.write(chunk)
        if not size:
            raise Refused(Reason.EMPTY)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _flushed(folder: Path) -> None:
    """A rename is on disk once its folder is; where folders cannot be opened it is by itself."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
