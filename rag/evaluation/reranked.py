"""Whether a reranker earns its place: the same golden questions in the fused order and in its, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from rag.evaluation.golden import Judged
from rag.evaluation.rows import Row
from rag.reranking import Reranking

SHARES = (
    "policy hit@1",
    "policy nDCG@10",
    "gold provision quoted",
    "required words quoted",
    "citations of a gold policy",
    "unanswerable refused",
    "answerable wrongly refused",
)


def compare_reranked(fused: Sequence[Judged], reranked: Sequence[Judged], reranking: Reranking) -> list[Row]:
    """`value` is reranked, `peer` fused, over all questions that a measure binds; the note says what to make of it."""
    rows = [Row(f"reranked: {name}", _mean(reranked, name), _mean(fused, name)) for name in SHARES]
    wrong = sum(one.counts["quote not verbatim"] for one in reranked)
    changed = sum(
        [card.passage for card in one.answer.citations] != [card.passage for card in other.answer.citations]
        for one, other in zip(fused, reranked, strict=True)
    )
    outcomes = " · ".join(f"{name} {count}" for name, count in sorted(reranking.outcomes.items()))
    rows += [
        Row("reranked: quotes not verbatim", float(wrong), 0.0),
        Row("reranked: answers that cite otherwise", float(changed), note=f"of {len(fused)}; {outcomes}"),
        Row("reranked: median seconds an answer", _seconds(reranked), _seconds(fused)),
    ]
    return [*rows, Row("reranked: earns its place", _verdict(rows[2], rows[0]), note="more gold provisions quoted")]


def _verdict(quoted: Row, first: Row) -> str:
    """It must put more of the right clauses into answers, and not fewer right policies first."""
    gained = float(quoted.value or 0) - float(quoted.peer or 0)
    kept = float(first.value or 0) >= float(first.peer or 0) - 0.005
    return "yes" if gained > 0 and kept else "no"


def _mean(judged: Sequence[Judged], name: str) -> float:
    marks = [one.shares[name] for one in judged if name in one.shares]
    return sum(marks) / len(marks) if marks else 0.0


def _seconds(judged: Sequence[Judged]) -> float:
    return median(sum(step.seconds for step in one.answer.steps) for one in judged)
