"""Golden questions and the answers they got → marks a question, figures a part. Pure.

The fields are those of tests/evals/README.md. Marks are shares (1.0 or 0.0, but for nDCG and the cards) of the
questions that a measure binds, and counts of faults; a measure leaves no mark on a question that it does not bind.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rag.evaluation.rows import Bar, Row, figure
from rag.models import Answer, AnswerStatus, Citation, Passage, PolicyState, Question, Turn

PARTS = ("dev", "held_out")

SHARES: Mapping[str, Bar | None] = {
    "policy hit@1": Bar(at_least=0.88),
    "policy hit@5": Bar(at_least=0.98),
    "policy nDCG@10": None,
    "gold provision quoted": Bar(at_least=0.85),
    "required words quoted": None,
    "citation recall": None,
    "answer points covered": None,
    "unanswerable refused": Bar(at_least=0.92),
    "answerable wrongly refused": Bar(at_most=0.05),
    "status accepted": None,
    "citations of a gold policy": None,
}
"""Means over the questions each one binds. The bars are those of the Ask work."""

DEGREES = {"policy nDCG@10", "citations of a gold policy", "citation recall", "answer points covered"}
"""Matters of more or less: none of them makes a question a failure by itself."""

COUNTS: Mapping[str, Bar | None] = {
    "retired policy presented as current": Bar(at_most=0),
    "quote not verbatim": Bar(at_most=0),
    "forbidden words said": None,
}

_REFUSED = ("unanswerable_", "guarded_")


@dataclass(frozen=True, slots=True)
class Golden:
    """One golden question. `provisions` are (policy, index of the fact); `every` wants all of them quoted, not any."""

    id: str
    part: str
    kind: str
    question: Question
    statuses: tuple[AnswerStatus, ...]
    policies: tuple[str, ...]
    provisions: tuple[tuple[str, int | None], ...]
    every: bool
    must_say: tuple[str, ...]
    must_not_say: tuple[str, ...]
    retired: frozenset[str]

    @property
    def answerable(self) -> bool:
        return self.statuses[0] is AnswerStatus.ANSWERED

    @property
    def unanswerable(self) -> bool:
        """Asks for what is not there or not to be had; the clarify and smalltalk kinds are neither of the two."""
        return not self.answerable and self.kind.startswith("unanswerable_")


def read_golden(path: Path) -> list[Golden]:
    """The questions of a golden file. Raises OSError, ValueError or KeyError where it is not one."""
    return [_golden(json.loads(line)) for line in path.read_text("utf-8").splitlines() if line.strip()]


def _golden(raw: dict[str, Any]) -> Golden:
    return Golden(
        id=raw["id"],
        part=raw["part"],
        kind=raw["kind"],
        question=Question(
            raw["question"],
            tuple(Turn(turn["role"], turn["text"]) for turn in raw["history"]),
            raw["district"],
            date.fromisoformat(raw["as_of"]) if raw["as_of"] else None,
        ),
        statuses=tuple(AnswerStatus(status) for status in raw["statuses"]),
        policies=tuple(raw["policies"]),
        provisions=tuple((gold["policy"], gold["index"]) for gold in raw["provisions"]),
        every=raw["all"],
        must_say=tuple(raw["must_say"]),
        must_not_say=tuple(raw["must_not_say"]),
        retired=frozenset(raw["retired"]),
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """A question, its answer, and what the measures say about it."""

    golden: Golden
    answer: Answer
    shares: Mapping[str, float]
    counts: Mapping[str, int]

    @property
    def faults(self) -> list[str]:
        """The measures this question does badly on, for those who mend the development part."""
        low = [name for name, mark in self.shares.items() if _wrong(name, mark)]
        return low + [name for name, count in self.counts.items() if count]


def _wrong(name: str, mark: float) -> bool:
    if name in DEGREES:
        return False
    return mark > 0 if name == "answerable wrongly refused" else mark < 1


def judge_all(
    golden: Iterable[Golden], ask: Callable[[Question], Answer], stored: Callable[[str], Passage | None]
) -> list[Judged]:
    """Ask every question. `stored` gives a passage as the index holds it, by id."""
    return [judge(one, ask(one.question), stored) for one in golden]


def judge(golden: Golden, answer: Answer, stored: Callable[[str], Passage | None]) -> Judged:
    shares = {"status accepted": float(answer.status in golden.statuses)}
    if golden.answerable:
        shares |= _found(golden, answer) | _bound(golden, answer) | _cited(golden, answer)
        wrongly = answer.status is not AnswerStatus.ANSWERED and answer.status not in golden.statuses
        shares["answerable wrongly refused"] = float(wrongly)
    if golden.unanswerable:
        refused = answer.status.value.startswith(_REFUSED) or answer.status in golden.statuses
        shares["unanswerable refused"] = float(refused)
    counts = {
        "retired policy presented as current": _retired_as_current(golden, answer),
        "quote not verbatim": len(_unfaithful(answer, stored)),
        "forbidden words said": sum(word in _said(answer) for word in golden.must_not_say),
    }
    return Judged(golden, answer, shares, counts)


def ranking(answer: Answer) -> list[str]:
    """Policies in the order a reader meets them: those cited, then those found; of a refusal, those found."""
    shown = [citation.policy for citation in answer.citations] if answer.status is AnswerStatus.ANSWERED else []
    return list(dict.fromkeys([*shown, *(hit.passage.document for hit in answer.hits)]))


def _found(golden: Golden, answer: Answer) -> dict[str, float]:
    if not golden.policies:
        return {}
    ranks = [place for place, policy in enumerate(ranking(answer)) if policy in golden.policies]
    gain = sum(1 / math.log2(place + 2) for place in ranks if place < 10)
    ideal = sum(1 / math.log2(place + 2) for place in range(min(len(golden.policies), 10)))
    return {
        "policy hit@1": float(bool(ranks) and ranks[0] == 0),
        "policy hit@5": float(bool(ranks) and ranks[0] < 5),
        "policy nDCG@10": gain / ideal,
    }


def _bound(golden: Golden, answer: Answer) -> dict[str, float]:
    """What an answer owes: the gold clauses and words. A refusal that is accepted owes neither."""
    if answer.status is not AnswerStatus.ANSWERED and answer.status in golden.statuses:
        return {}
    answered = answer.status is AnswerStatus.ANSWERED
    marks: dict[str, float] = {}
    if golden.provisions:
        quoted = {(citation.policy, citation.provision) for citation in answer.citations}
        enough = all if golden.every else any
        found = [gold in quoted for gold in golden.provisions]
        marks["gold provision quoted"] = float(answered and enough(found))
        marks["citation recall"] = answered * (sum(found) / len(found) if golden.every else float(any(found)))
    if golden.must_say:
        quotes = "\n".join(quote.quote for claim in answer.claims for quote in claim.quotes)
        said = [word in quotes for word in golden.must_say]
        marks["required words quoted"] = float(answered and all(said))
        marks["answer points covered"] = answered * sum(said) / len(said)
    return marks


def _cited(golden: Golden, answer: Answer) -> dict[str, float]:
    """The share of the cards under an answer that are of a gold policy. Golds are not complete: a guide, not a bar."""
    if answer.status is not AnswerStatus.ANSWERED or not answer.citations or not golden.policies:
        return {}
    of_gold = sum(citation.policy in golden.policies for citation in answer.citations)
    return {"citations of a gold policy": of_gold / len(answer.citations)}


def _retired_as_current(golden: Golden, answer: Answer) -> int:
    current = {None, PolicyState.IN_FORCE}
    cards = (*answer.citations, *answer.nearest)
    return sum(card.policy in golden.retired and card.policy_status in current for card in cards)


def _unfaithful(answer: Answer, stored: Callable[[str], Passage | None]) -> list[str]:
    """Quotes that do not stand where they say in what is stored, claims without any, cards of another passage."""
    wrong = [claim.text for claim in answer.claims if not claim.quotes]
    for quote in (quote for claim in answer.claims for quote in claim.quotes):
        passage = stored(quote.passage)
        span = slice(quote.start, quote.start + len(quote.quote))
        if passage is None or not quote.quote or passage.text[span] != quote.quote:
            wrong.append(quote.quote)
    return wrong + [card.quote for card in (*answer.citations, *answer.nearest) if not _true_card(card, stored)]


def _true_card(card: Citation, stored: Callable[[str], Passage | None]) -> bool:
    passage = stored(card.passage)
    return (
        passage is not None
        and card.quote in passage.text
        and (card.policy, card.provision, card.article) == (passage.document, passage.provision, passage.article)
    )


def _said(answer: Answer) -> str:
    """All that an answer claims; the nearest clauses of a refusal are not claims."""
    return "\n".join(part for claim in answer.claims for part in (claim.text, *(quote.quote for quote in claim.quotes)))


# ------------------------------------------------------------------------------------------------------------- figures


def figures(judged: Sequence[Judged]) -> list[Row]:
    """The measures of each part, apart, with the number of questions each one binds."""
    return [row for part in PARTS for row in _figures(part, [one for one in judged if one.golden.part == part])]


def _figures(part: str, judged: Sequence[Judged]) -> list[Row]:
    rows = []
    for name, bar in SHARES.items():
        marks = [one.shares[name] for one in judged if name in one.shares]
        rows.append(figure(f"golden {part}: {name}", _mean(marks), bar, f"{len(marks)} questions"))
    for name, bar in COUNTS.items():
        total = float(sum(one.counts[name] for one in judged)) if judged else None
        rows.append(figure(f"golden {part}: {name}", total, bar))
    return rows


FEWEST = 5
"""Questions of a held-out kind below which its share would give single failures away."""


def by_kind(judged: Sequence[Judged]) -> list[Row]:
    """For each kind of question and part: the share without any fault."""
    rows = []
    for part in PARTS:
        for kind in sorted({one.golden.kind for one in judged}):
            marks = [float(not one.faults) for one in judged if (one.golden.part, one.golden.kind) == (part, kind)]
            if marks and (part == "dev" or len(marks) >= FEWEST):
                rows.append(figure(f"golden {part}, {kind}: faultless", _mean(marks), note=f"{len(marks)} questions"))
    return rows


def _mean(marks: Sequence[float]) -> float | None:
    return sum(marks) / len(marks) if marks else None
