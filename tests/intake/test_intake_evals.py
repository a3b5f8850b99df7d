"""The annotated cases hold: typed answers by kind, and questions told from answers; a failure prints the confusions."""

from __future__ import annotations

from pathlib import Path

import pytest

from intake.evaluation import Case, accuracy, confusions, judge_parses, judge_turns, load_cases
from intake.formbook import Formbook
from intake.reading.steps import Circumstances
from intake.reference import Reference

EVALS = Path(__file__).parents[1] / "evals"
LEAST_PARSED = 0.98
LEAST_DECIDED = 0.95


@pytest.fixture(scope="module")
def parses() -> list[Case]:
    return load_cases(EVALS / "intake_parse.jsonl")


@pytest.fixture(scope="module")
def turns() -> list[Case]:
    return load_cases(EVALS / "intake_interruptions.jsonl")


def test_there_are_enough_cases_of_every_kind_and_none_twice(parses: list[Case], turns: list[Case]) -> None:
    assert len(parses) >= 300
    assert {case["type"] for case in parses} == {"uscc", "phone", "money", "date", "district", "industry"}
    assert len({(case["type"], case["text"]) for case in parses}) == len(parses)
    assert len(turns) >= 120
    assert {case["expect"] for case in turns} == {"answer", "question", "unsure", "control"}
    assert len({case["id"] for case in [*parses, *turns]}) == len(parses) + len(turns)


def test_typed_answers_are_read_as_annotated(parses: list[Case], reference: Reference) -> None:
    verdicts = judge_parses(parses, reference)
    shares = accuracy(verdicts)
    wrong = [(verdict.id, verdict.expected, verdict.found) for verdict in verdicts if not verdict.right]
    assert min(shares.values()) >= LEAST_PARSED, (shares, wrong)


def test_questions_in_mid_form_are_told_from_answers(turns: list[Case], book: Formbook, at: Circumstances) -> None:
    verdicts = judge_turns(turns, book, at)
    assert accuracy(verdicts)["all"] >= LEAST_DECIDED, confusions(verdicts)


def test_the_judge_can_find_fault(parses: list[Case], reference: Reference) -> None:
    spoilt = [{**case, "expect": {"value": "someone else's"}} for case in parses[:5]]
    assert accuracy(judge_parses(spoilt, reference))["all"] == 0
