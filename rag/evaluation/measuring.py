"""Start here for `make eval`: golden questions and public sets → one table and `build/eval.json`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rich.console import Console

from rag.adapters.vector_file import read_vectors
from rag.corpus import read_corpus
from rag.evaluation import golden as goldens
from rag.evaluation import public_sets, removed, rows
from rag.evaluation.kept_vectors import KeptEmbedder
from rag.evaluation.reranked import compare_reranked
from rag.evaluation.rows import Row, unmeasured
from rag.evaluation.shelves import Library, open_library
from rag.evaluation.with_model import compare, drawn
from rag.model_answers.following import Follower
from rag.model_answers.guarded import GuardedModel
from rag.model_answers.writing import Writer
from rag.pipeline import Limits, Pipeline
from rag.ports import Embedder, EmbedderError, Vector, VectorStoreError
from rag.reranking import Reranking

TODAY = date(2026, 11, 22)
"""The day the golden questions are asked on (tests/evals/README.md): legal states must not drift under the figures."""


def today() -> date:
    return TODAY


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a measurement stands on. Without an `embedder` on this machine, what needs one is left unmeasured."""

    root: Path
    sets: Path | None
    embedder: Embedder | None
    stack: ExitStack
    console: Console

    def say(self, text: str) -> None:
        self.console.print(f"[dim]{text}[/]")


def run(
    root: Path,
    *,
    data: Path | None,
    out: Path,
    failures: bool,
    embedder: Embedder | None = None,
    beside: Sequence[Row] = (),
    reranking: Reranking | None = None,
) -> int:
    """Measure, print one table, write `out`. Returns 1 where a figure misses its bar, else 0.

    `root` is the checkout, `data` the folder of the public sets (None: they are left unmeasured), `failures` lists the
    development questions that fail (never those held out), `embedder` replaces the default one, `beside` are figures
    of other rooms that stand in the same table; with `reranking` the golden questions are asked once more.
    """
    with ExitStack() as stack:
        kept = _kept(embedder or _default_embedder(), root / "build" / "cache" / "vectors.sqlite")
        around = Surroundings(root, data, kept, stack, Console(stderr=True))
        found, judged = measure_golden(around, reranking)
        found += [*beside, *measure_ncp(around), *measure_cmrc(around)]
    if failures:
        list_failures(judged, Console())
    rows.show(found, "quality")
    rows.write(found, out)
    return 1 if rows.failed(found) else 0


def _default_embedder() -> Embedder | None:
    from rag.adapters.local_embedder import LocalEmbedder

    embedder = LocalEmbedder()
    try:
        embedder.check()
    except EmbedderError:
        return None
    return embedder


def _kept(embedder: Embedder | None, file: Path) -> Embedder | None:
    return KeptEmbedder(embedder, file) if embedder else None


# -------------------------------------------------------------------------------------------------------------- golden


def measure_golden(around: Surroundings, reranking: Reranking | None = None) -> tuple[list[Row], list[goldens.Judged]]:
    """The golden questions through the whole pipeline, development and held-out parts apart."""
    documents = read_corpus(around.root / "policies_corpus").documents
    shipped = _shipped(around)
    library = open_library(
        documents, around.embedder, around.stack, shipped=shipped, progress=_progress(around, "policies")
    )
    pipeline = Pipeline(library.reader, today)
    questions = goldens.read_golden(around.root / "tests" / "evals" / "golden.jsonl")
    judged = goldens.judge_all(questions, pipeline.answer, library.stored)
    beside: list[Row] = []
    if reranking is not None:
        reranked = Pipeline(library.reader, today, reranking=reranking)
        beside = compare_reranked(judged, goldens.judge_all(questions, reranked.answer, library.stored), reranking)
    return [*goldens.figures(judged), *goldens.by_kind(judged), *beside], judged


def measure_model(root: Path, model: GuardedModel, *, out: Path, sample: int | None = None) -> int:
    """The golden questions without and with the model, side by side: all of them, or a `sample` of so many."""
    with ExitStack() as stack:
        kept = _kept(_default_embedder(), root / "build" / "cache" / "vectors.sqlite")
        around = Surroundings(root, None, kept, stack, Console(stderr=True))
        documents = read_corpus(root / "policies_corpus").documents
        library = open_library(documents, kept, stack, shipped=_shipped(around))
        plain = Pipeline(library.reader, today)
        aided = Pipeline(library.reader, today, writer=Writer(model), follower=Follower(model))
        questions = drawn(goldens.read_golden(root / "tests" / "evals" / "golden.jsonl"), sample)
        found = compare(questions, plain.answer, aided.answer, library.stored, model, say=around.say)
    rows.show(found, f"with {model.name}")
    rows.write(found, out)
    return 0


