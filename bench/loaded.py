"""Refreshes while questions are asked: nobody gets an answer of two releases or none, and nobody waits much longer.

A copy of the corpus is refreshed the way the server does it (CorpusWork, beside whoever asks), each time with a
twentieth of its policies and every thirteenth reworded, so that what an answer quotes says which revision it is from.
Windows without and with a refresh take turns; what they take is by the clock, since waiting is what a refresh may cost.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bench.generated import documents
from bot.refreshing import CorpusWork
from bot.releases import SqlReleaseStore, SqlVectorCache
from db.engine import make_engine
from db.migrating import upgrade
from rag.adapters.hashed import HashedEmbedder
from rag.adapters.segment_files import SegmentFiles
from rag.evaluation.rows import Bar, Row, figure, ratio
from rag.indexing import Indexes
from rag.models import Answer, AnswerStatus, Citation, Question, Release
from rag.pipeline import Pipeline
from rag.ports import ReleaseStore
from rag.reader import Reader

TODAY = date(2026, 11, 22)
READERS = 4
KEPT = 20
_CLAUSE = re.compile(r"^(?![#>\-|\s{])(.*)。$", re.MULTILINE)
NOTHING = {AnswerStatus.NOT_READY, AnswerStatus.INTERNAL, AnswerStatus.BUSY, AnswerStatus.EMPTY}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question asked at `began` (seconds by the clock), what came back, and how long that took."""

    question: str
    answer: Answer
    began: float
    seconds: float


@dataclass(slots=True)
class Ground:
    """A copy of the corpus under refreshes. `shown` are the texts of every release there was, by passage."""

    folder: Path
    places: Indexes
    reader: Reader
    work: CorpusWork
    pipeline: Pipeline
    shown: dict[str, Mapping[str, str]] = field(default_factory=dict)
    refreshes: list[tuple[float, float]] = field(default_factory=list)

    def note(self) -> None:
        """Keep what the live release shows, to hold answers against it later: releases are forgotten in time."""
        live = self.places.store.live()
        if live is not None and live.id not in self.shown:
            self.shown[live.id] = _texts(live, self.places.store)

    def reword(self, revision: int, names: Iterable[str]) -> None:
        for name in names:
            path = self.folder / name
            plain = re.sub(r"（第[0-9]+次修订）", "", path.read_text("utf-8"))
            path.write_text(_CLAUSE.sub(rf"\1（第{revision}次修订）。", plain), "utf-8")

    def refresh(self) -> None:
        began = time.perf_counter()
        ended = threading.Event()
        self.work.begin("bench", lambda _run: ended.set())
        ended.wait()
        self.refreshes.append((began, time.perf_counter()))
        self.note()


