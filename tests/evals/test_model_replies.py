"""Recorded replies of a real model, and hand-written faults, through the checks to answers: offline, held to bars."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rag.adapters.recorded_model import RecordedModel, Recording
from rag.citations import figures
from rag.evaluation.golden import Golden, Judged, judge, read_golden
from rag.evaluation.measuring import today
from rag.evaluation.shelves import Library
from rag.evaluation.with_model import drawn
from rag.model_answers.checking import proves
from rag.model_answers.following import Follower
from rag.model_answers.guarded import GuardedModel, UnkeptBook
from rag.model_answers.writing import MOST_CALLS, Writer
from rag.models import Answer, AnswerStatus, Question
from rag.pipeline import Pipeline
from rag.ports import ModelError, Prompt
from tests.support.model_minds import ScriptedModel

HERE = Path(__file__).parent
RECORDED = HERE / "model_replies.jsonl"
AGAIN = (
    "record anew: python -m bot eval --model --sample N --record tests/evals/model_replies.jsonl (docs/operations.md)"
)
Ask = Callable[[Question], Answer]


def golden() -> list[Golden]:
    return drawn(read_golden(HERE / "golden.jsonl"), None)


def aided(library: Library, model: GuardedModel) -> Ask:
    return Pipeline(library.reader, today, writer=Writer(model), follower=Follower(model)).answer


@pytest.fixture(scope="module")
def extracted(library: Library) -> Callable[[Golden], Judged]:
    plain = Pipeline(library.reader, today).answer
    return cache(lambda one: judge(one, plain(one.question), library.stored))


# What a real model said


@dataclass(frozen=True)
class Replayed:
    """The sample that was recorded, each with and without the model. `unknown` prompts have no recording any more."""

    pairs: list[tuple[Judged, Judged]]
    unknown: int
    calls: int


@pytest.fixture(scope="module")
def replayed(library: Library, extracted: Callable[[Golden], Judged]) -> Replayed:
    recording = Recording.read(RECORDED)
    recorded = RecordedModel(recording)
    ask = aided(library, GuardedModel(recorded, UnkeptBook()))
    sample = golden()[: int(recording.header["sample"])]
    pairs = [(judge(one, ask(one.question), library.stored), extracted(one)) for one in sample]
    return Replayed(pairs, recorded.unknown, sum(map(len, recording.calls.values())))


def shown(replayed: Replayed) -> list[Answer]:
    return [written.answer for written, _ in replayed.pairs if written.answer.generated]


def answered(judged: Judged) -> bool:
    return judged.answer.status is AnswerStatus.ANSWERED and bool(judged.answer.citations)


def test_the_recording_says_which_model_said_it_and_when() -> None:
    header = Recording.read(RECORDED).header
    assert all(header[key] for key in header)
    assert len(header["weights_sha256"]) == 64
    assert RECORDED.stat().st_size < 300_000


def test_what_was_asked_then_is_asked_now(replayed: Replayed) -> None:
    """A corpus that grows may change some prompts; when it is half of them, this no longer measures anything."""
    assert replayed.unknown <= replayed.calls / 4, AGAIN
    assert len(shown(replayed)) >= 3, AGAIN


def test_no_fewer_questions_are_answered_with_a_citation_than_from_the_clauses_alone(replayed: Replayed) -> None:
    lost = [with_it.golden.id for with_it, without in replayed.pairs if answered(without) and not answered(with_it)]
    assert lost == []


def test_nothing_is_shown_that_its_quotes_do_not_prove(replayed: Replayed, library: Library) -> None:
    for answer in shown(replayed):
        for claim in answer.claims:
            stored = [library.stored(quote.passage) for quote in claim.quotes]
            assert proves(claim, stored)
            assert figures(claim.text) <= set().union(*(figures(quote.quote) for quote in claim.quotes))
    assert sum(judged.counts["quote not verbatim"] for judged, _ in replayed.pairs) == 0


def test_what_a_model_does_not_answer_is_answered_as_without_it(replayed: Replayed) -> None:
    for with_it, without in replayed.pairs:
        if not with_it.answer.generated and not with_it.golden.question.history:
            assert told(with_it.answer) == told(without.answer)


# What no model should say


def told(answer: Answer) -> tuple[Any, ...]:
    """All of an answer that a reader meets."""
    return answer.status, answer.claims, answer.citations, answer.nearest, answer.notices, answer.generated


def faults() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / "model_faults.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("fault", [*faults(), {"wrong": "no reply"}], ids=lambda fault: fault["wrong"])
def test_a_model_that_always_fails_changes_no_answer(
    fault: dict[str, Any], library: Library, extracted: Callable[[Golden], Judged]
) -> None:
    def mind(_prompt: Prompt) -> dict[str, Any]:
        if "reply" not in fault:
            raise ModelError("server")
        reply: dict[str, Any] = fault["reply"]
        return reply

    for one in golden()[:12]:
        model = ScriptedModel(mind)
        answer = aided(library, GuardedModel(model, UnkeptBook()))(one.question)
        assert told(answer) == told(extracted(one).answer), one.id
        assert len(model.seen) <= MOST_CALLS + bool(one.question.history)
