"""The golden questions are answered as well as the Ask work demands. Figures are told, never a held-out question."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from rag.corpus import read_corpus
from rag.evaluation.golden import COUNTS, PARTS, SHARES, figures, judge_all, read_golden
from rag.evaluation.measuring import today
from rag.evaluation.rows import Row
from rag.evaluation.shelves import Library, open_library
from rag.pipeline import Pipeline

HERE = Path(__file__).parent
CORPUS = HERE.parents[1] / "policies_corpus"


def measured(library: Library) -> dict[str, Row]:
    pipeline = Pipeline(library.reader, today)
    rows = figures(judge_all(read_golden(HERE / "golden.jsonl"), pipeline.answer, library.stored))
    return {row.name: row for row in rows}


@pytest.fixture(scope="module")
def rows(library: Library) -> dict[str, Row]:
    """The figures with the vectors that ship."""
    return measured(library)


BARS = [f"golden {part}: {name}" for part in PARTS for name, bar in {**SHARES, **COUNTS}.items() if bar]
SHORT_OF_ITS_BAR = {
    "golden held_out: unanswerable refused": "34 of 42; the development part, which was tuned on, stands above its bar"
}
"""Strict: as soon as the bar is met, this entry must go."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.xfail(reason=SHORT_OF_ITS_BAR[name], strict=True))
        if name in SHORT_OF_ITS_BAR
        else name
        for name in BARS
    ],
)
def test_the_bar_is_met(rows: dict[str, Row], name: str) -> None:
    row = rows[name]
    assert row.passed, f"{row.value}, bar {row.bar}"


def test_nothing_untrue_is_said_without_vectors(stack: ExitStack) -> None:
    """Where no embedder runs, answers may be fewer; a retired policy as current or a forged quote is still a fault."""
    found = measured(open_library(read_corpus(CORPUS).documents, None, stack))
    for part in PARTS:
        for name in ("retired policy presented as current", "quote not verbatim"):
            assert found[f"golden {part}: {name}"].value == 0
