"""The dense leg over an open release: an exact scan while it is small, a bit sketch before it when it is not.

A Chroma query costs 1.2–1.5 ms whatever the size and 7–35 times that with a filter; below some 50,000 passages a scan
of our own is cheaper, exact, and ranks inside the allowed passages (docs/adr/0004).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.ports import Vector

SKETCH_FROM = 4_096
"""Passages from which the sketch pays: below it one matrix product is faster."""

OVERSAMPLE = 10
"""Sketch candidates kept for each wanted result; 10 found the exact top 50 in all but .2 % of trials."""


class DenseLeg(Protocol):
    """What retrieval asks of the dense leg. `present` says which passages have a vector."""

    present: NDArray[np.bool_]

    def fits(self, query: Vector) -> bool:
        """Whether a query's vector is as wide as the passages'."""

    def cosines(self, query: Vector, ordinals: NDArray[np.intp]) -> Vector: ...

    def top(self, query: Vector, allowed: NDArray[np.bool_] | None, k: int) -> NDArray[np.intp]: ...


class DenseStore:
    """The dense leg of a release too large to hold: a vector store finds, the cached vectors measure.

    The store is asked for more than is wanted, since it knows nothing of what is allowed, and asked again for more yet
    where too few of them are.
    """

    def __init__(
        self,
        ids: Sequence[str],
        find: Callable[[Vector, int], list[tuple[str, float]]],
        vectors: Callable[[Sequence[str]], Mapping[str, Vector]],
    ) -> None:
        self.present = np.ones(len(ids), dtype=bool)
        self._ids = ids
        self._places = {key: place for place, key in reversed(list(enumerate(ids)))}  # of two alike the first counts
        self._find = find
        self._vectors = vectors

    def fits(self, query: Vector) -> bool:
        known = self._vectors(self._ids[:1])
        return all(vector.shape == query.shape for vector in known.values())

    def cosines(self, query: Vector, ordinals: NDArray[np.intp]) -> Vector:
        wanted = [self._ids[place] for place in ordinals.tolist()]
        found = self._vectors(wanted)
        nothing = np.zeros_like(query)
        return np.array([float(found.get(key, nothing) @ query) for key in wanted], dtype=np.float32)

    def top(self, query: Vector, allowed: NDArray[np.bool_] | None, k: int) -> NDArray[np.intp]:
        asked = k * 4
        while True:
            near = [self._places[key] for key, _ in self._find(query, asked) if key in self._places]
            kept = [place for place in near if allowed is None or allowed[place]]
            if len(kept) >= k or asked >= len(self._ids):
                return np.array(kept[:k], dtype=np.intp)
            asked = min(asked * 4, len(self._ids))


class DenseScan:
    """Vectors of a release's passages, by ordinal. Rows without a vector yet never win."""

    def __init__(self, ids: Sequence[str], vectors: Mapping[str, Vector]) -> None:
        width = len(next(iter(vectors.values()))) if vectors else 0
        self.present = np.fromiter((key in vectors for key in ids), dtype=bool, count=len(ids))
        matrix = np.zeros((len(ids), width), dtype=np.float32)
        for row in np.flatnonzero(self.present):
            matrix[row] = vectors[ids[int(row)]]
        self._centre = matrix[self.present].mean(axis=0) if self.present.any() else np.zeros(width, np.float32)
        self._sketches = _sketch(matrix - self._centre) if len(ids) > SKETCH_FROM else None
        self._matrix = matrix

    def fits(self, query: Vector) -> bool:
        return bool(self._matrix.shape[1] == len(query))

    @property
    def share(self) -> float:
        """The share of passages that have a vector."""
        return float(self.present.mean()) if len(self.present) else 0.0

    def cosines(self, query: Vector, ordinals: NDArray[np.intp]) -> Vector:
        """Cosines of these passages with a unit query; 0 where there is no vector."""
        return np.asarray(self._matrix[ordinals] @ query, dtype=np.float32)

    def top(self, query: Vector, allowed: NDArray[np.bool_] | None, k: int) -> NDArray[np.intp]:
        """The k nearest allowed passages that have a vector, best first."""
        if not self.present.any():
            return np.zeros(0, dtype=np.intp)
        mask = self.present if allowed is None else self.present & allowed
        if self._sketches is None:
            return best(np.where(mask, self._matrix @ query, -np.inf), k)
        near = self._near(query, mask, k * OVERSAMPLE)
        return near[best(self.cosines(query, near), k)]

    def _near(self, query: Vector, mask: NDArray[np.bool_], count: int) -> NDArray[np.intp]:
        """The passages whose signs agree most with the query's, around the corpus' own centre (e5 vectors crowd)."""
        assert self._sketches is not None  # noqa: S101  # told apart by the only caller
        bits = _sketch((query - self._centre)[None, :])[0]
        apart = np.bitwise_count(self._sketches ^ bits).sum(axis=1, dtype=np.uint16)
        return best(np.where(mask, -apart.astype(np.float32), -np.inf), count)


def _sketch(rows: Vector) -> NDArray[np.uint64]:
    packed = np.packbits(rows > 0, axis=1)
    short = -packed.shape[1] % 8
    return np.pad(packed, ((0, 0), (0, short))).view(np.uint64)


def best(scores: NDArray[np.floating], k: int) -> NDArray[np.intp]:
    """Indices of the k largest finite scores, best first, ties by index."""
    count = min(k, len(scores))
    picked = np.argpartition(-scores, count - 1)[:count] if 0 < count < len(scores) else np.arange(len(scores))
    picked = picked[np.isfinite(scores[picked])]
    order: NDArray[np.intp] = picked[np.lexsort((picked, -scores[picked]))]
    return order[:count]
