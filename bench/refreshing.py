"""A refresh of one document beside a full rebuild: what a publish costs must not grow with the corpus."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from math import log
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from bench.generated import documents, edited
from bench.timing import alternating, cpu, mean_of
from bot.refreshing import CorpusWork
from bot.releases import SqlReleaseStore, SqlVectorCache
from db.engine import make_engine
from db.migrating import upgrade
from rag.adapters.hashed import HashedEmbedder
from rag.adapters.segment_files import SegmentFiles
from rag.evaluation.rows import Bar, Row, figure, ratio
from rag.indexing import Indexes, fill_vectors, publish, publish_one
from rag.models import Document
from rag.reader import Reader, Shelf
from rag.remembering import SETTLED
from rag.segments import embedded_text

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ROUND = 6
"""Refreshes a mean is taken over: every third one merges segments, and pays for the two before it."""

ARTICLES = 16
"""Articles of a generated document: about 1,350 characters, between our digests (1,100) and ncp's notices (1,500)."""


def refresh(sizes: Sequence[int] = (100, 1_000)) -> Iterable[Row]:
    """One changed document of N, against building all N: cut, lexical segment, SQL and vectors.

    The embedder is the hashed one (1 ms a passage): with the default one (150 ms) embedding is nearly all of both
    sides, and the ratio falls to that of the passages embedded. Documents are as long as our digests and ncp's notices.
    """
    costs: dict[str, list[tuple[int, float]]] = {_PUBLISHED: [], _WHOLE: []}
    for size in sizes:
        with TemporaryDirectory(prefix="bench-") as folder:
            corpus = documents(size, articles=ARTICLES)
            for name, row in _refreshed(corpus, Path(folder), pairs=3 if size < 500 else 2):
                costs[name].append((size, float(row.value or 0)))
                yield row
    for name, points in costs.items():
        slope = growth_of(points)
        told = "; ".join(f"{size}: {cost * 1e3:.1f} ms" for size, cost in points)
        yield figure(f"growth exponent of {name}", slope, Bar(at_most=0.15) if name == _PUBLISHED else None, told)


_PUBLISHED = "a refresh of one document"
_WHOLE = "one from the folder to the next question"


def _refreshed(corpus: Sequence[Document], folder: Path, pairs: int) -> Iterator[tuple[str, Row]]:
    places, changed = _build(corpus, folder / "kept"), map(edited, corpus)
    written = [_refresh(next(changed), places)]  # the first pays for caches of the database driver
    taken = alternating(
        lambda: mean_of([partial(lambda d: written.append(_refresh(d, places)), next(changed)) for _ in range(ROUND)]),
        lambda: cpu(partial(_build, corpus, folder / f"full-{len(list(folder.iterdir()))}")),
        pairs,
    )
    passages, bar = len(_shelf(places).opened.ordinal), Bar(at_most=3 / len(corpus))
    counted = f"hashed embedder; {max(written)} of {passages} passages cut, embedded and written; {taken.spread}"
    yield _PUBLISHED, taken.row(f"refresh of 1 of {len(corpus)} documents ÷ full rebuild, CPU s", bar, counted)
    whole = [mean_of(works) for works in _from_the_folder(corpus, folder / "folder", pairs)]
    name = f"refresh of 1 of {len(corpus)}, from the folder to the next question ÷ full rebuild, CPU s"
    yield _WHOLE, ratio(name, median(whole), median(taken.peer), None, f"{min(whole):.3g}–{max(whole):.3g} s")


def _from_the_folder(corpus: Sequence[Document], folder: Path, times: int) -> Iterator[list[Callable[[], object]]]:
    """A file is changed, and all of it follows: the folder is looked through, the release published and opened, its
    vectors made, the releases that are too many forgotten."""
    own = folder / "corpus"
    own.mkdir(parents=True)
    for document in corpus:
        (own / f"{document.id}.txt").write_text(document.text, "utf-8")
        os.utime(own / f"{document.id}.txt", (0, 0))
    places = _places(folder)
    store, reader = SqlReleaseStore(make_engine(f"sqlite:///{folder / 'bench.db'}")), Reader(places)
    work = CorpusWork(own, places, reader, lambda: NOW, forget=lambda: store.sweep(20))
    work.refresh()
    time.sleep(SETTLED * 1e-9)  # what was written this moment is read again, the first time
    changed = map(edited, corpus)

    def one() -> None:
        document = next(changed)
        (own / f"{document.id}.txt").write_text(document.text, "utf-8")
        work.refresh()
        reader.shelf()

    one()
    for _ in range(times):
        yield [one] * ROUND


def growth_of(points: Sequence[tuple[int, float]]) -> float | None:
    """The slope of log cost on log size between the first and the last; None of fewer than two."""
    if len(points) < 2:
        return None
    (small, cheap), (large, dear) = points[0], points[-1]
    return log(dear / cheap) / log(large / small)


def _shelf(places: Indexes) -> Shelf:
    shelf = Reader(places).shelf()
    if shelf is None:  # a build publishes
        raise RuntimeError("nothing was published")
    return shelf


def _places(folder: Path) -> Indexes:
    folder.mkdir(exist_ok=True)
    engine = make_engine(f"sqlite:///{folder / 'bench.db'}")
    upgrade(engine)
    return Indexes(SqlReleaseStore(engine), SegmentFiles(folder / "segments"), SqlVectorCache(engine), HashedEmbedder())


def _build(corpus: Sequence[Document], folder: Path) -> Indexes:
    places = _places(folder)
    publish(corpus, places, NOW)
    fill_vectors(_shelf(places).opened, places)
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
    vectors = embedder.embed_documents([embedded_text(passage) for passage in wanted])
    places.cache.put(
        embedder.name, {p.id: np.asarray(v, dtype=np.float32) for p, v in zip(wanted, vectors, strict=True)}
    )
    return done.written
