"""「新旧有什么变化？」: cited from both policies, the retired one as retired; left alone where only one is here."""

from __future__ import annotations

import pytest

from rag.comparing import asks_changes, title_named
from rag.models import AnswerStatus, PolicyState, Question, Turn
from tests.support.policies import TODAY, policies
from tests.support.shelves import a_pipeline, a_reader, asker, memory_places

OLD, NEW = "qd-startup-2022", "qd-startup-2025"


@pytest.mark.parametrize(
    "words",
    [
        "这个办法新旧有什么变化？",
        "和旧版相比有哪些不同",
        "创业补贴这次修订改了什么",
        "新政策调整了哪些内容",
        "跟以前的办法有什么区别",
        "What changed in the startup subsidy rules?",
    ],
)
def test_a_question_about_changes_is_known(words: str) -> None:
    assert asks_changes(words)


@pytest.mark.parametrize(
    "words", ["技术改造补贴多少", "创业补贴需要什么条件", "变更法人要交什么材料", "新办企业有什么政策"]
)
def test_other_questions_are_not_about_changes(words: str) -> None:
    assert not asks_changes(words)


@pytest.mark.parametrize("named", ["青岛市创业扶持补贴实施细则", "青岛市一次性创业补贴办法（2022年）"])
def test_old_and_new_are_both_cited_and_the_old_one_is_shown_as_retired(named: str) -> None:
    ask = asker(a_pipeline(a_reader(policies(), memory_places())))
    answer = ask(f"《{named}》新旧有什么变化？")
    assert answer.status is AnswerStatus.ANSWERED
    states = {card.policy: card.policy_status for card in answer.citations}
    assert states == {NEW: PolicyState.IN_FORCE, OLD: PolicyState.SUPERSEDED}
    assert [card.policy for card in answer.citations] == [NEW, NEW, NEW, OLD, OLD]
    (told,) = [notice for notice in answer.notices if notice.key == "changes_digest"]
    assert (told.values["modified"], told.values["added"], told.values["removed"]) == ("2", "1", "0")
    quotes = [card.quote for card in answer.citations]
    assert ("2万元" in quotes[0], "1万元" in quotes[3]) == (True, True)
    assert answer.focus.policy == NEW


def test_a_follow_up_is_about_the_policy_that_was_talked_about() -> None:
    pipeline = a_pipeline(a_reader(policies(), memory_places()))
    first = pipeline.answer(Question("一次性创业补贴多少钱", as_of=TODAY))
    history = (Turn("user", first.question), Turn("assistant", "…", first.focus))
    answer = pipeline.answer(Question("这个办法新旧有什么变化？", history, as_of=TODAY))
    assert {card.policy for card in answer.citations} == {OLD, NEW}


def test_a_policy_without_a_predecessor_is_answered_as_any_question_is() -> None:
    ask = asker(a_pipeline(a_reader(policies(), memory_places())))
    answer = ask("《青岛市高新技术企业培育若干措施》新旧有什么变化？")
    assert all(notice.key not in {"changes", "changes_digest"} for notice in answer.notices)


def test_a_title_is_named_by_a_part_of_it() -> None:
    titles = {"a": "青岛市海洋经济促进条例", "b": "青岛市支持海洋经济高质量发展若干政策（海洋20条）"}
    assert title_named("海洋20条新旧有什么变化", titles) == "b"
    assert title_named("这个办法新旧有什么变化", titles) is None
