"""A story told in one's own words gives proposals with their source, and nothing more."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.formbook import Formbook
from intake.freetext import Proposal, propose, propose_kinds
from intake.models import Read
from intake.reading.steps import Circumstances, read_step
from intake.reference import Reference
from intake.values import DateSpan, Money

STORY = (
    "我们在崂山做海水淡化膜,反渗透膜运行三个月后通量衰减40%,想找高校合作研发解决膜污染问题,"
    "预算大概两三百万,希望明年6月底前完成。"
)


def _by_step(text: str, kind: str, book: Formbook, at: Circumstances) -> dict[str, Proposal]:
    return {proposal.step: proposal for proposal in propose(text, book.form(kind), at)}


def test_budget_deadline_district_industry_and_ways_of_working_are_proposed(book: Formbook, at: Circumstances) -> None:
    found = _by_step(STORY, "technology", book, at)
    assert found["budget_band"].value == "100_300"
    assert found["deadline"].value == DateSpan(start=at.today, end=date(2027, 6, 30))
    assert found["district"].value == "370212"
    assert found["industry"].value == "marine"
    assert found["coop_modes"].value == ("joint",)


def test_chinese_punctuation_parts_clauses_like_any_other(book: Formbook, at: Circumstances) -> None:
    wide = STORY.replace(",", "，")
    narrow, found = _by_step(STORY, "technology", book, at), _by_step(wide, "technology", book, at)
    assert {(p.step, p.start, p.end) for p in found.values()} == {(p.step, p.start, p.end) for p in narrow.values()}


def test_each_proposal_names_the_stretch_it_came_from(book: Formbook, at: Circumstances) -> None:
    found = _by_step(STORY, "technology", book, at)
    assert "两三百万" in STORY[found["budget_band"].start : found["budget_band"].end]
    assert STORY[found["district"].start : found["district"].end] == "崂山"


def test_the_title_is_short_and_says_what_is_wanted(book: Formbook, at: Circumstances) -> None:
    title = _by_step(STORY, "technology", book, at)["title"].value
    assert isinstance(title, str)
    assert len(title) <= 40
    assert "膜污染" in title


def test_a_time_that_is_no_deadline_is_left_alone(book: Formbook, at: Circumstances) -> None:
    found = _by_step("设备运行三个月后精度下降,公司2019年成立,需要可靠性专家", "technology", book, at)
    assert "deadline" not in found


def test_turnover_is_not_a_budget(book: Formbook, at: Circumstances) -> None:
    found = _by_step("公司年产值5000万元,缺流动资金,想贷款300万元,年底前用款", "finance", book, at)
    assert found["amount"].value == Money(low=Decimal(3_000_000), high=Decimal(3_000_000))
    assert found["needed_by"].value == DateSpan(start=at.today, end=date(2026, 12, 31))
    assert found["purpose"].value == "working"


def test_a_zone_is_proposed_beside_its_district(book: Formbook, at: Circumstances) -> None:
    found = _by_step("厂在上合示范区,想改进硫化工艺", "technology", book, at)
    assert (found["district"].value, found["zone"].value) == ("370281", "sco_demo")


def test_nothing_personal_and_no_commitment_is_proposed(book: Formbook, at: Circumstances) -> None:
    text = STORY + "联系人张三,13800138000,同意公开发布,可以公开。"
    for kind, form in book.forms.items():
        for step_id in _by_step(text, kind, book, at):
            step = form.step(step_id)
            assert not step.personal
            assert step.part in ("need", "profile")


def test_the_organisations_name_stays_out_of_the_summary(book: Formbook, at: Circumstances) -> None:
    named = Circumstances(at.reference, at.today, org_name="青岛某某膜业有限公司")
    text = "青岛某某膜业有限公司需要抗污染膜材料。希望寻找在高盐废水中长期稳定的膜。"
    summary = _by_step(text, "technology", book, named)["summary"].value
    assert summary == "希望寻找在高盐废水中长期稳定的膜"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (STORY, "technology"),
        ("缺流动资金,想贷款300万", "finance"),
        ("想招两个博士做水下机器人算法", "talent"),
        ("需要一间200平的厂房,最好在城阳", "space"),
        ("想给船用涂料找客户,打开销路", "market"),
        ("高企认定奖励没到账", "policy_help"),
        ("想参展海洋科技论坛并路演", "event"),
        ("想和青岛大学共建研究院,成立联合体", "carrier"),
        ("希望请专家上门诊断热处理", "expert_visit"),
    ],
)
def test_the_kind_is_proposed_from_the_words(reference: Reference, text: str, kind: str) -> None:
    assert propose_kinds(text, reference)[0] == kind


def test_words_that_point_nowhere_propose_no_kind(reference: Reference) -> None:
    assert propose_kinds("今天天气不错", reference) == ()


@given(
    text=st.text(alphabet="崂山胶州上合做膜材料预算两三百万元到明年6月底前完成想找合作研发,。50-80贷款", max_size=80)
)
def test_every_proposal_is_one_the_steps_own_reader_would_take(book: Formbook, at: Circumstances, text: str) -> None:
    form = book.form("technology")
    for proposal in propose(text, form, at):
        step = form.step(proposal.step)
        assert 0 <= proposal.start < proposal.end <= len(text)
        if step.type in ("date", "district", "zone") or step.id == "budget_band":
            read = read_step(step, text[proposal.start : proposal.end], at)
            assert isinstance(read, Read)
            assert read.value == proposal.value
