"""Public question sets, where their folder is at hand: documents taken as they are, questions with a known document."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from rag.evaluation.rows import Bar, Row, figure, unmeasured
from rag.jsonl_corpus import read_jsonl
from rag.models import Document, Hit
from rag.pipeline import terms_for_search
from rag.ports import Embedder
from rag.reader import Shelf
from rag.retrieval import Search, search

K = 10
SHOWN = 2_000
"""Characters of the hits that a reader sees first: a budget, so that longer passages win nothing."""

NCP_BARS = {"hit@1": Bar(at_least=0.82), "hit@5": Bar(at_least=0.96), "answer@2000": Bar(at_least=0.94)}
CMRC_BARS = {"hit@1": Bar(at_least=0.97)}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a set; `gold` are the documents that count, `answer` the words sought (None: not known)."""

    id: str
    text: str
    gold: frozenset[str]
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class PublicSet:
    """Documents and the questions asked of them."""

    name: str
    documents: tuple[Document, ...]
    questions: tuple[Asked, ...]

    @property
    def answered_once(self) -> tuple[Asked, ...]:
        """Questions whose answer stands in no document that is not gold: with the gold gone, they have none."""
        return tuple(asked for asked in self.questions if asked.answer and not self._elsewhere(asked))

    def _elsewhere(self, asked: Asked) -> bool:
        others = (document for document in self.documents if document.id not in asked.gold)
        return any(str(asked.answer) in document.text for document in others)


def read_ncp(folder: Path) -> PublicSet:
    """docs.jsonl {id, title, text} and questions_dev.jsonl {id, question, doc, answer}. A text's twins are gold too."""
    documents = _documents(folder / "docs.jsonl")
    text_of = {document.id: document.text for document in documents}
    twins: dict[str, set[str]] = {}
    for document in documents:
        twins.setdefault(document.text, set()).add(document.id)
    questions = [
        Asked(row["id"], row["question"], frozenset(twins[text_of[row["doc"]]]), row["answer"])
        for row in _rows(folder / "questions_dev.jsonl")
    ]
    return PublicSet("ncp", documents, tuple(questions))


def read_cmrc(folder: Path) -> PublicSet:
    """corpus.jsonl {id, text}, queries.jsonl {id, text} and qrels.tsv (query, document, 1)."""
    gold: dict[str, set[str]] = {}
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines():
        query, document, _ = line.split("\t")
        gold.setdefault(query, set()).add(document)
    rows = _rows(folder / "queries.jsonl")
    questions = tuple(Asked(row["id"], row["text"], frozenset(gold[row["id"]])) for row in rows)
    return PublicSet("cmrc2018", _documents(folder / "corpus.jsonl"), questions)


def _documents(file: Path) -> tuple[Document, ...]:
    return tuple(read_jsonl(file.name, file.read_text("utf-8"))[0])


def _rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


Find = Callable[[str, int], list[Hit]]
"""(query, k) → passages, best first."""


def finder(shelf: Shelf, embedder: Embedder | None, dense_weight: float, today: date) -> Find:
    """What `python -m bot search` does for one query."""

    def find(text: str, k: int) -> list[Hit]:
        dense = embedder is not None and shelf.opened.dense is not None and dense_weight > 0
        vector = np.asarray(embedder.embed_query(text), dtype=np.float32) if embedder and dense else None
        return search(shelf.opened, Search(terms_for_search(text, today), vector, dense_weight), None, k)

    return find


def score(questions: Sequence[Asked], find: Find) -> dict[str, float]:
    """Shares of the questions: gold first, gold among the first five passages, its answer in what is shown first."""
    marks: dict[str, list[bool]] = {"hit@1": [], "hit@5": [], "answer@2000": []}
    for asked in questions:
        hits = find(asked.text, K)
        found = [hit.passage.document in asked.gold for hit in hits]
        marks["hit@1"].append(any(found[:1]))
        marks["hit@5"].append(any(found[:5]))
        if asked.answer is not None:
            marks["answer@2000"].append(asked.answer in shown(hits))
    return {name: sum(values) / len(values) for name, values in marks.items() if values}


def shown(hits: Sequence[Hit]) -> str:
    """The first characters a reader of these hits sees."""
    texts = (f"{hit.passage.lead}\n{hit.passage.text}" if hit.passage.lead else hit.passage.text for hit in hits)
    return "".join(texts)[:SHOWN]


def retrieval_rows(name: str, scores: Mapping[str, float] | None, bars: Mapping[str, Bar], note: str = "") -> list[Row]:
    """A row a measure; scores of None, not measured."""
    if scores is None:
        return [unmeasured(f"{name}: {measure}", bar, note) for measure, bar in bars.items()]
    return [figure(f"{name}: {measure}", value, bars.get(measure), note) for measure, value in scores.items()]
