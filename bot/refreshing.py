"""The published corpus brought up to date from its folder, or taken back to a release that is kept.

One at a time in a house, whoever asks: the console, a chat, a first start. Whatever goes wrong before the pointer moves
leaves the old release serving; vectors are a help that may come later.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from bot.filling import Filling
from rag.adapters.vector_file import read_vectors
from rag.corpus import Corpus, Fault, read_corpus
from rag.holding_back import held_back
from rag.indexing import Indexes, Progress, Published, publish, publish_again, silent
from rag.models import Release
from rag.ports import EmbedderError, ReleaseStoreError, VectorStoreError
from rag.reader import Reader
from rag.remembering import Memory
from rag.segments import SegmentError

Trouble = Literal["", "embedder", "vectors"]
"""What keeps vectors from being complete: the embedder failed, or the vector store. Search by words goes on."""

Failure = Literal["", "missing", "empty", "store", "disk", "other"]
"""Why nothing was published: no folder, no usable file in it, the database, the disk, anything else."""

KEPT = 20
"""Releases that are offered to go back to."""

_log = logging.getLogger(__name__)


class NoCorpusError(Exception):
    """The folder is not there ("missing") or holds nothing that can be published ("empty", with the faults found)."""

    def __init__(self, path: Path, why: Failure, faults: Sequence[Fault] = ()) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why
        self.faults = tuple(faults)


class BusyError(Exception):
    """Somebody is at it already."""

    def __init__(self, run: Run | None) -> None:
        super().__init__("the corpus is being worked on")
        self.run = run


class UnknownReleaseError(Exception):
    """No such release is kept."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did. `faults` are those of files that were left out, or of relations between files; `held` are
    documents that the folder does not show and that stay (rag/holding_back)."""

    published: Published
    documents: int
    faults: tuple[Fault, ...] = ()
    trouble: Trouble = ""
    detail: str = ""
    held: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A refresh while it runs and once it is over. `stage`: reading, chunking, embedding, with `done` of `of`."""

    by: str
    began: datetime
    stage: str = "reading"
    done: int = 0
    of: int = 0
    ended: datetime | None = None
    refreshed: Refreshed | None = None
    failed: Failure = ""
    detail: str = ""
    faults: tuple[Fault, ...] = ()

    @property
    def running(self) -> bool:
        return self.ended is None


def in_a_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="corpus", daemon=True).start()


