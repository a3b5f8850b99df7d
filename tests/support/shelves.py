"""Indexes in memory or in a folder, and embedders that count, break or wait: what tests of the core stand on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from rag.adapters.hashed import HashedEmbedder
from rag.adapters.memory import MemoryReleaseStore, MemoryVectorCache, MemoryVectorStore
from rag.adapters.segment_files import SegmentFiles
from rag.indexing import Indexes, fill_vectors, publish
from rag.models import Answer, Document, Question, Turn
from rag.pipeline import Limits, Pipeline
from rag.ports import EmbedderError
from rag.reader import Reader
from rag.segments import Segment, SegmentError
from tests.support.policies import TODAY

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


class MemorySegments:
    """A SegmentStore in a dictionary that counts what is written."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self._segments: dict[str, Segment] = {}

    def write(self, segment: Segment) -> None:
        self.written.append(segment.id)
        self._segments[segment.id] = segment

    def read(self, segment: str) -> Segment:
        if segment not in self._segments:
            raise SegmentError(f"there is no segment {segment}")
        return self._segments[segment]

    def passage_ids(self, segment: str) -> tuple[str, ...]:
        return self.read(segment).passages.ids

    def version_ids(self, segment: str) -> tuple[str, ...]:
        return self.read(segment).documents.ids

    def holds(self, segment: str, passages: Sequence[str]) -> set[str]:
        return set(self.read(segment).passages.ids) & set(passages)

    def ids(self) -> set[str]:
        return set(self._segments)

    def drop(self, segment: str) -> None:
        self._segments.pop(segment, None)


class CountingEmbedder:
    """The hashed embedder under a name of one's choice; `embedded` holds every passage text it was given."""

    def __init__(self, name: str = "counting") -> None:
        self.name = name
        self.embedded: list[str] = []
        self.queries: list[str] = []
        self._hashed = HashedEmbedder()

    def embed_query(self, text: str) -> list[float]:
        self.queries.append(text)
        return self._hashed.embed_query(text)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.embedded += texts
        return self._hashed.embed_documents(texts)


class BrokenEmbedder(CountingEmbedder):
    """Fails after `good` batches, as a server that goes away does."""

    def __init__(self, good: int = 0, name: str = "counting") -> None:
        super().__init__(name)
        self._good = good

    def embed_query(self, text: str) -> list[float]:
        raise EmbedderError("the server went away")

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        if self._good == 0:
            raise EmbedderError("the server went away")
        self._good -= 1
        return super().embed_documents(texts)


def memory_places(embedder: object = None) -> Indexes:
    """Everything in memory; without an embedder the index is lexical only."""
    return Indexes(
        store=MemoryReleaseStore(),
        segments=MemorySegments(),
        cache=MemoryVectorCache(),
        embedder=embedder,  # type: ignore[arg-type]  # the fakes fit the port
        vectors=MemoryVectorStore() if embedder is not None else None,
    )


def folder_places(folder: Path, embedder: object = None) -> Indexes:
    """Releases in memory, segments as files in `folder`."""
    places = memory_places(embedder)
    return Indexes(places.store, SegmentFiles(folder), places.cache, places.embedder, places.vectors)


def a_reader(documents: Sequence[Document], places: Indexes | None = None) -> Reader:
    """A reader over these documents, published, with their vectors if there is an embedder."""
    places = places or memory_places(CountingEmbedder())
    publish(documents, places, NOW)
    reader = Reader(places)
    shelf = reader.shelf()
    assert shelf is not None
    fill_vectors(shelf.opened, places)
    reader.take_vectors()
    return reader


def a_pipeline(reader: Reader, today: date = TODAY, limits: Limits | None = None) -> Pipeline:
    return Pipeline(reader, lambda: today, limits)


def asker(pipeline: Pipeline) -> Callable[..., Answer]:
    """ask("…", "an earlier question", …, district=…, as_of=…) → the answer."""

    def ask(text: str, *earlier: str, district: str | None = None, as_of: date | None = None) -> Answer:
        history = tuple(Turn("user", question) for question in earlier)
        return pipeline.answer(Question(text, history, district, as_of))

    return ask
