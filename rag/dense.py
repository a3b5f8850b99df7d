"""The dense leg over an open release: an exact scan while it is small, a bit sketch before it when it is not.

A Chroma query costs 1.2–1.5 ms whatever the size and 7–35 times that with a filter; below some 50,000 passages a scan
of our own is cheaper, exact, and ranks inside the allowed passages (docs/adr/0004).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.ports import Vector

SKETCH_FROM = 4_096
"""Passages from which the sketch pays: below it one matrix product is faster."""

NEARLY_ALL = 0.98
"""Share of a segment's passages with a vector from which it is sketched: a part would give a centre of its own."""

OVERSAMPLE = 10
"""Sketch candidates kept for each wanted result; 10 found the exact top 50 in all but .2 % of trials."""


class DenseLeg(Protocol):
    """What retrieval asks of the dense leg. `present` says which passages have a vector."""

    @property
    def present(self) -> NDArray[np.bool_]: ...

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
    """Vectors of passages, by ordinal. Rows without a vector yet never win; vectors that come later are taken in place.

    `matrix` is not written to from outside. A scan that is asked while another thread gives it vectors sees a row whole
    or not at all: it counts as present only once it is written.
    """

    def __init__(self, ids: Sequence[str], vectors: Mapping[str, Vector]) -> None:
        width = len(next(iter(vectors.values()))) if vectors else 0
        self.present = np.zeros(len(ids), dtype=bool)
        self.matrix = np.zeros((len(ids), width), dtype=np.float32)
        self._centre: Vector = np.zeros(width, dtype=np.float32)
        self._sketches: NDArray[np.uint64] | None = None
        self.take({row: vectors[key] for row, key in enumerate(ids) if key in vectors})

    def fits(self, query: Vector) -> bool:
        return bool(self.matrix.shape[1] == len(query))

    @property
    def share(self) -> float:
        """The share of passages that have a vector."""
        return float(self.present.mean()) if len(self.present) else 0.0

    def take(self, vectors: Mapping[int, Vector]) -> None:
        """Give these rows their vectors, those as wide as the ones before. Many rows are sketched once, when vectors
        have come for nearly all."""
        if vectors and not self.matrix.shape[1]:
            self.matrix = np.zeros((len(self.present), len(next(iter(vectors.values())))), dtype=np.float32)
        vectors = {row: vector for row, vector in vectors.items() if len(vector) == self.matrix.shape[1]}
        if not vectors:
            return
        rows = np.fromiter(vectors, dtype=np.intp, count=len(vectors))
        for row, vector in vectors.items():
            self.matrix[row] = vector
        if self._sketches is not None:
            self._sketches[rows] = _sketch(self.matrix[rows] - self._centre)
        self.present[rows] = True
        if self._sketches is None and len(self.present) > SKETCH_FROM and self.share >= NEARLY_ALL:
            self._centre = self.matrix[self.present].mean(axis=0)
            self._sketches = _sketches(self.matrix, self._centre)

    def cosines(self, query: Vector, ordinals: NDArray[np.intp]) -> Vector:
        """Cosines of these passages with a unit query; 0 where there is no vector."""
        return np.asarray(self.matrix[ordinals] @ query, dtype=np.float32)

    def top(self, query: Vector, allowed: NDArray[np.bool_] | None, k: int) -> NDArray[np.intp]:
        """The k nearest allowed passages that have a vector, best first."""
        if not self.present.any():
            return np.zeros(0, dtype=np.intp)
        mask = self.present if allowed is None else self.present & allowed
        if self._sketches is None:
            return best(np.where(mask, self.matrix @ query, -np.inf), k)
        near = self._near(query, mask, k * OVERSAMPLE)
        return near[best(self.cosines(query, near), k)]

    def _near(self, query: Vector, mask: NDArray[np.bool_], count: int) -> NDArray[np.intp]:
        """The passages whose signs agree most with the query's, around the corpus' own centre (e5 vectors crowd)."""
        assert self._sketches is not None  # noqa: S101  # told apart by the only caller
        bits = _sketch((query - self._centre)[None, :])[0]
        apart = np.bitwise_count(self._sketches ^ bits).sum(axis=1, dtype=np.uint16)
        return best(np.where(mask, -apart.astype(np.float32), -np.inf), count)

    def rows(self, places: NDArray[np.intp]) -> Vector:
        """The vectors of these rows."""
        return self.matrix[places]


class DenseScans:
    """Scans of several segments as one: a release shares those of the segments it has in common with the one before."""

    def __init__(self, scans: Sequence[DenseScan]) -> None:
        self.scans = tuple(scans)
        self._bases: NDArray[np.intp] = np.cumsum([0, *(len(scan.present) for scan in scans)], dtype=np.intp)

    def fits(self, query: Vector) -> bool:
        return all(scan.fits(query) for scan in self.scans if scan.present.any())

    @property
    def present(self) -> NDArray[np.bool_]:
        if len(self.scans) == 1:
            return self.scans[0].present
        return np.concatenate([np.zeros(0, dtype=bool), *(scan.present for scan in self.scans)])

    def cosines(self, query: Vector, ordinals: NDArray[np.intp]) -> Vector:
        """Cosines of these passages with a unit query; 0 where there is no vector."""
        found = np.zeros(len(ordinals), dtype=np.float32)
        for scan, base, mine in self._shared_out(ordinals):
            if scan.present.any():
                found[mine] = scan.cosines(query, ordinals[mine] - base)
        return found

    def top(self, query: Vector, allowed: NDArray[np.bool_] | None, k: int) -> NDArray[np.intp]:
        """The k nearest allowed passages that have a vector, best first."""
        parts: list[NDArray[np.intp]] = [
            np.add(scan.top(query, None if allowed is None else allowed[base : base + len(scan.present)], k), base)
            for scan, base in zip(self.scans, self._bases[:-1].tolist(), strict=True)
        ]
        if len(parts) == 1:
            return parts[0]
        near: NDArray[np.intp] = np.sort(np.concatenate([np.zeros(0, dtype=np.intp), *parts]))
        return near[best(self.cosines(query, near), k)]

    def take(self, vectors: Mapping[int, Vector]) -> None:
        """Give these rows their vectors."""
        ordinals = np.fromiter(vectors, dtype=np.intp, count=len(vectors))
        for scan, base, mine in self._shared_out(ordinals):
            scan.take({row - base: vectors[row] for row in ordinals[mine].tolist()})

    def rows(self, ordinals: NDArray[np.intp]) -> dict[int, Vector]:
        """The vectors of these passages, of those that have one, by ordinal."""
        found: dict[int, Vector] = {}
        for scan, base, mine in self._shared_out(ordinals):
            wanted = ordinals[mine][scan.present[ordinals[mine] - base]]
            found.update(zip(wanted.tolist(), scan.rows(wanted - base), strict=True))
        return found

    def _shared_out(self, ordinals: NDArray[np.intp]) -> Iterator[tuple[DenseScan, int, NDArray[np.intp]]]:
        """Each scan that some of these are in, where it begins, and which of them it has."""
        owners = np.searchsorted(self._bases, ordinals, side="right") - 1
        for number in np.unique(owners).tolist():
            yield self.scans[number], int(self._bases[number]), np.flatnonzero(owners == number)


def _sketches(matrix: Vector, centre: Vector) -> NDArray[np.uint64]:
    """Those of all rows, a block at a time: beside the matrix no second one is needed."""
    return np.concatenate(
        [_sketch(matrix[at : at + SKETCH_FROM] - centre) for at in range(0, len(matrix), SKETCH_FROM)]
    )


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
