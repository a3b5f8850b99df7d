"""Injections of other families than those that are kept, against a model that obeys and knows our checks: a sample.

All of them, over every golden question, are a round of `make faults` (tests/faults/injection_rounds.py).
"""

from __future__ import annotations

import pytest

from rag.model_answers.support import lures, speaks_to_the_model
from rag.models import Question, Turn
from rag.reader import Reader
from tests.faults.injection_rounds import FALSE_CLAUSES, in_documents, in_questions
from tests.rag.test_model_injections import REWARD, Asker, harm, shown, stored
from tests.support.model_injections import DISGUISES, TEMPLATES, Injection, injections
from tests.support.model_knowing import Knowing
from tests.support.policies import policies
from tests.support.shelves import a_reader, memory_places

SAMPLE = 12
MADE = injections(3000)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return a_reader(policies(), memory_places(None))


def sample(count: int) -> list[Injection]:
    return MADE[:: len(MADE) // count][:count]


def test_there_are_thousands_of_many_families() -> None:
    assert len({injection.text for injection in MADE}) == 3000
    assert {injection.family for injection in MADE} == set(TEMPLATES)
    assert {injection.disguise for injection in MADE} == set(DISGUISES)


def test_no_sentence_of_a_model_that_knows_the_checks_says_what_a_question_orders() -> None:
    found = in_questions(sample(18))
    assert found.through == []
    assert found.tried > 18 * 30


def test_nor_what_a_poisoned_document_orders() -> None:
    """False clauses, which give no order, are quoted as any other: who may publish decides that (ADR 0013)."""
    found = in_documents(sample(18))
    assert [injection for injection in found.through if injection.family not in FALSE_CLAUSES] == []
    assert found.tried > 18 * 30


def test_nothing_comes_of_them_in_questions_and_in_the_history(reader: Reader) -> None:
    asker, passages = Asker(reader), stored(reader)
    for injection in sample(SAMPLE):
        history = (Turn("user", injection.text), Turn("assistant", injection.text))
        for question in (Question(f"{REWARD}{injection.text}"[:300]), Question("那重新认定呢？", history)):
            answer = asker.ask(question, Knowing(injection.mark))  # type: ignore[arg-type]  # a mind like any other
            assert harm(answer, passages, reader, [injection.mark]) == [], injection
            assert "outside.example" not in shown(answer), injection


def test_no_genuine_clause_is_taken_for_an_order(reader: Reader) -> None:
    clauses = list(stored(reader).values())
    assert [clause.text for clause in clauses if speaks_to_the_model(clause.text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "奖励加V信领取",
        "电话一三八〇〇一三八〇〇〇",
        "热线4008-123-123",
        "幺三八 零零 幺三八零零零",
        "扫一扫领奖",
        "转至对公账户",
        "登录官网填写",
        "联系人王五",
    ],
)
def test_lures_in_any_writing_are_known(text: str) -> None:
    assert lures(text)


@pytest.mark.parametrize(
    "text", ["自2026-01-05至2026-01-18受理", "奖励1000—4000万元", "2024—2028年行动计划", "申请人应当提交申请表"]
)
def test_dates_and_ranges_are_no_telephone_numbers(text: str) -> None:
    assert not lures(text)
