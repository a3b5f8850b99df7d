"""The same golden questions from the clauses alone and in a model's sentences, side by side; twice, for the spread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from rag.evaluation.golden import Golden, Judged, judge_all
from rag.evaluation.rows import Row, figure
from rag.model_answers.guarded import GuardedModel, Spending
from rag.models import Answer, AnswerStatus, Passage, Question

ROUNDS = 2
COMPARED = (
    "gold provision quoted",
    "required words quoted",
    "citations of a gold policy",
    "answerable wrongly refused",
)
"""Answer points covered, citation recall and precision, refusing wrongly: shares over the questions each one binds."""

Ask = Callable[[Question], Answer]


@dataclass(frozen=True, slots=True)
class Round:
    """One pass over the questions with the model, and what it used."""

    judged: Sequence[Judged]
    spent: Spending


def compare(
    questions: Sequence[Golden],
    extracted: Ask,
    written: Ask,
    stored: Callable[[str], Passage | None],
    model: GuardedModel,
) -> list[Row]:
    """`value` is with the model (the mean of the rounds), `peer` without; the note gives the rounds one by one."""
    plain = judge_all(questions, extracted, stored)
    rounds = [_round(questions, written, stored, model) for _ in range(ROUNDS)]
    return [*_shares(plain, rounds), *_claims(rounds), *_costs(plain, rounds)]


def _round(
    questions: Sequence[Golden], written: Ask, stored: Callable[[str], Passage | None], model: GuardedModel
) -> Round:
    before = model.spent
    judged = judge_all(questions, written, stored)
    used = Spending(model.spent.tokens_in - before.tokens_in, model.spent.tokens_out - before.tokens_out)
    return Round(judged, used)


def _beside(name: str, values: Sequence[float], peer: float | None = None) -> Row:
    spread = " · ".join(f"{value:.3g}" for value in values)
    return Row(f"model: {name}", sum(values) / len(values), peer, note=f"rounds {spread}")


def _shares(plain: Sequence[Judged], rounds: Sequence[Round]) -> list[Row]:
    answered = "answered with a citation"
    rows = [_beside(answered, [_answered(one.judged) for one in rounds], _answered(plain))]
    rows += [_beside(name, [_mean(one.judged, name) for one in rounds], _mean(plain, name)) for name in COMPARED]
    wrong = [sum(j.counts["quote not verbatim"] for j in one.judged) for one in rounds]
    return [*rows, _beside("quotes not verbatim", [float(count) for count in wrong], 0.0)]


def _answered(judged: Sequence[Judged]) -> float:
    return sum(j.answer.status is AnswerStatus.ANSWERED and bool(j.answer.citations) for j in judged) / len(judged)


def _mean(judged: Sequence[Judged], name: str) -> float:
    marks = [one.shares[name] for one in judged if name in one.shares]
    return sum(marks) / len(marks) if marks else 0.0


def _claims(rounds: Sequence[Round]) -> list[Row]:
    """How much of what it wrote was kept, and why the rest was not."""
    tried = [[j.answer.writing for j in one.judged if j.answer.writing] for one in rounds]
    shown = [sum(j.answer.generated for j in one.judged) / max(len(w), 1) for one, w in zip(rounds, tried, strict=True)]
    rows = [
        _beside("answers in its sentences, of those it was asked for", shown),
        _beside("claims kept", [float(sum(w.kept for w in each)) for each in tried]),
    ]
    dropped = [Counter(why for w in each for why in w.dropped) for each in tried]
    faults = [Counter(w.fault for w in each if w.fault) for each in tried]
    rows += [
        _beside(f"claims dropped, {why}", [float(d[why]) for d in dropped]) for why in sorted(set().union(*dropped))
    ]
    return rows + [_beside(f"fault, {why}", [float(f[why]) for f in faults]) for why in sorted(set().union(*faults))]


def _costs(plain: Sequence[Judged], rounds: Sequence[Round]) -> list[Row]:
    return [
        _beside("median seconds an answer", [_seconds(one.judged) for one in rounds], _seconds(plain)),
        _beside("tokens in", [float(one.spent.tokens_in) for one in rounds]),
        _beside("tokens out", [float(one.spent.tokens_out) for one in rounds]),
        figure("model: questions", float(len(plain))),
    ]


def _seconds(judged: Sequence[Judged]) -> float:
    return median(sum(step.seconds for step in one.answer.steps) for one in judged)
