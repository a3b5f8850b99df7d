"""Question terms and a question vector → the passages that fit best, inside the documents that are allowed.

Lexical score of a passage = its own BM25 and, at a lower weight, that of its whole document. The dense leg adds its
cosine at a weight that a self-check earned (see docs/adr/0003), so that the blend does not fall below its better leg.
Scores are scaled by min–max inside the union of both legs' best fifty: ranks would throw away by how much the lexical
leg is sure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.dense import best
from rag.models import Hit
from rag.opened import Mask, OpenRelease
from rag.ports import Vector, VectorStoreError

POOL = 50
WHOLE_WEIGHT = 0.4


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for: weighted lexical terms, a unit vector (None: lexically only) and how much it counts."""

    terms: Mapping[int, float]
    vector: Vector | None = None
    dense_weight: float = 0.0
    named: Mapping[int, float] | None = None
    """Documents, by row, that the question names by title or 文号, and how surely: they lead."""
    factors: NDArray[np.float32] | None = None
    """What each document's passages keep of their score, by row (nearer places first)."""


def search(release: OpenRelease, wanted: Search, documents: Mask | None = None, k: int = 10) -> list[Hit]:
    """The k best passages of the allowed documents (rows of `release.documents`), best first. Empty if none matches."""
    allowed = release.allowed(documents)
    lexical = _lexical(release, wanted, allowed)
    pool, cosines = _pool(release, wanted, allowed, lexical)
    if not len(pool):
        return []
    fused = scaled(lexical[pool])
    if cosines is not None:
        fused = (1 - wanted.dense_weight) * fused + wanted.dense_weight * scaled(cosines)
    fused = _adjusted(fused, release.owners[pool], wanted)
    ranked = best(fused, k)
    found = release.passages([release.ids[place] for place in pool[ranked]])
    return [
        Hit(passage, float(fused[row]), float(lexical[pool[row]]), None if cosines is None else float(cosines[row]))
        for passage, row in zip(found, ranked, strict=True)
    ]


def _lexical(release: OpenRelease, wanted: Search, allowed: Mask) -> NDArray[np.float32]:
    """The lexical leg's score of every passage, each part as a share of the best; 0 where nothing may be shown."""
    own = _share(np.where(allowed, release.lexical.scores(wanted.terms), 0))
    whole = release.whole_scores(wanted.terms)
    for row, sureness in (wanted.named or {}).items():
        whole[row] += 4 * sureness * max(float(whole.max(initial=0.0)), 1.0)
    spread = np.append(_share(whole), 0).astype(np.float32)[release.owners]
    return np.where(allowed, own + np.float32(WHOLE_WEIGHT) * spread, 0).astype(np.float32)


def _pool(
    release: OpenRelease, wanted: Search, allowed: Mask, lexical: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.float32] | None]:
    pool = best(np.where(lexical > 0, lexical, -np.inf), POOL)
    if wanted.vector is None or release.dense is None or wanted.dense_weight <= 0:
        return pool, None
    if not release.dense.fits(wanted.vector):  # the server changed its model; the passages are embedded anew behind
        return pool, None
    try:
        union = np.union1d(pool, release.dense.top(wanted.vector, allowed, POOL))
        return union, release.dense.cosines(wanted.vector, union)
    except VectorStoreError:  # the store is a cache: without it the lexical leg answers alone
        return pool, None


def _adjusted(fused: NDArray[np.float32], rows: NDArray[np.int32], wanted: Search) -> NDArray[np.float32]:
    if wanted.factors is not None:
        fused = fused * wanted.factors[rows]
    for row, sureness in (wanted.named or {}).items():
        fused = np.where(rows == row, fused + np.float32(sureness), fused)
    return fused


def _share(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    top = float(scores.max(initial=0.0))
    return scores / np.float32(top) if top > 0 else scores


def scaled(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    low, high = float(scores.min()), float(scores.max())
    return (scores - np.float32(low)) / np.float32(high - low) if high > low else np.ones_like(scores)
