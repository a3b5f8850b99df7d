"""What one query costs: as the corpus grows, and beside Chroma's own search. The vector of the question is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import date
from functools import partial
from math import log
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bench.generated import documents
from bench.timing import alternating, p50
from rag.evaluation.rows import Bar, Row, unmeasured
from rag.evaluation.shelves import open_library
from rag.opened import OpenRelease
from rag.pipeline import Limits, terms_for_search
from rag.ports import Vector
from rag.retrieval import Search, search

TODAY = date(2026, 11, 22)
WIDTH = 384
OF_NCP = 2_000
"""Passages of the public set ncp, nearly."""

QUESTIONS = (
    "科技型中小企业贷款贴息最高多少万元",
    "高校毕业生安家补贴怎么申报",
    "孵化器场地租金补贴连续支持几年",
    "软件企业首次认定奖励一次性给多少",
    "制造业企业设备更新补助按百分之几",
    "海洋企业上市补助可以叠加吗",
    "创业团队人才津贴几月申报",
    "科研院所成果转化资助由谁审核",
    "小微企业算力补贴上限",
    "高新技术企业研发投入奖补条件",
)


def growth(sizes: Sequence[int] = (2_000, 6_500, 20_000), rounds: int = 9) -> Iterable[Row]:
    """The slope of log CPU on log passages, the sizes in turns; texts and vectors are generated."""
    indexes = [_opened(size) for size in sizes]
    works = [[_query(opened, text, vector) for text, vector in _asked()] for opened in indexes]
    taken: list[list[float]] = [[] for _ in sizes]
    for _ in range(rounds + 1):
        for place, queries in enumerate(works):
            taken[place].append(p50(queries))
    costs = [median(times[1:]) for times in taken]  # the first round warms the caches
    points = [(len(opened.ordinal), cost) for opened, cost in zip(indexes, costs, strict=True)]
    slope, bar = _slope(points), Bar(at_most=0.5)
    shown = "; ".join(f"{size} passages {cost * 1e3:.2f} ms" for size, cost in points)
    yield Row("growth exponent of query CPU, 2 k → 20 k passages", slope, bar=bar, passed=bar.met_by(slope), note=shown)


def beside_chroma(pairs: int = 9) -> Iterable[Row]:
    """Our retrieval from the question's words on, against LangChain's search of a Chroma of the same passages."""
    name, bar = "retrieval without embedding, p50 ÷ Chroma similarity_search, CPU ms", Bar(at_most=1.0)
    opened = _opened(OF_NCP)
    asked = list(_asked())
    ours = [_query(opened, text, vector) for text, vector in asked]
    with TemporaryDirectory(prefix="bench-") as folder:
        theirs = _chroma(opened, [vector for _, vector in asked], folder)
        if theirs is None:
            yield unmeasured(name, bar, "langchain-chroma is not installed: make bench installs it")
            return
        p50([*ours, *theirs])
        taken = alternating(partial(p50, ours), partial(p50, theirs), pairs)
    yield taken.row(name, bar, f"{len(opened.ordinal)} passages; {taken.spread}", scale=1e3)


def _chroma(opened: OpenRelease, asked: Sequence[Vector], folder: str) -> list[Callable[[], object]] | None:
    """The peer's queries over the same passages and vectors; None where it is not installed."""
    try:
        import chromadb
        from langchain_chroma import Chroma
    except ImportError:
        return None
    client = chromadb.PersistentClient(folder)
    store = Chroma(client=client, collection_name="peer", collection_metadata={"hnsw:space": "cosine"})
    collection, vectors = client.get_collection("peer"), _vectors(len(opened.ids), seed=2)
    texts = [passage.text for passage in opened.passages(opened.ids)]
    for start in range(0, len(texts), 2_000):
        part = slice(start, start + 2_000)
        collection.add(ids=opened.ids[part], embeddings=vectors[part], documents=texts[part])
    return [partial(store.similarity_search_by_vector, vector.tolist(), k=4) for vector in asked]


def _opened(passages: int) -> OpenRelease:
    """A release of that many generated passages, with generated vectors."""
    with ExitStack() as stack:
        opened = open_library(documents(passages // 8, articles=8), None, stack).shelf.opened
    vectors = _vectors(len(opened.ids), seed=2)
    opened.give_vectors(dict(zip(opened.ids, vectors, strict=True)))
    return opened


def _asked() -> Iterable[tuple[str, Vector]]:
    vectors = _vectors(3 * len(QUESTIONS), seed=3)
    return ((QUESTIONS[place % len(QUESTIONS)], vector) for place, vector in enumerate(vectors))


def _vectors(count: int, seed: int) -> Any:
    """Clustered unit vectors, as an encoder's are."""
    dice = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(size=(64, WIDTH))
    rows = centres[dice.integers(0, 64, count)] + 0.6 * dice.normal(size=(count, WIDTH))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _query(opened: OpenRelease, text: str, vector: Any) -> Callable[[], object]:
    return lambda: search(opened, Search(terms_for_search(text, TODAY), vector, Limits().dense_weight), None, 10)


def _slope(points: Sequence[tuple[int, float]]) -> float:
    xs, ys = [log(size) for size, _ in points], [log(cost) for _, cost in points]
    return float(np.polyfit(xs, ys, 1)[0])
