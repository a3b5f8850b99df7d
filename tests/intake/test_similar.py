"""Likeness of needs: the pairs of the design's trial, and who is shown whose."""

from __future__ import annotations

import pytest
from hypothesis import given as always
from hypothesis import strategies as st
from sqlalchemy import Engine

from intake.cases import owner
from intake.formbook import Formbook
from intake.similar import Gist, likeness
from tests.support.needs import NOW, OTHER_USCC, Desk

SAME = [
    ("高盐废水反渗透膜抗污染技术", "高盐废水反渗透膜抗污染材料研发",
     "反渗透膜在高盐废水中运行三个月后通量衰减超过四成", "高盐废水里反渗透膜三个月通量衰减四成，需要抗污染的膜"),
    ("海洋平台防腐涂料", "海上平台用长效防腐涂料",
     "海洋平台钢结构防腐涂层寿命不足五年", "平台钢结构在浪溅区的防腐涂层五年就失效"),
]  # fmt: skip
DIFFERENT = [
    ("高盐废水反渗透膜抗污染技术", "电池包热失控预警技术",
     "反渗透膜在高盐废水中运行三个月后通量衰减超过四成", "储能电池包在高温下热失控缺少早期预警手段"),
    ("海洋平台防腐涂料", "农机自动驾驶导航", "海洋平台钢结构防腐涂层寿命不足五年", "拖拉机在坡地上的自动驾驶偏航大"),
]  # fmt: skip


@pytest.fixture
def desk(engine: Engine, book: Formbook) -> Desk:
    return Desk(engine, book)


def gist(title: str, told: str) -> Gist:
    return Gist(title, f"{title}\n{told}")


@pytest.mark.parametrize(("title", "other", "told", "other_told"), SAME)
def test_the_same_need_in_other_words_is_alike(title: str, other: str, told: str, other_told: str) -> None:
    assert likeness(gist(title, told), gist(other, other_told)) is not None


@pytest.mark.parametrize(("title", "other", "told", "other_told"), DIFFERENT)
def test_different_needs_are_not_alike(title: str, other: str, told: str, other_told: str) -> None:
    assert likeness(gist(title, told), gist(other, other_told)) is None


@always(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_likeness_is_symmetric_and_between_0_and_1(one: str, told: str, other: str, other_told: str) -> None:
    there = likeness(Gist(one, told), Gist(other, other_told))
    assert there == likeness(Gist(other, other_told), Gist(one, told))
    assert there is None or 0 <= there <= 1


def test_needs_that_say_nothing_are_not_alike() -> None:
    assert likeness(Gist("", ""), Gist("", "")) is None
    assert likeness(Gist("。", "!"), Gist("。", "!")) is None


def test_the_persons_own_open_needs_are_shown_the_likest_first(desk: Desk) -> None:
    near = desk.submit("p1", title="高盐废水反渗透膜抗污染").case
    exact = desk.submit("p1").case
    desk.submit("p1", title="农机自动驾驶导航", summary="寻找坡地自动驾驶方案", problem="拖拉机在坡地上自动驾驶偏航大")
    found = desk.submission.similar(desk.draft("p1"))
    assert [similar.reference for similar in found] == [exact.reference, near.reference]
    assert found[0].score == 1
    assert found[0].title == exact.title
    assert found[0].submitted_at == exact.submitted_at


def test_other_kinds_and_ended_needs_are_not_shown(desk: Desk) -> None:
    desk.submit("p1", "achievement")
    desk.submit("p1")
    desk.privacy.withdraw_consent("p1", "web")
    assert desk.submission.similar(desk.draft("p1")) == ()


def test_an_own_restricted_need_is_shown_to_its_owner(desk: Desk) -> None:
    desk.submit("p1", confidentiality="restricted")
    assert len(desk.submission.similar(desk.draft("p1"))) == 1


def test_colleagues_see_each_others_needs_once_both_are_accepted(desk: Desk) -> None:
    org = desk.submit("p1").case.org or ""
    desk.submit("p2")
    desk.people.record_consent("p2", True, "web", NOW)
    assert len(desk.submission.similar(desk.draft("p2"))) == 1  # their own
    assert len(desk.submission.similar(desk.draft("p1"))) == 1
    assert desk.people.accept(org, "p2", owner("p1", "web"), NOW)
    assert len(desk.submission.similar(desk.draft("p2"))) == 2
    assert len(desk.submission.similar(desk.draft("p1"))) == 2


def test_a_colleagues_restricted_need_is_not_shown(desk: Desk) -> None:
    org = desk.submit("p1", confidentiality="restricted").case.org or ""
    desk.submit("p2")
    desk.people.accept(org, "p2", owner("p1", "web"), NOW)
    assert len(desk.submission.similar(desk.draft("p2"))) == 1


def test_other_organisations_needs_are_shown_to_nobody_but_staff(desk: Desk) -> None:
    here = desk.submit("p1").case
    there = desk.submit("p2", uscc=OTHER_USCC, org_name="北京某某公司").case
    assert [similar.reference for similar in desk.submission.similar(desk.draft("p1"))] == [here.reference]
    assert [similar.reference for similar in desk.submission.common_needs(here)] == [there.reference]


def test_restricted_needs_are_never_common_needs(desk: Desk) -> None:
    here = desk.submit("p1").case
    secret = desk.submit("p2", uscc=OTHER_USCC, org_name="北京某某公司", confidentiality="restricted").case
    assert desk.submission.common_needs(here) == []
    assert desk.submission.common_needs(secret) == []


def test_a_brief_need_is_compared_by_its_own_words(desk: Desk) -> None:
    content = "想找人解决高盐废水反渗透膜污染快的问题"
    desk.submit("p1", "brief", content=content)
    again = desk.draft("p1", "brief", content=f"我们{content}，请帮忙")
    assert len(desk.submission.similar(again)) == 1
    other = desk.draft("p2", "brief", content="拖拉机在坡地上的自动驾驶偏航大")
    assert desk.submission.similar(other) == ()
