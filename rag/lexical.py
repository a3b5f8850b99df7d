"""The lexical leg: BM25 over 汉字 unigrams and bigrams, in immutable segments that a publish adds to.

Why our own and not an engine: both legs must rank inside the same set of allowed passages (legal state, place) before
the cut to k, and a publish of one document must cost milliseconds at any size. See docs/adr/0003.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Terms = NDArray[np.uint64]
Ordinals = NDArray[np.int32]

K1, B = 1.2, 0.6
"""Between the textbook's 1.5/.75 and the .9/.4 that long policy passages liked (see docs/adr/0003 for the sweep)."""

COMMON, FEW = 0.35, 4
"""A term in more than this share of the passages is passed over, if this many others are left."""

_WORD = re.compile(r"[a-z0-9]+(?:[.'][a-z0-9]+)*")
_WORD_BIT = 1 << 63


def terms_of(text: str) -> Terms:
    """The terms of a text, with repeats: every 汉字, every pair of neighbouring ones, every Latin or digit run.

    A 汉字 term is its code points, (first << 21 | second), a word term a 63-bit digest under a high bit.
    """
    folded = unicodedata.normalize("NFKC", text).lower()
    points = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    han = _is_han(points)
    pairs = han[:-1] & han[1:]
    words = [_word_term(match) for match in _WORD.findall(folded)]
    return np.concatenate(
        [points[han], (points[:-1][pairs] << np.uint64(21)) | points[1:][pairs], np.array(words, dtype=np.uint64)]
    )


def _is_han(points: NDArray[np.uint64]) -> NDArray[np.bool_]:
    basic, further = (points >= 0x3400) & (points <= 0x9FFF), (points >= 0x20000) & (points <= 0x323AF)
    han: NDArray[np.bool_] = basic | further | (points == 0x3007)
    return han


def _word_term(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "big") | _WORD_BIT


@dataclass(frozen=True, slots=True)
class LexicalSegment:
    """Postings of some passages, by term: `ordinals[offsets[i]:offsets[i + 1]]` hold term `terms[i]`, `counts` times.

    `ids` are passage ids in ordinal order and `lengths` how many terms each has. Arrays are never written to.
    """

    ids: tuple[str, ...]
    terms: Terms
    offsets: NDArray[np.int64]
    ordinals: Ordinals
    counts: Floats
    lengths: Floats

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """For saving: everything as arrays (`ids` as fixed-width bytes)."""
        return {
            "ids": np.array([value.encode() for value in self.ids] or [b""], dtype=np.bytes_)[: len(self.ids)],
            "terms": self.terms,
            "offsets": self.offsets,
            "ordinals": self.ordinals,
            "counts": self.counts,
            "lengths": self.lengths,
        }

    @staticmethod
    def of_arrays(arrays: Mapping[str, NDArray[np.generic]]) -> LexicalSegment:
        ids = tuple(bytes(value).decode() for value in arrays["ids"])
        rest = {name: arrays[name] for name in ("terms", "offsets", "ordinals", "counts", "lengths")}
        return LexicalSegment(ids=ids, **rest)  # type: ignore[arg-type]  # npz forgets element types; `build` wrote them


def build(passages: Sequence[tuple[str, str]]) -> LexicalSegment:
    """A segment of (passage id, text to be searched)."""
    per_passage = [np.unique(terms_of(text), return_counts=True) for _, text in passages]
    lengths = np.array([counts.sum() for _, counts in per_passage], dtype=np.float32)
    if not per_passage:
        empty = np.zeros(0, dtype=np.int32)
        return LexicalSegment(
            (), np.zeros(0, np.uint64), np.zeros(1, np.int64), empty, empty.astype(np.float32), lengths
        )
    owners = np.repeat(np.arange(len(passages), dtype=np.int32), [len(terms) for terms, _ in per_passage])
    every = np.concatenate([terms for terms, _ in per_passage])
    counts = np.concatenate([counts for _, counts in per_passage]).astype(np.float32)
    order = np.argsort(every, kind="stable")
    terms, starts = np.unique(every[order], return_index=True)
    offsets = np.append(starts, len(every)).astype(np.int64)
    return LexicalSegment(tuple(key for key, _ in passages), terms, offsets, owners[order], counts[order], lengths)


def length_unit(total: float, passages: int) -> float:
    """The mean length BM25 divides by, on a grid of 5 %: a small publish leaves every weight as it was."""
    mean = total / passages if passages else 1.0
    return float(1.05 ** round(np.log(max(mean, 1.0)) / np.log(1.05)))


@dataclass(frozen=True, slots=True)
class WeightedSegment:
    """A segment ready to be searched: each posting's BM25 weight before idf, for a given mean length."""

    segment: LexicalSegment
    weights: Floats

    @staticmethod
    def of(segment: LexicalSegment, unit: float) -> WeightedSegment:
        norms = (K1 * (1 - B + B * segment.lengths / unit)).astype(np.float32)
        counts = segment.counts
        return WeightedSegment(
            segment, (counts * np.float32(K1 + 1) / (counts + norms[segment.ordinals])).astype(np.float32)
        )

    def postings(self, terms: Terms) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where each term's postings start and end; both 0 for a term the segment lacks."""
        known = self.segment.terms
        if not len(known):
            none = np.zeros(len(terms), dtype=np.int64)
            return none, none
        places = np.minimum(np.searchsorted(known, terms), len(known) - 1)
        found = known[places] == terms
        return np.where(found, self.segment.offsets[places], 0), np.where(found, self.segment.offsets[places + 1], 0)