def load(root: Path, refreshes: int = 20, questions: int = 10_000, size: int = 0) -> Iterable[Row]:
    """`size`: fill the corpus up to so many documents with generated ones."""
    with TemporaryDirectory(prefix="bench-") as folder:
        ground = _ground(root / "policies_corpus", Path(folder), size)
        asked = _questions(root)[: max(READERS, questions // 60)]
        expected = {text: ground.pipeline.answer(Question(text)).status for text in asked}
        window = questions // (2 * refreshes)
        idle, loaded = [], []
        for revision in range(1, refreshes + 1):
            idle += _window(ground, asked, window)
            ground.reword(revision, _changed(ground, revision))
            loaded += _window(ground, asked, window, ground.refresh)
        yield from _rows(ground, idle, loaded, expected)


def _ground(corpus: Path, folder: Path, size: int) -> Ground:
    own = folder / "corpus"
    shutil.copytree(corpus, own, ignore=shutil.ignore_patterns("_vectors"))
    held = sum(1 for path in own.rglob("*.md") if path.name != "README.md" and not path.name.startswith("_"))
    for document in documents(max(0, size - held), articles=16):
        (own / f"{document.id}.txt").write_text(document.text, "utf-8")
    engine = make_engine(f"sqlite:///{folder / 'assistant.db'}")
    upgrade(engine)
    store = SqlReleaseStore(engine)
    places = Indexes(store, SegmentFiles(folder / "segments"), SqlVectorCache(engine), HashedEmbedder())
    reader = Reader(places, stale_after_days=3650)
    work = CorpusWork(own, places, reader, lambda: datetime.now(UTC), forget=lambda: store.sweep(KEPT))
    ground = Ground(own, places, reader, work, Pipeline(reader, lambda: TODAY))
    work.refresh()
    ground.note()
    return ground


def _questions(root: Path) -> list[str]:
    """Golden questions that one policy answers; what they are judged by plays no part here."""
    lines = (root / "tests" / "evals" / "golden.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [row["question"] for row in rows if row["statuses"] == ["answered"] and not row["history"]][:150]


def _changed(ground: Ground, revision: int) -> list[str]:
    """A twentieth of the files, another one each time, and the same thirteenth."""
    names = sorted(str(path.relative_to(ground.folder)) for path in ground.folder.rglob("*.md"))
    names = [name for name in names if not name.rsplit("/", 1)[-1].startswith(("_", "README"))]
    share = max(1, len(names) // 20)
    turn = [names[(revision * share + place) % len(names)] for place in range(share)]
    return sorted({*turn, *names[::13]})


def _window(ground: Ground, asked: Sequence[str], count: int, beside: object = None) -> list[Asked]:
    """`count` questions over the readers, with a refresh beside them from the first on."""
    done: list[Asked] = []
    ended = threading.Event()

    def ask(number: int) -> None:
        dice = random.Random(number)  # noqa: S311  # an order of questions
        for _ in range(count // READERS):
            text, began = dice.choice(asked), time.perf_counter()
            answer = ground.pipeline.answer(Question(text))
            done.append(Asked(text, answer, began, time.perf_counter() - began))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(READERS)]
    if callable(beside):
        threads.append(threading.Thread(target=beside))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended.set()
    return done


def _texts(release: Release, store: ReleaseStore) -> Mapping[str, str]:
    versions = store.versions(release.documents.values())
    found = store.passages([span.passage for version in versions for span in version.spans])
    return {key: passage.text for key, passage in found.items()}


def _rows(
    ground: Ground, idle: Sequence[Asked], loaded: Sequence[Asked], expected: Mapping[str, AnswerStatus]
) -> Iterator[Row]:
    every = [*idle, *loaded]
    releases = Counter(one.answer.release for one in every)
    during = [one for one in loaded if _overlaps(one, ground.refreshes)]
    took = sum(end - begin for begin, end in ground.refreshes) / len(ground.refreshes)
    told = f"{len(ground.refreshes)} refreshes of {took * 1e3:.0f} ms, {len(every)} questions, {READERS} readers"
    mixed = sum(_strange(one.answer, ground.shown) for one in every)
    seen = sum(bool(re.search("次修订", claim.text)) for one in every for claim in one.answer.claims)
    spread = f"{told}; {len(releases)} releases named, {seen} claims with their revision"
    yield figure("answers that mix releases", mixed, Bar(at_most=0), spread)
    empty = sum(one.answer.status in NOTHING or _hollow(one.answer) for one in every)
    yield figure("answers that are empty", empty, Bar(at_most=0))
    other = sum(one.answer.status is not expected[one.question] for one in every)
    yield figure("answers of another status than before the first rewording", other)
    yield _p95("p95 in windows with a refresh ÷ without, ms", loaded, idle, Bar(at_most=1.5))
    yield _p95("p95 while a refresh runs ÷ without, ms", during, idle, Bar(at_most=1.5))


def _p95(name: str, ours: Sequence[Asked], peer: Sequence[Asked], bar: Bar) -> Row:
    mine, theirs = (np.array([one.seconds for one in part]) * 1e3 for part in (ours, peer))
    note = f"{len(mine)} and {len(theirs)} questions; p50 {np.median(mine):.1f} and {np.median(theirs):.1f}; "
    note += f"longest {mine.max():.0f} and {theirs.max():.0f}"
    return ratio(name, float(np.quantile(mine, 0.95)), float(np.quantile(theirs, 0.95)), bar, note)


def _overlaps(one: Asked, refreshes: Sequence[tuple[float, float]]) -> bool:
    return any(one.began < end and one.began + one.seconds > begin for begin, end in refreshes)


def _strange(answer: Answer, shown: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether anything that an answer quotes or shows is not, word for word, in the release that it names."""
    texts = shown.get(answer.release or "", {})
    cards: list[Citation] = [*answer.citations, *answer.nearest]
    quoted = [(quote.passage, quote.quote) for claim in answer.claims for quote in claim.quotes]
    quoted += [(card.passage, card.quote) for card in cards]
    quoted += [(hit.passage.id, hit.passage.text) for hit in answer.hits]
    return any(words not in texts.get(passage, "") for passage, words in quoted)


def _hollow(answer: Answer) -> bool:
    return answer.status is AnswerStatus.ANSWERED and not (answer.claims or answer.citations or answer.nearest)
