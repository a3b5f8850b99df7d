"""A release opened for searching: which passage belongs to which document, and both legs over the same ordinals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rag.dense import DenseLeg, DenseScan, DenseScans
from rag.layout import Layout, lay_out, lay_over, owners_of
from rag.lexical import LexicalIndex, terms_of
from rag.models import DocumentVersion, Passage, Release
from rag.ports import ReleaseStore, Vector
from rag.segments import Segment

Mask = NDArray[np.bool_]

SOME = 2_000
"""Vectors asked for at once: what is in memory twice while they are taken over."""


class OpenRelease:
    """Immutable but for its vectors, which may arrive later.

    Opened after another (`before`), it shares what both have in common: versions, weighed segments, vectors. So opening
    costs what has changed and a few passes over arrays.
    """

    def __init__(
        self,
        release: Release,
        segments: Sequence[Segment],
        store: ReleaseStore,
        before: OpenRelease | None = None,
    ) -> None:
        self.release = release
        self.segments = tuple(segments)
        self._store = store
        held = {version.version: version for version in before.documents} if before else {}
        fresh = store.versions([key for key in release.documents.values() if key not in held])
        held.update((version.version, version) for version in fresh)
        self.documents: list[DocumentVersion] = [held[key] for key in release.documents.values()]
        self.place: dict[str, int] = {version.document.id: row for row, version in enumerate(self.documents)}
        self.layout = (before and self._laid_over(before, fresh)) or self._laid_out()
        self.ids, self.owners, self.ordinal = self.layout.ids, self.layout.owners, self.layout.ordinal
        self.lexical: LexicalIndex = LexicalIndex(
            [s.passages for s in segments],
            _split(self.owners >= 0, segments, "passages"),
            before.lexical if before else None,
        )
        rows = {version.version: row for row, version in enumerate(self.documents)}
        self._whole_owners = owners_of([key for s in segments for key in s.documents.ids], rows)
        self.wholes: LexicalIndex = LexicalIndex(
            [s.documents for s in segments],
            _split(self._whole_owners >= 0, segments, "documents"),
            before.wholes if before else None,
        )
        self.dense: DenseLeg | None = self._shared_scans(before) if before else None
        self._passages: dict[str, Passage] = {}

    def _laid_out(self) -> Layout:
        return lay_out([key for segment in self.segments for key in segment.passages.ids], self.documents)

    def _laid_over(self, before: OpenRelease, fresh: Sequence[DocumentVersion]) -> Layout | None:
        """The layout out of the one before; None where segments went, or a new one holds what was shown before."""
        kept, new = self.segments[: len(before.segments)], {version.version for version in fresh}
        added = self.segments[len(before.segments) :]
        shown = {key for segment in added for key in segment.documents.ids} & set(self.release.documents.values())
        if [one.id for one in kept] != [one.id for one in before.segments] or not shown <= new:
            return None
        held = {version.version: row for row, version in enumerate(self.documents)}
        moved = [held.get(version.version, -1) for version in before.documents]
        rows = {held[version.version]: version for version in fresh}
        return lay_over(before.layout, np.array([*moved, -1], dtype=np.int32), [s.passages.ids for s in added], rows)

    def give_vectors(self, vectors: Mapping[str, Vector]) -> None:
        """Have these vectors and no others."""
        scans = DenseScans([DenseScan(segment.passages.ids, vectors) for segment in self.segments])
        self.dense = scans if scans.present.any() else None

    def take_vectors(self, get: Callable[[Sequence[str]], Mapping[str, Vector]]) -> None:
        """Ask for the vectors of the passages that lack one, some at a time, and have those that come."""
        held = self.dense if isinstance(self.dense, DenseScans) else None
        scans = held or DenseScans([DenseScan(segment.passages.ids, {}) for segment in self.segments])
        lacking = np.flatnonzero(self._live & ~scans.present)
        for start in range(0, len(lacking), SOME):
            places = {self.ids[place]: place for place in lacking[start : start + SOME].tolist()}
            scans.take({places[key]: vector for key, vector in get(list(places)).items()})
        self.dense = scans if scans.present.any() else None

    def vectors_of(self, segment: str) -> tuple[Sequence[str], Vector] | None:
        """A segment's passages and their vectors as they are held here; None where one of them has none."""
        scans = self.dense.scans if isinstance(self.dense, DenseScans) else ()
        for held, scan in zip(self.segments, scans, strict=False):
            if held.id == segment and scan.present.all():
                return held.passages.ids, scan.matrix
        return None

    def _shared_scans(self, before: OpenRelease) -> DenseScans | None:
        """The vectors that the release before has too: whole segments as they are, those of a merged one gathered."""
        dense = before.dense
        if not isinstance(dense, DenseScans):
            return None
        held = {segment.id: scan for segment, scan in zip(before.segments, dense.scans, strict=True)}
        return DenseScans([held.get(one.id) or _gathered(one, before.layout, dense) for one in self.segments])

    def lacking(self) -> list[str]:
        """The passages without a vector."""
        there = self.dense.present if self.dense else np.zeros(len(self.ids), dtype=bool)
        return [self.ids[place] for place in np.flatnonzero(self._live & ~there).tolist()]

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
        scores[self._whole_owners] = self.wholes.scores(query)
        return scores[:-1]

    def stands(self, word: str) -> bool:
        """Whether some live passage holds every pair of neighbouring 汉字 of a word (and every Latin word in it)."""
        terms = [term for term in terms_of(word).tolist() if term >= 1 << 21]
        return all(self.lexical.matched(dict.fromkeys(terms, 1.0)).values()) if terms else True

    def whole_ceiling(self, query: Mapping[int, float]) -> float:
        """Σ weight · idf of a query's terms over whole documents: what a score of `whole_scores` is a share of."""
        return self.wholes.ceiling(query)

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """These passages in this order; texts are read once and kept."""
        wanted = [key for key in ids if key not in self._passages]
        if wanted:
            self._passages.update(self._store.passages(wanted))
        return [self._passages[key] for key in ids]

    def read(self, ids: Sequence[str]) -> list[Passage]:
        """These passages in this order, read and not kept."""
        found = self._store.passages(ids)
        return [found[key] for key in ids]

    def passages_of(self, document: str) -> list[Passage]:
        """A document's passages in reading order."""
        version = self.documents[self.place[document]]
        return self.passages(list(dict.fromkeys(span.passage for span in version.spans)))


def _gathered(segment: Segment, layout: Layout, dense: DenseScans) -> DenseScan:
    places = [layout.places[key] for key in segment.passages.ids if key in layout.places]
    found = dense.rows(np.array(places, dtype=np.intp))
    return DenseScan(segment.passages.ids, {layout.ids[place]: vector for place, vector in found.items()})


def _split(mask: Mask, segments: Sequence[Segment], part: str) -> list[Mask]:
    sizes = [len(getattr(segment, part).ids) for segment in segments]
    return np.split(mask, np.cumsum(sizes)[:-1]) if sizes else []
