"""A question in mid-form is told apart from an answer; controls are exact words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.formbook import Formbook
from intake.interruption import Control, Decision, control_of, decide
from intake.question_shape import shaped_as_question

WORDS = frozenset({"补贴", "高企", "申报", "加计扣除"})


@pytest.mark.parametrize("text", ["取消关税影响", "帮助企业联网", "跳过电镀", "上一步工序", "暂存库", "预览级建模"])
def test_a_control_word_inside_a_sentence_is_no_control(text: str) -> None:
    assert control_of(text) is None


@pytest.mark.parametrize(
    ("text", "control"),
    [
        ("取消", Control.CANCEL),
        (" 上一步 ", Control.BACK),
        ("跳过。", Control.SKIP),
        ("/HUMAN", Control.HUMAN),
        ("ｓｋｉｐ", Control.SKIP),
    ],
)
def test_a_control_is_the_whole_message(text: str, control: Control) -> None:
    assert control_of(text) is control


def test_a_typed_step_takes_what_it_can_read_whatever_it_looks_like(book: Formbook) -> None:
    step = book.form("technology").step("budget_band")
    assert decide(step, "50万左右?", True, WORDS) is Decision.ANSWER
    assert decide(step, "最多能补30万吗?", False, WORDS) is Decision.QUESTION
    assert decide(step, "老板还没定", False, WORDS) is Decision.ANSWER


def test_free_text_needs_shape_and_the_fields_words_to_be_a_question(book: Formbook) -> None:
    step = book.form("technology").step("problem")
    assert decide(step, "高企有什么补贴?", True, WORDS) is Decision.QUESTION
    assert decide(step, "如何降低膜污染?", True, WORDS) is Decision.UNSURE
    assert decide(step, "因高企复审要补一项专利技术", True, WORDS) is Decision.ANSWER
    assert decide(step, "这一项要写多少字?", True, WORDS) is Decision.QUESTION


def test_a_long_story_that_ends_in_a_policy_question_is_unsure(book: Formbook) -> None:
    step = book.form("technology").step("problem")
    story = "反渗透膜在高盐废水中三个月通量衰减四成,清洗后只能恢复到八成,已经换过三家供应商的产品,仍然影响装置稳定运行,"
    assert decide(step, story + "请问这类研发能加计扣除吗?", True, WORDS) is Decision.UNSURE
    assert decide(step, story + "需要新的膜材料和清洗方案,能否用国产材料?", True, WORDS) is Decision.ANSWER


def test_the_policy_words_are_the_callers(book: Formbook) -> None:
    step = book.form("technology").step("problem")
    assert decide(step, "蓝色药库怎么参加?", True, frozenset()) is Decision.UNSURE
    assert decide(step, "蓝色药库怎么参加?", True, frozenset({"蓝色药库"})) is Decision.QUESTION


def test_a_step_that_asks_for_a_question_takes_one(book: Formbook) -> None:
    step = book.form("policy_help").step("question")
    assert decide(step, "高企奖励怎么申报?", True, WORDS) is Decision.ANSWER


@pytest.mark.parametrize(
    "text", ["我们不知道如何降低能耗", "研究怎么把能耗降下来", "什么传感器都试过了", "解决怎样定位的问题"]
)
def test_telling_of_a_question_is_not_asking_it(text: str) -> None:
    assert not shaped_as_question(text)


@given(text=st.text(max_size=80), parsed=st.booleans())
def test_any_words_get_a_decision(book: Formbook, text: str, parsed: bool) -> None:
    for step_id in ("problem", "budget_band", "contact_name"):
        assert decide(book.form("technology").step(step_id), text, parsed, WORDS) in Decision
