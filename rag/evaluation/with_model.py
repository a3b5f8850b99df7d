"""The same golden questions from the clauses alone and in a model's sentences, side by side; twice, for the spread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from statistics import median

from rag.evaluation.golden import Golden, Judged, judge, judge_all
from rag.evaluation.rows import Row, figure
from rag.model_answers.checking import proves
from rag.model_answers.guarded import GuardedModel, Spending
from rag.models import Answer, AnswerStatus, Passage, Question

ROUNDS = 2
COMPARED = (
    "gold provision quoted",
    "required words quoted",
    "citations of a gold policy",
    "citation recall",
    "answer points covered",
    "answerable wrongly refused",
)
"""What of rag/evaluation/golden.py is compared. Citation precision is `citations of a gold policy`."""

Ask = Callable[[Question], Answer]
Stored = Callable[[str], Passage | None]


@dataclass(frozen=True, slots=True)
class Round:
    """One pass over the questions with the model, what it used, and the most calls that one question took."""

    judged: Sequence[Judged]
    spent: Spending
    most_calls: int


def drawn(questions: Sequence[Golden], sample: int | None) -> list[Golden]:
    """All, or so many in the order of the hash of their ids: chosen by nobody, and a larger sample goes on from it."""
    shuffled = sorted(questions, key=lambda one: sha256(f"sample {one.id}".encode()).hexdigest())
    return shuffled[:sample]


def compare(
    questions: Sequence[Golden],
    extracted: Ask,
    written: Ask,
    stored: Stored,
    model: GuardedModel,
    say: Callable[[str], None] = lambda _text: None,
) -> list[Row]:
    """`value` is with the model (the mean of the rounds), `peer` without; the note gives the rounds one by one."""
    plain = judge_all(questions, extracted, stored)
    rounds = [_round(number, questions, written, stored, model, say) for number in range(1, ROUNDS + 1)]
    return [*_shares(plain, rounds), *_claims(rounds, stored), *_costs(plain, rounds)]


def _round(
    number: int,
    questions: Sequence[Golden],
    written: Ask,
    stored: Stored,
    model: GuardedModel,
    say: Callable[[str], None],
) -> Round:
    before, judged, most = model.spent, [], 0
    for place, question in enumerate(questions, start=1):
        calls = sum(model.outcomes.values())
        judged.append(judge(question, written(question.question), stored))
        most = max(most, sum(model.outcomes.values()) - calls)
        say(f"round {number}: {place} of {len(questions)} questions")
    used = Spending(model.spent.tokens_in - before.tokens_in, model.spent.tokens_out - before.tokens_out)
    return Round(judged, used, most)


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


def _claims(rounds: Sequence[Round], stored: Stored) -> list[Row]:
    """How much of what it wrote was kept, and why the rest was not; what was shown is proven once more."""
    tried = [[j.answer.writing for j in one.judged if j.answer.writing] for one in rounds]
    shown = [sum(j.answer.generated for j in one.judged) / max(len(w), 1) for one, w in zip(rounds, tried, strict=True)]
    rows = [
        _beside("answers in its sentences, of those it was asked for", shown),
        _beside("claims kept", [float(sum(w.kept for w in each)) for each in tried]),
        _beside(
            "claims shown that their quotes do not prove", [float(_unproven(one.judged, stored)) for one in rounds]
        ),
    ]
    dropped = [Counter(why for w in each for why in w.dropped) for each in tried]
    faults = [Counter(w.fault for w in each if w.fault) for each in tried]
    rows += [
        _beside(f"claims dropped, {why}", [float(d[why]) for d in dropped]) for why in sorted(set().union(*dropped))
    ]
    return rows + [_beside(f"fault, {why}", [float(f[why]) for f in faults]) for why in sorted(set().union(*faults))]


def _unproven(judged: Sequence[Judged], stored: Stored) -> int:
    """Claims in a model's words whose quotes, as the index has them, do not hold each figure and its role."""
    shown = [claim for one in judged if one.answer.generated for claim in one.answer.claims]
    return sum(not proves(claim, [stored(quote.passage) for quote in claim.quotes]) for claim in shown)


def _costs(plain: Sequence[Judged], rounds: Sequence[Round]) -> list[Row]:
    return [
        _beside("median seconds an answer", [_seconds(one.judged) for one in rounds], _seconds(plain)),
        _beside("median seconds, where it was asked", [_seconds(_asked(one.judged)) for one in rounds]),
        _beside("calls for one question, at most", [float(one.most_calls) for one in rounds]),
        _beside("tokens in", [float(one.spent.tokens_in) for one in rounds]),
        _beside("tokens out", [float(one.spent.tokens_out) for one in rounds]),
        figure("model: questions", float(len(plain))),
        figure("model: questions it was asked for", float(len(_asked(rounds[0].judged)))),
    ]


def _asked(judged: Sequence[Judged]) -> list[Judged]:
    return [one for one in judged if one.answer.writing]


def _seconds(judged: Sequence[Judged]) -> float:
    return median([sum(step.seconds for step in one.answer.steps) for one in judged] or [0.0])