def _shipped(around: Surroundings) -> Mapping[str, Vector]:
    """The vectors that travel with the corpus, if they are this embedder's."""
    if around.embedder is None:
        return {}
    try:
        return read_vectors(around.root / "policies_corpus" / "_vectors" / f"{around.embedder.name}.npz")
    except VectorStoreError:
        return {}


def list_failures(judged: Sequence[goldens.Judged], console: Console) -> None:
    """The development questions with a fault. Those held out are not to be read while tuning, so they are not shown."""
    for one in judged:
        if one.golden.part == "dev" and one.faults:
            console.print(f"{one.golden.id} {one.golden.kind}: {', '.join(one.faults)}", style="bold", markup=False)
            console.print(f"  {one.golden.question.text}", markup=False)
            wanted = f"{'/'.join(one.golden.statuses)} {one.golden.policies[:3]} {one.golden.provisions[:4]}"
            got = [(card.policy, card.provision) for card in one.answer.citations[:4]] or goldens.ranking(one.answer)[
                :4
            ]
            console.print(f"  wanted {wanted}\n  got    {one.answer.status} {got}", markup=False)


# --------------------------------------------------------------------------------------------------------- public sets


def measure_ncp(around: Surroundings) -> list[Row]:
    """Questions on real notices: finding the document, showing the answer, refusing when the document is gone."""
    folder = around.sets / "ncp" if around.sets else None
    if folder is None or not folder.is_dir():
        return [*public_sets.retrieval_rows("ncp", None, public_sets.NCP_BARS), *removed.removed_rows("ncp", None)]
    found = public_sets.read_ncp(folder)
    once = found.answered_once

    def both(library: Library, name: str, weight: float) -> list[Row]:
        scores = _scores(found, library, weight)
        sure = removed.ask_both(library, once, Limits(dense_weight=weight), today)
        return [*public_sets.retrieval_rows(name, scores, public_sets.NCP_BARS), *removed.removed_rows(name, sure)]

    return _twice(around, found, both)


def measure_cmrc(around: Surroundings) -> list[Row]:
    """Questions on encyclopedia paragraphs: another field, other words."""
    folder = around.sets / "cmrc2018" if around.sets else None
    if folder is None or not folder.is_dir():
        return public_sets.retrieval_rows("cmrc2018", None, public_sets.CMRC_BARS)
    found = public_sets.read_cmrc(folder)

    def once(library: Library, name: str, weight: float) -> list[Row]:
        return public_sets.retrieval_rows(name, _scores(found, library, weight), public_sets.CMRC_BARS)

    return _twice(around, found, once)


def _scores(found: public_sets.PublicSet, library: Library, weight: float) -> dict[str, float]:
    find = public_sets.finder(library.shelf, library.places.embedder, weight, TODAY)
    return public_sets.score(found.questions, find)


def _twice(
    around: Surroundings, found: public_sets.PublicSet, measure: Callable[[Library, str, float], list[Row]]
) -> list[Row]:
    """As shipped, which the bars are about, and without vectors, as a guide: those rows carry no bar."""
    around.say(f"{found.name}: {len(found.documents)} documents, {len(found.questions)} questions")
    lexical = open_library(found.documents, None, around.stack)
    bare = [_unbarred(row) for row in measure(lexical, f"{found.name} (lexical only)", 0.0)]
    if around.embedder is None:
        return [unmeasured(f"{found.name}: with vectors", note="no embedder on this machine"), *bare]
    library = open_library(found.documents, around.embedder, around.stack, progress=_progress(around, found.name))
    return [*measure(library, found.name, Limits().dense_weight), *bare]


def _unbarred(row: Row) -> Row:
    return Row(row.name, row.value, row.peer, row.ratio, None, None, row.note)


def _progress(around: Surroundings, name: str) -> Callable[[str, int, int], None]:
    """A line every few hundred passages: a first run embeds for minutes."""

    def tell(stage: str, done: int, of: int) -> None:
        if stage == "embedding" and of > 200 and done % 160 == 0:
            around.say(f"{name}: {done} of {of} passages embedded")

    return tell
