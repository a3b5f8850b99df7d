"""A refresh of one document beside a full rebuild: what a publish costs must not grow with the corpus."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from bench.generated import documents, edited
from bench.timing import alternating, cpu, p50
from bot.releases import SqlReleaseStore, SqlVectorCache
from db.engine import make_engine
from db.migrating import upgrade
from rag.adapters.hashed import HashedEmbedder
from rag.adapters.segment_files import SegmentFiles
from rag.evaluation.rows import Bar, Row, ratio
from rag.indexing import Indexes, fill_vectors, publish, publish_one
from rag.models import Document
from rag.reader import Reader, Shelf
from rag.segments import embedded_text

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ARTICLES = 16
"""Articles of a generated document: about 1,350 characters, between our digests (1,100) and ncp's notices (1,500)."""


def refresh(sizes: Sequence[int] = (100, 1_000)) -> Iterable[Row]:
    """One changed document of N, against building all N: cut, lexical segment, SQL and vectors.

    The embedder is the hashed one (1 ms a passage): with the default one (150 ms) embedding is nearly all of both
    sides, and the ratio falls to that of the passages embedded. Documents are as long as our digests and ncp's notices.
    """
    for size in sizes:
        with TemporaryDirectory(prefix="bench-") as folder:
            yield from _refreshed(documents(size, articles=ARTICLES), Path(folder), pairs=3 if size < 500 else 2)


def _refreshed(corpus: Sequence[Document], folder: Path, pairs: int) -> Iterable[Row]:
    places, changed = _build(corpus, folder / "kept"), map(edited, corpus)
    written = [_refresh(next(changed), places)]  # the first pays for caches of the database driver
    taken = alternating(
        lambda: p50([partial(lambda d: written.append(_refresh(d, places)), next(changed)) for _ in range(3)]),
        lambda: cpu(partial(_build, corpus, folder / f"full-{len(list(folder.iterdir()))}")),
        pairs,
    )
    passages = len(_shelf(places).opened.ordinal)
    counted = f"hashed embedder; {max(written)} of {passages} passages cut, embedded and written; {taken.spread}"
    yield taken.row(
        f"refresh of 1 of {len(corpus)} documents ÷ full rebuild, CPU s", Bar(at_most=3 / len(corpus)), counted
    )
    reader = Reader(places)
    reader.shelf()
    reopened = [cpu(partial(_refresh_and_reopen, next(changed), places, reader)) for _ in range(3)]
    name = f"refresh of 1 of {len(corpus)}, and opened for the next question ÷ full rebuild, CPU s"
    yield ratio(name, median(reopened), median(taken.peer), None, f"{min(reopened):.3g}–{max(reopened):.3g} s")


def _shelf(places: Indexes) -> Shelf:
    shelf = Reader(places).shelf()
    if shelf is None:  # a build publishes
        raise RuntimeError("nothing was published")
    return shelf


def _refresh_and_reopen(document: Document, places: Indexes, reader: Reader) -> None:
    _refresh(document, places)
    reader.shelf()


def _build(corpus: Sequence[Document], folder: Path) -> Indexes:
    folder.mkdir()
    engine = make_engine(f"sqlite:///{folder / 'bench.db'}")
    upgrade(engine)
    places = Indexes(
        SqlReleaseStore(engine), SegmentFiles(folder / "segments"), SqlVectorCache(engine), HashedEmbedder()
    )
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
