"""Publishes one revision of a corpus into a data folder, and dies of SIGKILL where it was told to.

`python -m tests.faults.publisher DATA REVISION [FAILPOINT [TIMES]]`: dies when it comes to the failpoint for the
TIMES-th time (1 if not said). What is wired here is what the assistant wires, less the doors.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bot.releases import SqlReleaseStore, SqlVectorCache
from db.engine import make_engine
from db.migrating import upgrade
from rag.adapters import segment_files
from rag.adapters.hashed import HashedEmbedder
from rag.adapters.memory import MemoryVectorStore
from rag.adapters.segment_files import SegmentFiles
from rag.indexing import Indexes, fill_vectors, open_release, publish, write_vectors
from rag.models import Document
from rag.ports import Vector, VectorStore
from rag.segments import Segment
from tests.support.policies import changed, gazelle, hitech, plain

SEGMENT_POINTS = ("segment-half", "segment-written")
STORE_POINTS = ("begun", "passages", "documents", "pointed")
AFTER_THE_FLIP = ("committed", "embedding", "vectors-half", "vectors-written")
FAILPOINTS = (*SEGMENT_POINTS, *STORE_POINTS, *AFTER_THE_FLIP)


class Failpoint:
    """Kills this process, as the kernel would, when `name` is passed for the last of `times` times."""

    def __init__(self, name: str = "", times: int = 1) -> None:
        self._name = name
        self._left = times

    def __call__(self, passed: str) -> None:
        if passed == self._name:
            self._left -= 1
            if self._left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


class DyingSegments(SegmentFiles):
    def __init__(self, folder: Path, pass_by: Failpoint) -> None:
        super().__init__(folder)
        self._pass_by = pass_by

    def write(self, segment: Segment) -> None:
        flush = os.fsync

        def half(handle: int) -> None:
            self._pass_by("segment-half")
            flush(handle)

        segment_files.os.fsync = half  # type: ignore[assignment]  # the one door to the disk that a test can stand in
        try:
            super().write(segment)
        finally:
            segment_files.os.fsync = flush
        self._pass_by("segment-written")


class DyingCache(SqlVectorCache):
    def __init__(self, engine: object, pass_by: Failpoint) -> None:
        super().__init__(engine)  # type: ignore[arg-type]  # an Engine
        self._pass_by = pass_by

    def put(self, embedder: str, vectors: Mapping[str, Vector]) -> None:
        super().put(embedder, vectors)
        self._pass_by("embedding")


class DyingVectors(MemoryVectorStore):
    """Stands for Chroma, whose start-up would cost most of a round; Chroma's own kill is in its contract."""

    def __init__(self, pass_by: Failpoint) -> None:
        super().__init__()
        self._pass_by = pass_by

    def write(self, segment: str, ids: Sequence[str], vectors: np.ndarray) -> None:
        self._pass_by("vectors-half")
        super().write(segment, ids, vectors)
        self._pass_by("vectors-written")


def revision(number: int) -> list[Document]:
    """A corpus whose every revision differs in two documents, keeps most, adds one and retires one."""
    texts = [
        Document(
            f"note-{n}",
            f"须知{n}",
            "".join(f"第{i}条 第{n}号设备的第{i}项检验每{i + 2}个月一次。\n" for i in (1, 2, 3)),
        )
        for n in (*range(12), 100 + number)
    ]
    return [
        changed(hitech(), "10万元", f"{number}1万元"),
        changed(gazelle(), "50万元", f"{number}5万元"),
        plain(),
        *texts,
    ]


def places_in(data: Path, pass_by: Failpoint | None = None, vectors: VectorStore | None = None) -> Indexes:
    """The indexes of a data folder, made where there are none."""
    pass_by = pass_by or Failpoint()
    data.mkdir(parents=True, exist_ok=True)
    engine = make_engine(f"sqlite:///{data / 'assistant.db'}")
    upgrade(engine)
    return Indexes(
        store=SqlReleaseStore(engine, pass_by),
        segments=DyingSegments(data / "index" / "segments", pass_by),
        cache=DyingCache(engine, pass_by),
        embedder=HashedEmbedder(),
        vectors=vectors or DyingVectors(pass_by),
    )


def publish_revision(places: Indexes, number: int) -> str:
    """Publish, embed and store a revision; the release's id."""
    release = publish(revision(number), places, datetime.now(UTC)).release
    opened = open_release(release, places)
    fill_vectors(opened, places)
    write_vectors(opened, places)
    return release.id


if __name__ == "__main__":
    data, number, *failing = sys.argv[1:]
    point = Failpoint(failing[0], int(failing[1]) if len(failing) > 1 else 1) if failing else Failpoint()
    sys.stdout.write(publish_revision(places_in(Path(data), point), int(number)) + "\n")
