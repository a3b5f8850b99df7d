"""Stores that live as long as the process: for tests, and for asking a corpus once without leaving files behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from rag.models import ApprovedAnswer, DocumentVersion, Passage, Release
from rag.ports import ReleaseStoreError, Vector, VectorStoreError


class MemoryReleaseStore:
    """ReleaseStore in dictionaries."""

    def __init__(self) -> None:
        self._live: str | None = None
        self._releases: dict[str, Release] = {}
        self._versions: dict[str, DocumentVersion] = {}
        self._passages: dict[str, Passage] = {}

    def live(self) -> Release | None:
        return None if self._live is None else self._releases[self._live]

    def releases(self, limit: int = 20) -> list[Release]:
        return sorted(self._releases.values(), key=lambda release: -release.number)[:limit]

    def known(self, passages: Sequence[str]) -> set[str]:
        return self._passages.keys() & set(passages)

    def versions(self, versions: Iterable[str]) -> list[DocumentVersion]:
        """These versions, in this order. Raises ReleaseStoreError where one of them is not stored."""
        wanted = list(versions)
        if missing := [key for key in wanted if key not in self._versions]:
            raise ReleaseStoreError(f"{len(missing)} document versions are not stored, {missing[0]} among them")
        return [self._versions[key] for key in wanted]

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        return {key: self._passages[key] for key in ids if key in self._passages}

    def publish(self, release: Release, versions: Sequence[DocumentVersion], passages: Sequence[Passage]) -> None:
        """As in SQL: whole or not at all, and a release that is not live becomes the newest."""
        all_versions = {**{version.version: version for version in versions}, **self._versions}
        all_passages = {**{passage.id: passage for passage in passages}, **self._passages}
        needed = {span.passage for version in versions for span in version.spans}
        lost = (set(release.documents.values()) - all_versions.keys()) | (needed - all_passages.keys())
        if lost:
            raise ReleaseStoreError(f"the release needs {len(lost)} versions or passages that are not stored")
        self._versions, self._passages = all_versions, all_passages
        self._releases[release.id] = self._numbered(release)
        self._live = release.id

    def resegment(self, release: str, segments: Sequence[str]) -> None:
        """Have the live release be held by these segments; nothing where another one is live by now."""
        if release == self._live:
            self._releases[release] = replace(self._releases[release], segments=tuple(segments))

    def _numbered(self, release: Release) -> Release:
        stored = self._releases.get(release.id)
        if stored is not None and release.id == self._live:
            return replace(stored, segments=release.segments)
        newest = max((other.number for other in self._releases.values()), default=0)
        return replace(stored or release, number=max(release.number, newest + 1), segments=release.segments)


class MemoryVectorCache:
    """VectorCache in a dictionary, at the precision of the one in SQL."""

    def __init__(self) -> None:
        self._vectors: dict[tuple[str, str], Vector] = {}

    def get(self, embedder: str, passages: Sequence[str]) -> dict[str, Vector]:
        return {key: self._vectors[embedder, key] for key in passages if (embedder, key) in self._vectors}

    def known(self, embedder: str, passages: Sequence[str]) -> set[str]:
        return {key for key in passages if (embedder, key) in self._vectors}

    def put(self, embedder: str, vectors: Mapping[str, Vector]) -> None:
        for key, vector in vectors.items():
            self._vectors.setdefault((embedder, key), np.asarray(vector).astype(np.float16).astype(np.float32))

    def forget(self, embedder: str, passages: Sequence[str]) -> None:
        for key in passages:
            self._vectors.pop((embedder, key), None)


class MemoryVectorStore:
    """VectorStore that compares with every vector: exact, and fast enough for tens of thousands."""

    def __init__(self) -> None:
        self._segments: dict[str, tuple[tuple[str, ...], Vector]] = {}

    def write(self, segment: str, ids: Sequence[str], vectors: Vector) -> None:
        self._segments[segment] = (tuple(ids), np.array(vectors, dtype=np.float32))

    def search(self, segments: Sequence[str], vector: Vector, k: int) -> list[tuple[str, float]]:
        found: dict[str, float] = {}
        for segment in segments:
            if segment not in self._segments:
                raise VectorStoreError(f"there is no segment {segment}")
            ids, rows = self._segments[segment]
            found.update(zip(ids, (rows @ vector).tolist(), strict=True))
        return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:k]

    def segments(self) -> set[str]:
        return set(self._segments)

    def rest(self) -> None:
        """Nothing is open."""

    def drop(self, segment: str) -> None:
        self._segments.pop(segment, None)


class MemoryReranker:
    """A Reranker without a model: the share of the question's pairs of characters that a text holds."""

    name = "pairs"

    def scores(self, question: str, texts: Sequence[str], seconds: float) -> list[float]:  # noqa: ARG002 (the port's)
        asked = _pairs(question)
        return [len(asked & _pairs(text)) / max(len(asked), 1) for text in texts]


def _pairs(text: str) -> set[str]:
    return {text[place : place + 2] for place in range(len(text) - 1)}


class MemoryApprovedAnswers:
    """ApprovedAnswers in a list; `fallen` says why each that was suspended was."""

    def __init__(self, answers: Iterable[ApprovedAnswer] = ()) -> None:
        self._answers = list(answers)
        self.fallen: dict[int, str] = {}

    def keep(self, answer: ApprovedAnswer) -> ApprovedAnswer:
        kept = replace(answer, id=len(self._answers) + 1)
        self._answers.append(kept)
        return kept

    def standing(self) -> Sequence[ApprovedAnswer]:
        return [answer for answer in self._answers if answer.id not in self.fallen]

    def suspend(self, answer: int, why: str) -> bool:
        stood = any(kept.id == answer for kept in self.standing())
        if stood:
            self.fallen[answer] = why
        return stood
