"""The comparison with a model: the same questions both ways, what was kept and dropped, the spread of two rounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rag.evaluation.golden import Golden
from rag.evaluation.rows import Row
from rag.evaluation.with_model import compare, drawn
from rag.model_answers.writing import Writer
from rag.models import AnswerStatus, Question
from rag.pipeline import Pipeline
from rag.ports import ModelError, Prompt
from tests.support.model_minds import Mind, guarded, repeating, written
from tests.support.policies import TODAY, policies
from tests.support.shelves import a_pipeline, a_reader, memory_places


def golden(text: str, status: AnswerStatus, *provisions: tuple[str, int]) -> Golden:
    return Golden(
        id=text,
        part="dev",
        kind="single" if provisions else "unanswerable_x",
        question=Question(text),
        statuses=(status,),
        policies=tuple(policy for policy, _ in provisions),
        provisions=provisions,
        every=False,
        must_say=(),
        must_not_say=(),
        retired=frozenset(),
    )


GOLDEN = [
    golden("首次认定高新技术企业奖励多少钱", AnswerStatus.ANSWERED, ("qd-hitech-2025", 0)),
    golden("瞪羚企业奖励多少", AnswerStatus.ANSWERED, ("sd-gazelle-2024", 0)),
    golden("上海的高企奖励多少", AnswerStatus.OTHER_REGION),
]


def compared(mind: Mind) -> dict[str, Row]:
    reader = a_reader(policies(), memory_places(None))
    model, _ = guarded(mind)
    aided = Pipeline(reader, lambda: TODAY, writer=Writer(model))
    shelf = reader.shelf()
    assert shelf is not None

    def stored(passage: str) -> Any:
        return reader.places.store.passages([passage]).get(passage)

    rows = compare(GOLDEN, a_pipeline(reader).answer, aided.answer, stored, model)
    return {row.name.removeprefix("model: "): row for row in rows}


def test_an_honest_model_quotes_what_the_clauses_do() -> None:
    rows = compared(repeating)
    assert (rows["answered with a citation"].value, rows["answered with a citation"].peer) == (
        pytest.approx(2 / 3),
        pytest.approx(2 / 3),
    )
    assert (rows["gold provision quoted"].value, rows["gold provision quoted"].peer) == (1, 1)
    assert rows["answers in its sentences, of those it was asked for"].value == 1
    assert (rows["tokens in"].value, rows["tokens out"].value, rows["quotes not verbatim"].value) == (200, 40, 0)


def test_what_was_dropped_is_counted_by_its_reason_and_the_clauses_answer() -> None:
    rows = compared(lambda _: written(("奖励999万元。", "P1", "首次通过高新技术企业认定的")))
    assert rows["answers in its sentences, of those it was asked for"].value == 0
    assert rows["answered with a citation"].value == rows["answered with a citation"].peer
    assert rows["claims dropped, number"].value == 2
    assert rows["claims dropped, quote not verbatim"].value == 2


def test_faults_are_counted_and_the_rounds_shown() -> None:
    replies = iter(range(100))

    def mind(prompt: Prompt) -> dict[str, Any]:
        if next(replies) < 2:
            raise ModelError("timeout")
        return repeating(prompt)

    rows = compared(mind)
    assert rows["fault, timeout"].value == 1
    assert rows["fault, timeout"].note == "rounds 2 · 0"


def test_precision_recall_and_points_are_compared_and_what_is_shown_is_proven_once_more() -> None:
    rows = compared(repeating)
    assert (rows["citation recall"].value, rows["citation recall"].peer) == (1, 1)
    assert 0 < float(rows["citations of a gold policy"].value or 0) <= 1
    assert rows["claims shown that their quotes do not prove"].value == 0
    assert (rows["questions it was asked for"].value, rows["calls for one question, at most"].value) == (2, 1)


def test_a_repair_is_the_last_call_for_a_question() -> None:
    rows = compared(lambda _: written(("奖励999万元。", "P1", "首次通过高新技术企业认定的")))
    assert rows["calls for one question, at most"].value == 2


def test_a_sample_is_drawn_by_nobody_and_a_larger_one_goes_on_from_it() -> None:
    many = [replace(GOLDEN[0], id=f"g{number}") for number in range(50)]
    assert drawn(many[::-1], 10) == drawn(many, 30)[:10]
    assert sorted(one.id for one in drawn(many, None)) == sorted(one.id for one in many)
