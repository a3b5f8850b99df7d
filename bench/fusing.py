"""Both legs together beside the better of the two: the blend must not fall below it, however weak the encoder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from bench.embedders import embedders
from rag.evaluation.public_sets import PublicSet, read_cmrc, read_ncp
from rag.evaluation.rows import Bar, Row, ratio, unmeasured
from rag.evaluation.shelves import open_library
from rag.opened import OpenRelease
from rag.pipeline import Limits, terms_for_search
from rag.ports import Embedder
from rag.retrieval import Search, search

TODAY = date(2026, 11, 22)
BARS = {"default": Bar(at_least=1.005), "weak": Bar(at_least=0.995)}
LEXICAL, DENSE = 0.0, 1.0


@dataclass(frozen=True, slots=True)
class Leaders:
    """Which document leads for each question, by either leg alone and by both."""

    lexical: tuple[str | None, ...]
    dense: tuple[str | None, ...]
    fused: tuple[str | None, ...]

    @property
    def decided(self) -> str:
        """The share of questions on which the legs differ, and whose leader then led."""
        differ = [legs for legs in zip(self.lexical, self.dense, self.fused, strict=True) if legs[0] != legs[1]]
        by_words = sum(fused == lexical for lexical, _, fused in differ)
        by_meaning = sum(fused == dense for _, dense, fused in differ)
        total = max(len(self.fused), 1)
        led = f"lexical led {by_words / total:.1%}, dense {by_meaning / total:.1%}"
        return f"the legs differ on {len(differ) / total:.0%}: {led}"


def fusion(root: Path, data: Path | None) -> Iterable[Row]:
    """hit@1 of both legs ÷ that of the better one, with each embedder. The bar stands on ncp."""
    for side, embedder in embedders(root).items():
        for name, bar in (("ncp", BARS[side]), ("cmrc2018", None)):
            title = f"{name} hit@1, fused ÷ better leg ({side} embedder)"
            found = _read(name, data)
            if found is None or embedder is None:
                yield unmeasured(title, bar, "the set or the embedder is not here")
            else:
                yield _row(title, found, leaders(found, embedder), bar)


def _read(name: str, data: Path | None) -> PublicSet | None:
    folder = data / name if data else None
    if folder is None or not folder.is_dir():
        return None
    return read_ncp(folder) if name == "ncp" else read_cmrc(folder)


def leaders(found: PublicSet, embedder: Embedder) -> Leaders:
    """Ask every question of each leg and of both."""
    with ExitStack() as stack:
        opened = open_library(found.documents, embedder, stack).shelf.opened
    weights = (LEXICAL, DENSE, Limits().dense_weight)
    asked = [(one.text, np.asarray(embedder.embed_query(one.text), dtype=np.float32)) for one in found.questions]
    lexical, dense, fused = (tuple(_leader(opened, text, v, weight) for text, v in asked) for weight in weights)
    return Leaders(lexical, dense, fused)


def _leader(opened: OpenRelease, text: str, vector: np.ndarray, weight: float) -> str | None:
    terms: Mapping[int, float] = {} if weight == DENSE else terms_for_search(text, TODAY)
    hits = search(opened, Search(terms, None if weight == LEXICAL else vector, weight), None, 1)
    return hits[0].passage.document if hits else None


def _row(title: str, found: PublicSet, led: Leaders, bar: Bar | None) -> Row:
    lexical, dense, fused = (_right(found, leaders) for leaders in (led.lexical, led.dense, led.fused))
    note = f"lexical {lexical:.4f}, dense {dense:.4f}; {led.decided}"
    return ratio(title, fused, max(lexical, dense), bar, note)


def _right(found: PublicSet, led: Sequence[str | None]) -> float:
    return sum(document in one.gold for document, one in zip(led, found.questions, strict=True)) / len(led)
