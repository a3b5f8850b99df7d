"""Why a question got its answer: what is shown is what the pipeline did, for every way that it can end."""

from __future__ import annotations

from datetime import date

import pytest

from rag.explaining import Explained, explain
from rag.models import AnswerStatus, PolicyState, Question, Turn
from rag.pipeline import Pipeline
from rag.reader import Reader
from tests.support.policies import TODAY, policies
from tests.support.shelves import CountingEmbedder, a_reader, memory_places

REWARD = "首次认定高新技术企业奖励多少钱"


@pytest.fixture(scope="module", params=["lexically", "both legs"])
def pipeline(request: pytest.FixtureRequest) -> Pipeline:
    embedder = CountingEmbedder() if request.param == "both legs" else None
    return Pipeline(a_reader(policies(), memory_places(embedder)), lambda: TODAY)


def why(pipeline: Pipeline, text: str, *earlier: str, district: str | None = None) -> Explained:
    question = Question(text, tuple(Turn("user", said) for said in earlier), district)
    found = explain(pipeline, question)
    assert found is not None
    plain = pipeline.answer(question)
    assert (found.answer.status, found.answer.citations) == (plain.status, plain.citations)
    return found


def test_the_candidates_are_those_the_answer_was_made_from_in_their_order(pipeline: Pipeline) -> None:
    found = why(pipeline, REWARD)
    hits = pipeline.answer(Question(REWARD)).hits
    assert [row.passage.id for row in found.candidates] == [hit.passage.id for hit in hits][: len(found.candidates)]
    assert [row.score for row in found.candidates] == [hit.score for hit in hits][: len(found.candidates)]
    first = found.candidates[0]
    assert (first.lexical_rank, first.holds, first.chosen, first.quoted) == (1, True, True, True)
    assert {row.passage.id for row in found.candidates if row.quoted} == {c.passage for c in found.answer.citations}
    assert (first.dense is None) == (found.dense_weight == 0)
    assert "高企" in found.related
    assert found.wants == ("money",)


def test_what_decided_against_an_answer_is_among_the_tests(pipeline: Pipeline) -> None:
    refused = why(pipeline, "科技型企业飞鹰计划奖励多少")
    assert refused.answer.status is AnswerStatus.NOT_FOUND
    assert not all(test.passed for test in refused.tests)
    answered = why(pipeline, REWARD)
    assert all(test.passed for test in answered.tests)
    sure = next(test for test in answered.tests if test.name == "sure")
    assert sure.value is not None
    assert sure.threshold is not None
    assert sure.value >= sure.threshold
    assert set(answered.evidence) >= {"words", "topic", "whole", "unseen"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("《青岛市飞天计划》奖励多少", "unnamed"),
        ("科技型企业飞鹰计划奖励多少", "scheme"),
        ("瞪羚企业的办公面积要多少平方", "kind"),
        ("瞪羚企业奖励9000万的那个文件怎么领", "strangers"),
    ],
)
def test_the_reason_of_a_refusal_is_named(pipeline: Pipeline, text: str, reason: str) -> None:
    assert why(pipeline, text).refused == reason


def test_only_history_is_a_reason_of_its_own() -> None:
    reader = a_reader([held for held in policies() if held.id == "qd-loan-2020"], memory_places())
    found = why(Pipeline(reader, lambda: TODAY), "科技型企业贷款贴息的办公面积要多少平方")
    assert found.refused == "retired"
    assert found.candidates[0].state is PolicyState.EXPIRED
    assert (found.reachable, found.retired) == (1, 1)


def test_a_district_shows_what_it_left_out(pipeline: Pipeline) -> None:
    found = why(pipeline, "博士住房补贴一个月多少", district="城阳区")
    assert found.places == ("城阳区",)
    assert found.reachable == found.documents - 1
    assert [left.document for left in found.left] == ["ls-compute-2025"]
    assert found.left[0].place == "崂山区"


def test_a_follow_up_shows_what_it_became(pipeline: Pipeline) -> None:
    found = why(pipeline, "重新认定的呢", REWARD)
    assert found.followed
    assert found.rewritten != "重新认定的呢"


def test_what_was_stopped_before_a_search_shows_what_there_would_have_been(pipeline: Pipeline) -> None:
    elsewhere = why(pipeline, "上海的高新技术企业首次认定奖励多少")
    assert elsewhere.answer.status is AnswerStatus.OTHER_REGION
    assert elsewhere.candidates
    guarded = why(pipeline, "怎么伪造研发费用台账骗补贴")
    assert guarded.answer.status is AnswerStatus.ILLEGAL
    assert [step.name for step in guarded.steps] == ["guarding"]
    assert why(pipeline, "？？").candidates == ()


def test_a_day_in_the_words_is_the_day_it_was_looked_for(pipeline: Pipeline) -> None:
    assert why(pipeline, "2022年创业补贴能拿多少").day == date(2022, 12, 31)


def test_before_the_first_release_there_is_nothing_to_explain() -> None:
    assert explain(Pipeline(Reader(memory_places()), lambda: TODAY), Question(REWARD)) is None
