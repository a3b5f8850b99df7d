"""Follow-ups: what leans on the question before it, and what it inherits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.models import Turn
from rag.rewriting import leans, standalone


def after(text: str, *earlier: str) -> tuple[str, bool]:
    turns = [turn for question in earlier for turn in (Turn("user", question), Turn("assistant", "《某办法》……"))]
    made = standalone(text, turns)
    return made.text, made.followed


@pytest.mark.parametrize(
    "text",
    [
        "那崂山区呢？",
        "硕士呢",
        "那如果是重新认定呢",
        "还有呢",
        "这个要什么材料",
        "2023年呢",
        "what about a master's degree",
    ],
)
def test_a_follow_up_leans(text: str) -> None:
    assert leans(text)


@pytest.mark.parametrize(
    "text",
    [
        "瞪羚企业奖励多少钱",
        "高企认定要什么条件",
        "你好",
        "谢谢",
        "我在崂山开公司能享受什么政策",
        "贷款贴息怎么申请",
    ],
)
def test_a_question_that_names_its_subject_stands_alone(text: str) -> None:
    assert not leans(text)
    assert after(text, "博士住房补贴一个月多少") == (text, False)


def test_without_history_a_question_is_itself() -> None:
    assert after("硕士呢") == ("硕士呢", False)


def test_a_degree_is_replaced_by_a_degree() -> None:
    text, followed = after("硕士呢", "博士住房补贴一个月多少")
    assert followed
    assert "硕士" in text
    assert "住房补贴" in text
    assert "博士" not in text


def test_a_place_is_replaced_by_a_place() -> None:
    text, _ = after("那市南区呢？", "崂山区博士住房补贴多少")
    assert "市南区" in text
    assert "住房补贴" in text
    assert "崂山" not in text


def test_a_year_is_replaced_by_a_year() -> None:
    text, _ = after("2023年呢", "2022年创业补贴能拿多少")
    assert "2023年" in text
    assert "2022年" not in text
    assert "创业补贴" in text


def test_follow_ups_follow_one_another() -> None:
    text, _ = after("那市南区呢", "崂山区博士住房补贴多少", "硕士呢")
    assert "市南区" in text
    assert "硕士" in text
    assert "住房补贴" in text
    assert "博士" not in text
    assert "崂山" not in text


def test_the_last_subject_counts() -> None:
    text, _ = after("要什么材料", "博士住房补贴多少", "瞪羚企业奖励多少钱")
    assert "住房补贴" not in text
    made = standalone("这个要什么材料", [Turn("user", "博士住房补贴多少"), Turn("user", "瞪羚企业奖励多少钱")])
    assert "瞪羚" in made.text


def test_what_the_assistant_said_is_not_taken_for_the_question() -> None:
    made = standalone("硕士呢", [Turn("assistant", "瞪羚企业奖励50万元")])
    assert (made.text, made.followed) == ("硕士呢", False)


def test_small_talk_in_between_does_not_break_the_thread() -> None:
    text, followed = after("硕士呢", "博士住房补贴一个月多少", "谢谢")
    assert followed
    assert "住房补贴" in text


def test_an_earlier_turn_that_was_too_long_to_answer_is_no_topic() -> None:
    text, _ = after("硕士呢", "博士住房补贴一个月多少", "瞪羚企业奖励多少钱" * 1_000)
    assert "住房补贴" in text
    assert "瞪羚" not in text


def test_hidden_characters_in_earlier_turns_do_no_harm() -> None:
    text, _ = after("硕士呢", "博\u200b士住房\x00补贴一个月多少\u202e")
    assert "\u202e" not in text
    assert "\x00" not in text


@given(st.lists(st.text(max_size=60), max_size=5), st.text(max_size=60))
def test_any_conversation_can_be_folded(earlier: list[str], text: str) -> None:
    made = standalone(text, [Turn("user", question) for question in earlier])
    assert made.followed or made.text == text
