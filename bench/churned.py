"""The same twentieth of a corpus refreshed fifty times, beside the same corpus built once: what grows with refreshes.

`python -m bench.churned FOLDER` opens what was published there, asks the bench's questions and prints what that took:
the memory and the processor time of a server that starts after all these refreshes.
"""

from __future__ import annotations

import gc
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from bench.generated import documents
from bench.querying import QUESTIONS
from bot.refreshing import CorpusWork
from bot.releases import SqlReleaseStore, SqlVectorCache
from db.engine import make_engine, settle
from db.migrating import upgrade
from rag.adapters.hashed import HashedEmbedder
from rag.adapters.segment_files import SegmentFiles
from rag.evaluation.rows import Bar, Row, ratio
from rag.indexing import Indexes
from rag.models import Document, Question
from rag.pipeline import Pipeline
from rag.ports import VectorStore
from rag.reader import Reader

ROOT = Path(__file__).parents[1]
TODAY = date(2026, 11, 22)
WIDTH = 384
KEPT = 20
BAR = Bar(at_most=1.25)
ARTICLES = 16


class FoldedEmbedder:
    """The hashed embedder's vectors folded to the width of the default one's, so that disk and memory are as there."""

    name = f"folded-{WIDTH}"

    def __init__(self) -> None:
        self._hashed = HashedEmbedder()

    def embed_query(self, text: str) -> list[float]:
        wide = np.array(self._hashed.embed_query(text), dtype=np.float32)
        folded = np.pad(wide, (0, -len(wide) % WIDTH)).reshape(-1, WIDTH).sum(axis=0)
        return [float(value) for value in folded / (np.linalg.norm(folded) or 1)]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]


class House:
    """A corpus folder and the data folder it is published into, as the assistant wires them, Chroma included."""

    def __init__(self, folder: Path, vectors: Callable[[Path], VectorStore]) -> None:
        self.folder, self.corpus = folder, folder / "corpus"
        self.corpus.mkdir(parents=True, exist_ok=True)
        engine = make_engine(f"sqlite:///{folder / 'assistant.db'}")
        upgrade(engine)
        store = SqlReleaseStore(engine)
        self.engine = engine
        self.places = Indexes(
            store,
            SegmentFiles(folder / "index" / "segments"),
            SqlVectorCache(engine),
            FoldedEmbedder(),
            vectors(folder / "index" / "chroma"),
        )
        self.reader = Reader(self.places)
        self.work = CorpusWork(
            self.corpus, self.places, self.reader, lambda: datetime.now(UTC), forget=lambda: store.sweep(KEPT)
        )

    def write(self, corpus: Iterable[Document]) -> None:
        for document in corpus:
            (self.corpus / f"{document.id}.txt").write_text(document.text, "utf-8")

    def disk(self) -> int:
        """Bytes of everything but the corpus folder itself, with SQLite's log moved into its file."""
        settle(self.engine)
        files = [path for path in self.folder.rglob("*") if path.is_file() and self.corpus not in path.parents]
        return sum(path.stat().st_size for path in files)


def reworded(document: Document, revision: int, articles: int) -> Document:
    """The document with its first `articles` articles in another wording."""
    lines = document.text.split("\n")
    for place in range(1, min(articles, len(lines) - 1) + 1):
        lines[place] = re.sub(r"。", f"，第{revision}次修订后的申报单位应当信用良好。", lines[place], count=1)
    return Document(document.id, document.title, "\n".join(lines))


def churn(
    size: int = 1_000,
    refreshes: int = 50,
    articles: int = 1,
    vectors: Callable[[Path], VectorStore] | None = None,
    pairs: int = 3,
) -> Iterable[Row]:
    """`articles` of the sixteen of each changed document get another wording at each refresh."""
    if vectors is None:
        from rag.adapters.chroma import embedded

        vectors = embedded
    corpus = documents(size, articles=ARTICLES)
    share = corpus[: max(1, size // 20)]
    with TemporaryDirectory(prefix="bench-") as folder:
        old, memory = House(Path(folder, "old"), vectors), []
        old.write(corpus)
        old.work.refresh()
        for revision in range(1, refreshes + 1):
            old.write(reworded(document, revision, articles) for document in share)
            old.work.refresh()
            memory.append(_resident())
        fresh = House(Path(folder, "fresh"), vectors)
        fresh.write([*(reworded(document, refreshes, articles) for document in share), *corpus[len(share) :]])
        fresh.work.refresh()
        yield from _rows(old, fresh, memory, pairs, f"{size} documents, {articles} of {ARTICLES} articles")


def _rows(old: House, fresh: House, memory: list[int], times: int, told: str) -> Iterator[Row]:
    mb, refreshes = 1e-6, len(memory)
    for name, part in (("disk", ""), ("  of it SQLite", "*.db*"), ("  segments", "segments"), ("  Chroma", "chroma")):
        ours, peer = (_size(house, part) for house in (old, fresh))
        yield ratio(
            f"{name} after {refreshes} refreshes of 5 % ÷ built once, MB",
            ours * mb,
            peer * mb,
            None if part else BAR,
            told,
        )
    pairs = [(_opened(old.folder), _opened(fresh.folder)) for _ in range(times)]
    for key, name in (("memory", "memory of a process that opens it, MB"), ("query", "query, CPU ms")):
        ours, peer = (median(side[key] for side in sides) for sides in zip(*pairs, strict=True))
        yield ratio(f"{name}: after {refreshes} refreshes ÷ built once", ours, peer, BAR)
    first = memory[min(9, refreshes - 1)]
    yield ratio("memory of the process that refreshed, last ÷ 10th time, MB", memory[-1] * mb, first * mb, BAR)


def _size(house: House, part: str) -> int:
    if not part:
        return house.disk()
    folder = house.folder / "index" / part if "*" not in part else house.folder
    found = folder.glob(part) if "*" in part else folder.rglob("*")
    return sum(path.stat().st_size for path in found if path.is_file())


def _resident() -> int:
    gc.collect()
    pages = Path("/proc/self/statm")
    return int(pages.read_text().split()[1]) * 4096 if pages.exists() else 0


def _opened(folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.churned", str(folder)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main(folder: Path) -> int:
    from rag.adapters.memory import MemoryVectorStore

    house = House(folder, lambda _folder: MemoryVectorStore())
    pipeline = Pipeline(house.reader, lambda: TODAY)
    works = [partial(pipeline.answer, Question(text)) for text in QUESTIONS]
    times = []
    for work in works * 6:
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    sys.stdout.write(json.dumps({"memory": _resident() * 1e-6, "query": median(times[len(works) :]) * 1e3}))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