class CorpusWork:
    """`spawn` runs a refresh beside whoever asked for it. What this process has not done, it does not know of.

    `forget` drops the releases that are too many, after each publish. `fill` gives what was published its vectors.
    """

    def __init__(
        self, folder: Path, places: Indexes, reader: Reader, now: Callable[[], datetime],
        spawn: Callable[[Callable[[], None]], None] = in_a_thread, forget: Callable[[], object] = lambda: None,
        fill: Callable[[Progress], object] | None = None,
    ) -> None:  # fmt: skip
        self.folder = folder
        self.places = places
        self.reader = reader
        self._now = now
        self._spawn = spawn
        self._forget = forget
        self._fill = fill or Filling(places, reader).fill
        self._busy = threading.Lock()
        self._memory, self._reading = Memory(), threading.Lock()
        self._run: Run | None = None

    def corpus(self) -> Corpus:
        """The folder as it is now; files that have not changed since this process read them are not read again."""
        with self._reading:
            return read_corpus(self.folder, self._memory)

    @property
    def run(self) -> Run | None:
        """The refresh that runs, or the last one that was begun beside somebody; None before the first."""
        return self._run

    def refresh(self, progress: Progress = silent, *, embed: bool = True, removing: bool = False) -> Refreshed:
        """Publish the folder, here and now. Raises BusyError, NoCorpusError, ReleaseStoreError, SegmentError.

        With `removing`, what the folder does not show is taken down, however much it is.
        """
        self._take()
        try:
            return self._refresh(progress, embed=embed, removing=removing)
        finally:
            self._busy.release()

    def embed(self, done: Refreshed, progress: Progress = silent) -> Refreshed:
        """The vectors of what was published without them; what keeps them from being complete."""
        return self._embed(done, progress)

    def begin(
        self, by: str, then: Callable[[Run], None] = lambda _run: None, first: Callable[[], None] = lambda: None
    ) -> Run:
        """Refresh beside the caller, after `first`; `then` is told how it ended. Raises BusyError with the run that is
        going on, and what `first` raises: then nothing is begun."""
        self._take()
        before = self._run
        begun = self._run = Run(by, self._now())
        try:
            first()
            self._spawn(lambda: self._work(begun, then))
        except BaseException:
            self._run = before
            self._busy.release()
            raise
        return begun

    def releases(self) -> list[Release]:
        """Those that are kept, the newest first. Raises ReleaseStoreError."""
        return self.places.store.releases(KEPT)

    def release(self, key: str) -> Release:
        """A kept release by its id. Raises UnknownReleaseError."""
        for release in self.releases():
            if release.id == key:
                return release
        raise UnknownReleaseError(key)

    def go_back(self, key: str) -> Release:
        """Have a kept release serve again, whole before the first reader sees it. Raises BusyError,
        UnknownReleaseError, ReleaseStoreError, SegmentError."""
        self._take()
        try:
            again = publish_again(self.release(key), self.places)
            self.reader.newest()
            return again
        finally:
            self._busy.release()

    def _take(self) -> None:
        if not self._busy.acquire(blocking=False):
            raise BusyError(self._run if self._run and self._run.running else None)

    def _work(self, begun: Run, then: Callable[[Run], None]) -> None:
        def progress(stage: str, done: int, of: int) -> None:
            self._run = replace(begun, stage=stage, done=done, of=of)

        ended = begun
        try:
            ended = self._ended(begun, progress)
            then(ended)
        except Exception:  # the catch-all of this thread: what cannot be put on record is logged
            _log.exception("the end of a refresh of the corpus was not put on record")
        finally:
            self._run = ended
            self._busy.release()

    def _ended(self, begun: Run, progress: Progress) -> Run:
        try:
            refreshed = self._refresh(progress, embed=True)
        except NoCorpusError as fault:
            return replace(begun, ended=self._now(), failed=fault.why, detail=str(fault.path), faults=fault.faults)
        except Exception as fault:  # whatever it was, the old release serves on, and whoever asked is told
            _log.warning("the corpus was not refreshed: %s", fault, exc_info=not isinstance(fault, ReleaseStoreError))
            return replace(begun, ended=self._now(), failed=_why(fault), detail=type(fault).__name__)
        return replace(begun, ended=self._now(), refreshed=refreshed, faults=refreshed.faults)

    def _refresh(self, progress: Progress, *, embed: bool, removing: bool = False) -> Refreshed:
        corpus = self._usable()
        held = [] if removing else held_back(corpus, self.places.store)
        documents = [*corpus.documents, *held]
        published = publish(documents, self.places, self._now(), progress, corpus.versions)
        self._take_shipped()
        self._forget()
        done = Refreshed(published, len(documents), tuple(corpus.faults), held=tuple(document.id for document in held))
        return self._embed(done, progress) if embed else done

    def _usable(self) -> Corpus:
        if not self.folder.exists():
            raise NoCorpusError(self.folder, "missing")
        corpus = self.corpus()
        if not corpus.documents:
            raise NoCorpusError(self.folder, "empty", corpus.faults)
        return corpus

    def _take_shipped(self) -> None:
        """Vectors that came with the corpus spare the embedder; those of another embedder or other texts are left."""
        embedder, shelf = self.places.embedder, self.reader.newest()
        lacking = set(shelf.opened.lacking()) if embedder and shelf else set()
        if embedder is None or not lacking:
            return
        for path in shipped_vectors(self.folder):
            if path.stem == embedder.name:
                with suppress(VectorStoreError):
                    shipped = read_vectors(path)
                    self.places.cache.put(embedder.name, {k: v for k, v in shipped.items() if k in lacking})
        self.reader.take_vectors()

    def _embed(self, done: Refreshed, progress: Progress) -> Refreshed:
        if self.places.embedder is None:
            return done
        try:
            self._fill(progress)
        except EmbedderError as fault:
            return replace(done, trouble="embedder", detail=str(fault))
        except VectorStoreError as fault:
            return replace(done, trouble="vectors", detail=str(fault))
        return done


def shipped_vectors(corpus: Path) -> Sequence[Path]:
    """The vector files that travel with a corpus, so that a first run does not wait for the embedder."""
    return sorted((corpus / "_vectors").glob("*.npz"))


def _why(fault: Exception) -> Failure:
    if isinstance(fault, ReleaseStoreError):
        return "store"
    return "disk" if isinstance(fault, SegmentError | OSError) else "other"
