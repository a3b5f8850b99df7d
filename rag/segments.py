"""A segment: the lexical postings of the passages and document versions that one publish added, written once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.lexical import LexicalSegment, build
from rag.models import Document, DocumentVersion, Passage


class SegmentError(Exception):
    """A segment cannot be read or written. It is a cache: whoever catches this may build it again."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Two lexical segments in one: over passages (ids are passage ids) and over documents (ids are versions)."""

    id: str
    passages: LexicalSegment
    documents: LexicalSegment


class SegmentStore(Protocol):
    """Keeps segments. A segment is written whole or not at all, and never changed."""

    def write(self, segment: Segment) -> None: ...

    def read(self, segment: str) -> Segment: ...

    def passage_ids(self, segment: str) -> tuple[str, ...]:
        """Which passages a segment holds, without reading the rest of it."""

    def version_ids(self, segment: str) -> tuple[str, ...]:
        """Which versions of documents a segment holds, without reading the rest of it."""

    def holds(self, segment: str, passages: Sequence[str]) -> set[str]:
        """Which of these passages a segment holds; cheap at any size."""

    def ids(self) -> set[str]: ...

    def drop(self, segment: str) -> None: ...


def passage_text(passage: Passage, doc_no: str | None) -> str:
    """What of a passage is searched: its title twice (it names the policy), its path, what it hangs on, itself."""
    return " ".join(part for part in (passage.path[0], doc_no or "", *passage.path, passage.lead, passage.text) if part)


def embedded_text(passage: Passage) -> str:
    """What of a passage is embedded: where it stands, what it hangs on, itself."""
    return " ".join(part for part in (*passage.path, passage.lead, passage.text) if part)


def document_text(document: Document) -> str:
    """What of a document is searched as a whole."""
    doc_no = document.policy.doc_no if document.policy else None
    return f"{document.title} {document.title} {doc_no or ''} {document.text}"


def make_segment(versions: Sequence[DocumentVersion], passages: Iterable[Passage]) -> Segment:
    """The segment of these new passages and versions (a passage's document must be among the versions)."""
    numbers = {v.document.id: v.document.policy.doc_no for v in versions if v.document.policy}
    texts = [(passage.id, passage_text(passage, numbers.get(passage.document))) for passage in passages]
    wholes = [(version.version, document_text(version.document)) for version in versions]
    return _named(build(texts), build(wholes))


def _named(passages: LexicalSegment, documents: LexicalSegment) -> Segment:
    name = sha256("\n".join([*passages.ids, "", *documents.ids]).encode()).hexdigest()[:20]
    return Segment(name, passages, documents)


def merge(segments: Sequence[Segment], passages: Callable[[str], bool], versions: Callable[[str], bool]) -> Segment:
    """One segment out of many, keeping only what is alive."""
    return _named(
        _merged([segment.passages for segment in segments], passages),
        _merged([segment.documents for segment in segments], versions),
    )


def _merged(parts: Sequence[LexicalSegment], alive: Callable[[str], bool]) -> LexicalSegment:
    ids: list[str] = []
    seen: set[str] = set()
    terms, ordinals, counts, lengths = [], [], [], []
    for part in parts:
        keep = np.array([alive(key) and key not in seen for key in part.ids], dtype=bool)
        seen.update(part.ids)
        moved = np.cumsum(keep, dtype=np.int32) - 1 + len(ids)
        kept = keep[part.ordinals]
        terms.append(np.repeat(part.terms, np.diff(part.offsets))[kept])
        ordinals.append(moved[part.ordinals[kept]])
        counts.append(part.counts[kept])
        lengths.append(part.lengths[keep])
        ids += [key for key, flag in zip(part.ids, keep.tolist(), strict=True) if flag]
    return _sorted(ids, terms, ordinals, counts, lengths)


def _sorted(
    ids: Sequence[str],
    terms: Sequence[NDArray[np.uint64]],
    ordinals: Sequence[NDArray[np.int32]],
    counts: Sequence[NDArray[np.float32]],
    lengths: Sequence[NDArray[np.float32]],
) -> LexicalSegment:
    every = np.concatenate(terms)
    order = np.argsort(every, kind="stable")
    unique, starts = np.unique(every[order], return_index=True)
    offsets = np.append(starts, len(every)).astype(np.int64)
    return LexicalSegment(
        tuple(ids),
        unique,
        offsets,
        np.concatenate(ordinals)[order],
        np.concatenate(counts)[order],
        np.concatenate(lengths),
    )
