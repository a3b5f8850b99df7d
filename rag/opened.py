"""A release opened for searching: which passage belongs to which document, and both legs over the same ordinals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rag.dense import DenseLeg, DenseScan
from rag.lexical import LexicalIndex, terms_of
from rag.models import DocumentVersion, Passage, Release
from rag.ports import ReleaseStore, Vector
from rag.segments import Segment

Mask = NDArray[np.bool_]


class OpenRelease:
    """Immutable but for its vectors, which may arrive later (`dense` is replaced whole)."""

    def __init__(self, release: Release, segments: Sequence[Segment], store: ReleaseStore) -> None:
        self.release = release
        self._store = store
        self.documents: list[DocumentVersion] = store.versions(release.documents.values())
        self.place: dict[str, int] = {version.document.id: row for row, version in enumerate(self.documents)}
        owner = {span.passage: row for row, version in enumerate(self.documents) for span in version.spans}
        self.ids: list[str] = [key for segment in segments for key in segment.passages.ids]
        self.owners = _owners(self.ids, owner)
        self.ordinal: dict[str, int] = {key: row for row, key in enumerate(self.ids) if self.owners[row] >= 0}
        self.lexical = LexicalIndex([s.passages for s in segments], _split(self.owners >= 0, segments, "passages"))
        rows = {version.version: row for row, version in enumerate(self.documents)}
        self._whole_owners = _owners([key for s in segments for key in s.documents.ids], rows)
        self._wholes = LexicalIndex(
            [s.documents for s in segments], _split(self._whole_owners >= 0, segments, "documents")
        )
        self.dense: DenseLeg | None = None
        self._passages: dict[str, Passage] = {}

    def give_vectors(self, vectors: Mapping[str, Vector]) -> None:
        self.dense = DenseScan(self.ids, vectors) if vectors else None

    @property
    def vectors_share(self) -> float:
        """The share of the release's passages that have a vector."""
        if self.dense is None or not self.ordinal:
            return 0.0
        return float((self.dense.present & self._live).sum()) / len(self.ordinal)

    def missing(self) -> set[str]:
        """Passage ids that the release shows and no segment holds: their segment is lost or damaged."""
        return {span.passage for version in self.documents for span in version.spans} - self.ordinal.keys()

    def allowed(self, documents: Mask | None) -> Mask:
        """The passages of these documents (by row), live ones only."""
        if documents is None:
            return self._live
        return np.append(documents, False)[self.owners]

    @cached_property
    def _live(self) -> Mask:
        return self.owners >= 0

    def whole_scores(self, query: Mapping[int, float]) -> NDArray[np.float32]:
        """BM25 of every document as a whole, by row of `documents`."""
        scores = np.zeros(len(self.documents) + 1, dtype=np.float32)
        scores[self._whole_owners] = self._wholes.scores(query)
        return scores[:-1]

    def stands(self, word: str) -> bool:
        """Whether some live passage holds every pair of neighbouring 汉字 of a word (and every Latin word in it)."""
        terms = [term for term in terms_of(word).tolist() if term >= 1 << 21]
        return all(self.lexical.matched(dict.fromkeys(terms, 1.0)).values()) if terms else True

    def whole_ceiling(self, query: Mapping[int, float]) -> float:
        """Σ weight · idf of a query's terms over whole documents: what a score of `whole_scores` is a share of."""
        return self._wholes.ceiling(query)

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """These passages in this order; texts are read once and kept."""
        wanted = [key for key in ids if key not in self._passages]
        if wanted:
            self._passages.update(self._store.passages(wanted))
        return [self._passages[key] for key in ids]

    def passages_of(self, document: str) -> list[Passage]:
        """A document's passages in reading order."""
        version = self.documents[self.place[document]]
        return self.passages(list(dict.fromkeys(span.passage for span in version.spans)))


def _owners(ids: Sequence[str], rows: Mapping[str, int]) -> NDArray[np.int32]:
    """Row of the owner for each id, -1 for the dead; of an id that two segments hold only the first counts."""
    seen: set[str] = set()
    owners = np.full(len(ids), -1, dtype=np.int32)
    for place, key in enumerate(ids):
        if key in rows and key not in seen:
            owners[place] = rows[key]
            seen.add(key)
    return owners


def _split(mask: Mask, segments: Sequence[Segment], part: str) -> list[Mask]:
    sizes = [len(getattr(segment, part).ids) for segment in segments]
    return np.split(mask, np.cumsum(sizes)[:-1]) if sizes else []
