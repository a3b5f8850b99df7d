"""Whether a clause is of the kind that was asked for, and whether the names in the question are its own."""

from __future__ import annotations

import pytest

from rag.completeness import holds, names_strangers, rerank, wants_of
from rag.models import Hit, Passage
from rag.understanding import Understanding, understand
from tests.support.policies import TODAY, hitech


def read(text: str) -> Understanding:
    return understand(text, TODAY)


def a_passage(text: str, lead: str = "") -> Passage:
    return Passage(text, "d", "article", ("题",), None, lead, text)


def complete(question: str, clause: str, lead: str = "") -> bool:
    return holds(a_passage(clause, lead), wants_of(read(question)))


@pytest.mark.parametrize(
    ("question", "answers", "does_not"),
    [
        ("首次认定奖多少钱", "一次性奖励10万元。", "由科技部门负责解释。"),
        ("贷款最长几年", "期限最长3年。", "可以申请创业担保贷款。"),
        ("研发费用占比要多少", "不低于3%。", "应当设立研发机构。"),
        ("什么时候申报", "每年5月1日至6月30日受理。", "向区科技局提出。"),
        ("申报要什么材料", "提交认定证书和审计报告。", "奖励10万元。"),
        ("场地面积多少", "不少于500平方米。", "奖励10万元。"),
    ],
)
def test_a_clause_must_hold_the_kind_of_thing_asked_for(question: str, answers: str, does_not: str) -> None:
    assert complete(question, answers)
    assert not complete(question, does_not)


def test_what_a_clause_hangs_on_counts_too() -> None:
    assert complete("首次认定奖多少钱", "国家级。", lead="按下列标准奖励100万元：")


def test_any_clause_does_where_nothing_in_particular_is_asked() -> None:
    assert wants_of(read("高新技术企业怎么认定")) == []
    assert complete("高新技术企业怎么认定", "由科技部门负责解释。")


def test_clauses_that_hold_it_move_ahead_and_none_is_lost() -> None:
    hits = [
        Hit(a_passage("由科技部门负责。"), 0.9),
        Hit(a_passage("奖励10万元。"), 0.85),
        Hit(a_passage("另行通知。"), 0.1),
    ]
    ranked = rerank(hits, wants_of(read("奖多少钱")))
    assert [hit.passage.text for hit in ranked] == ["奖励10万元。", "由科技部门负责。", "另行通知。"]
    assert rerank(hits, []) == hits


def test_a_clause_far_behind_does_not_jump_to_the_top() -> None:
    hits = [Hit(a_passage("由科技部门负责。"), 0.9), Hit(a_passage("奖励10万元。"), 0.2)]
    assert rerank(hits, wants_of(read("奖多少钱")))[0].passage.text == "由科技部门负责。"


@pytest.mark.parametrize(
    "text",
    [
        "“飞鹰计划”奖多少",
        "奖励8000万的那个文件怎么领",
        "海洋30条里奖多少",
        "小巨人企业奖多少",
        "鲁科贷能贷多少",
    ],
)
def test_a_name_that_the_document_never_mentions_is_a_strangers(text: str) -> None:
    assert names_strangers(read(text), hitech().text)


@pytest.mark.parametrize(
    "text",
    [
        "高企首次认定奖多少",
        "高新技术企业奖励10万的那个政策怎么领",
        "“高新技术企业”首次认定奖多少",
        "重新认定奖多少",
        "申报条件有几条",
        "第3条说了什么",
    ],
)
def test_its_own_names_are_no_strangers(text: str) -> None:
    assert not names_strangers(read(text), hitech().text)


def test_a_nickname_by_number_is_found_in_figures_and_in_characters() -> None:
    assert not names_strangers(read("海洋15条里奖多少"), "海洋经济十五条政策")
    assert not names_strangers(read("海洋十五条里奖多少"), "海洋经济15条政策")
    assert names_strangers(read("海洋十六条里奖多少"), "海洋经济15条政策")