_Dead = tuple[NDArray[np.int64], NDArray[np.int64]]
_NO_DEAD: _Dead = (np.zeros(0, np.int64), np.zeros(0, np.int64))


class LexicalIndex:
    """The segments of one release, searched as one. Passages that are not alive count for nothing.

    What `before`, the index of another release, has weighed already is not weighed again.
    """

    def __init__(
        self,
        segments: Sequence[LexicalSegment],
        alive: Sequence[NDArray[np.bool_]],
        before: LexicalIndex | None = None,
    ) -> None:
        total = sum(float(segment.lengths[mask].sum()) for segment, mask in zip(segments, alive, strict=True))
        self.size = sum(int(mask.sum()) for mask in alive)
        self._unit: float = length_unit(total, self.size)
        same: list[WeightedSegment] = before._segments if before is not None and before._unit == self._unit else []
        weighed = {id(weighted.segment): weighted for weighted in same}
        self._segments: list[WeightedSegment] = [
            weighed.get(id(one)) or WeightedSegment.of(one, self._unit) for one in segments
        ]
        self._alive = [None if mask.all() else mask for mask in alive]
        self._dead: list[_Dead | None] = [None] * len(segments)
        self._bases = np.cumsum([0, *(len(segment.ids) for segment in segments)]).tolist()

    def scores(self, query: Mapping[int, float]) -> Floats:
        """BM25 of every passage, in segment order, for terms with weights. Callers mask the dead out."""
        ranges, frequencies = self._found(query)
        weights = np.fromiter(query.values(), dtype=np.float64, count=len(query)) * self._idf(frequencies)
        worth = self._worth(frequencies)
        result = np.zeros(self._bases[-1], dtype=np.float32)
        for number, (segment, (starts, ends)) in enumerate(zip(self._segments, ranges, strict=True)):
            used = worth & (ends > starts)
            if used.any():
                spans = list(zip(starts[used].tolist(), ends[used].tolist(), weights[used].tolist(), strict=True))
                result[self._bases[number] : self._bases[number + 1]] = _sum(segment, spans)
        return result

    def ceiling(self, query: Mapping[int, float]) -> float:
        """Σ weight · idf of the terms."""
        frequencies = self._found(query)[1]
        weights = np.fromiter(query.values(), dtype=np.float64, count=len(query))
        return float((weights * self._idf(frequencies)).sum())

    def matched(self, query: Mapping[int, float]) -> dict[int, int]:
        """How many live passages hold each term."""
        return dict(zip(query, self._found(query)[1].tolist(), strict=True))

    def _found(
        self, query: Mapping[int, float]
    ) -> tuple[list[tuple[NDArray[np.int64], NDArray[np.int64]]], NDArray[np.int64]]:
        """Each segment's postings of the terms, and how many live passages hold each term."""
        terms = np.fromiter(query, dtype=np.uint64, count=len(query))
        ranges = [segment.postings(terms) for segment in self._segments]
        total = np.zeros(len(terms), dtype=np.int64)
        for number, (starts, ends) in enumerate(ranges):
            total += ends - starts
            if self._alive[number] is not None:
                total -= self._dead_among(number, starts, ends)
        return ranges, total

    def _dead_among(self, number: int, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many of each term's postings are of dead passages. All terms that have any are counted once, when a
        question first needs it: a pass over the segment, and then what has died and not what is there."""
        if self._dead[number] is None:
            self._dead[number] = _dead_postings(self._segments[number].segment, self._alive[number])
        known, counts = self._dead[number] or _NO_DEAD
        if not len(known):
            return np.zeros(len(starts), dtype=np.int64)
        places = np.minimum(np.searchsorted(known, starts), len(known) - 1)
        return np.where((known[places] == starts) & (ends > starts), counts[places], 0)

    def _worth(self, frequencies: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Terms that tell passages apart: those in over a third cost four fifths of the time and changed no figure.

        Where too little would be left, all of them count.
        """
        rare = (frequencies > 0) & (frequencies <= COMMON * self.size)
        return rare if int(rare.sum()) >= FEW else frequencies > 0

    def _idf(self, frequencies: NDArray[np.int64]) -> NDArray[np.float64]:
        idf: NDArray[np.float64] = np.log1p((self.size - frequencies + 0.5) / (frequencies + 0.5))
        return idf


def _dead_postings(segment: LexicalSegment, alive: NDArray[np.bool_] | None) -> _Dead:
    """Where the postings of each term begin that stands in a dead passage, and in how many."""
    if alive is None:
        return _NO_DEAD
    places = np.flatnonzero(~alive[segment.ordinals])
    terms, counts = np.unique(np.searchsorted(segment.offsets, places, side="right") - 1, return_counts=True)
    return segment.offsets[terms], counts


def _sum(segment: WeightedSegment, spans: Sequence[tuple[int, int, float]]) -> Floats:
    ordinals = np.concatenate([segment.segment.ordinals[start:end] for start, end, _ in spans])
    weights = np.concatenate([segment.weights[start:end] * weight for start, end, weight in spans])
    return np.bincount(ordinals, weights=weights, minlength=len(segment.segment.ids)).astype(np.float32)
