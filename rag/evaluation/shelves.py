"""Documents → an open shelf in memory, with vectors where there is an embedder; the same with documents taken out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from rag.adapters.memory import MemoryReleaseStore, MemoryVectorCache
from rag.adapters.segment_files import SegmentFiles
from rag.catalogue import Catalogue
from rag.indexing import Indexes, Progress, fill_vectors, publish, release_id, silent
from rag.models import Document, Passage
from rag.opened import OpenRelease
from rag.ports import Embedder, Vector
from rag.reader import Reader, Shelf

_WHEN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Library:
    """A published corpus in memory: where it lives, its reader, and the open shelf."""

    places: Indexes
    reader: Reader
    shelf: Shelf

    def stored(self, passage: str) -> Passage | None:
        """A passage as it is stored, whatever an answer says of it."""
        return self.places.store.passages([passage]).get(passage)


def open_library(
    documents: Sequence[Document],
    embedder: Embedder | None,
    stack: ExitStack,
    *,
    shipped: Mapping[str, Vector] | None = None,
    progress: Progress = silent,
) -> Library:
    """Publish these documents and open them. `shipped` are vectors that travelled with them, by passage id.

    The folder of the segments lives as long as `stack`. Raises EmbedderError where the embedder fails.
    """
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="evaluation-")))
    places = Indexes(MemoryReleaseStore(), SegmentFiles(folder), MemoryVectorCache(), embedder)
    publish(documents, places, _WHEN)
    reader = Reader(places)
    shelf = reader.shelf()
    if shelf is None:  # a publish leaves a release behind
        raise RuntimeError("nothing was published")
    if embedder is not None:
        known = {key: vector for key, vector in (shipped or {}).items() if key in shelf.opened.ordinal}
        places.cache.put(embedder.name, known)
        fill_vectors(shelf.opened, places, progress)
        reader.take_vectors()
    return Library(places, reader, shelf)


class FixedReader(Reader):
    """A reader of one shelf, whatever is published."""

    def __init__(self, places: Indexes, shelf: Shelf) -> None:
        super().__init__(places)
        self._fixed = shelf

    def shelf(self) -> Shelf | None:
        return self._fixed


def remover(library: Library) -> Callable[[Iterable[str]], FixedReader]:
    """Takes documents out of a library: the reader of a release without them. Exact: word frequencies change too."""
    release, store = library.shelf.opened.release, library.places.store
    segments = [library.places.segments.read(name) for name in release.segments]
    vectors = _vectors(library)

    def without(documents: Iterable[str]) -> FixedReader:
        gone = set(documents)
        left = {document: version for document, version in release.documents.items() if document not in gone}
        opened = OpenRelease(replace(release, id=release_id(left), documents=left), segments, store)
        opened.give_vectors({key: vectors[key] for key in opened.ordinal if key in vectors})
        return FixedReader(library.places, Shelf(opened, Catalogue(opened)))

    return without


def _vectors(library: Library) -> dict[str, Vector]:
    embedder = library.places.embedder
    ids = list(library.shelf.opened.ordinal)
    return library.places.cache.get(embedder.name, ids) if embedder else {}
