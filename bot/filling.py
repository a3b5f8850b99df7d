"""Vectors of the published release, behind the doors: questions are answered by words until they are there.

One at a time in a process, whoever publishes. A new embedder, or a server that was away, is why vectors may be missing;
what fails is tried again, later each time. What was embedded stays, whatever ends the process.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from rag.indexing import Indexes, Progress, fill_vectors, silent, write_vectors
from rag.ports import EmbedderError, ReleaseStoreError, VectorStoreError
from rag.reader import Reader, Shelf

WAITS = (60.0, 300.0, 900.0)
"""Seconds before the next try; the last one again and again."""

INCOMPLETE = "向量未能全部生成，部分按词语检索"

SHOWN = 50
"""Parts of the whole after each of which the vectors so far are searched with, and the share of them shows."""

_log = logging.getLogger(__name__)


class Noted(Protocol):
    """What a house has of this: its filling, and the standing remarks that operators see."""

    @property
    def notes(self) -> list[str]: ...

    @property
    def filling(self) -> Filling: ...


class _SupersededError(Exception):
    """Another release is published: what it shows comes first."""


@dataclass(frozen=True, slots=True)
class Filled:
    """How far a filling is: passages embedded, of how many that lacked a vector when it began."""

    done: int
    of: int


class Filling:
    """Fills in what the published release lacks. `now` is how far, None where nobody is at it."""

    def __init__(self, places: Indexes, reader: Reader) -> None:
        self._places = places
        self._reader = reader
        self._turn = threading.Lock()
        self._wanted = threading.Event()
        self._kept = False
        self.now: Filled | None = None

    def fill(self, progress: Progress = silent) -> None:
        """All that is missing, here and now; of the newer release, where one is published meanwhile. Where a thread of
        this process does it anyway (`keep`), that one is told and nobody waits.

        Raises EmbedderError, VectorStoreError, ReleaseStoreError.
        """
        if self._kept:
            self._wanted.set()
            return
        with self._turn:
            while not self._filled(progress):
                pass

    def keep(self, house: Noted, wait: Callable[[float], object] = time.sleep) -> None:
        """Fill in whatever is published, for as long as the process runs."""
        self._kept = True
        while True:
            fill_until_whole(house, wait)
            self._wanted.wait()
            self._wanted.clear()

    def until_whole(self) -> bool:
        """Fill in what is missing; False where it could not be."""
        try:
            with self._turn:
                while not self._filled(silent):
                    pass
        except (EmbedderError, VectorStoreError, ReleaseStoreError) as fault:
            _log.warning("vectors are not complete: %s", fault)
            return False
        return True

    def _filled(self, progress: Progress) -> bool:
        """Whether the release that is published now has all; False where another came in between."""
        shelf = self._reader.newest()
        if shelf is None:
            return True
        try:
            fill_vectors(shelf.opened, self._places, partial(self._step, shelf, progress))
        except _SupersededError:
            return False
        finally:
            self.now = None
        self._reader.take_vectors()
        write_vectors(shelf.opened, self._places)
        return True

    def _step(self, shelf: Shelf, progress: Progress, stage: str, done: int, of: int) -> None:
        before = self.now.done if self.now else 0
        self.now = Filled(done, of)
        progress(stage, done, of)
        if done * SHOWN // of > before * SHOWN // of:
            self._reader.take_vectors()
        live = self._places.store.live()
        if live is not None and live.id != shelf.opened.release.id:
            raise _SupersededError


def fill_until_whole(house: Noted, wait: Callable[[float], object] = time.sleep) -> None:
    """Fill in what is missing; ends once nothing is. What was embedded before a failure stays."""
    tries = 0
    while not house.filling.until_whole():
        if INCOMPLETE not in house.notes:
            house.notes.append(INCOMPLETE)
        wait(WAITS[min(tries, len(WAITS) - 1)])
        tries += 1
    if INCOMPLETE in house.notes:
        house.notes.remove(INCOMPLETE)
