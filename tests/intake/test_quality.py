"""The score of a need: explained, the same for the same answers, never lower for one answer more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given as always
from hypothesis import strategies as st

from bot.phrases import Phrases
from intake.formbook import Formbook
from intake.journey import next_step, route
from intake.models import Form
from intake.quality import CRITERIA, READY, Quality, score
from intake.quality_facts import CORE, TERMS
from intake.values import Answered, DateSpan, Money, Value
from tests.support.needs import complete, filled, given

VERDICTS = ("return", "accept_and_supplement", "ready")


def points(quality: Quality) -> tuple[int, ...]:
    return tuple(getattr(quality, name) for name in CRITERIA)


def scored(book: Formbook, kind: str, files: int = 0, /, **answers: Value) -> Quality:
    form = book.form(kind)
    return score(form, complete(form, **answers), files)


def without_value(answers: Mapping[str, Answered], step: str, state: str) -> dict[str, Answered]:
    return {**answers, step: Answered.model_validate({"value": None, "state": state})}


def test_a_technology_need_told_in_full_is_ready(book: Formbook) -> None:
    told = scored(
        book, "technology", 1,
        tried="换过两种国产膜和阻垢剂，效果只维持了三周", ip_ownership="shared", keywords=("反渗透",),
        constraints="不能增加占地，吨水成本不超过 3 元", solver_conditions="有高盐废水膜处理的工程案例，能够到现场调试",
    )  # fmt: skip
    assert points(told) == (5, 5, 5, 5)
    assert told.verdict == "ready"
    assert told.reasons == ()


def test_the_fast_path_answered_well_is_ready(book: Formbook) -> None:
    told = scored(book, "technology")
    assert points(told) == (3, 5, 4, 3)
    assert told.verdict == "ready"


def test_a_technology_need_without_indicators_and_money_is_supplemented(book: Formbook) -> None:
    form = book.form("technology")
    answers = complete(form, problem="反渗透膜经常堵塞，清洗以后很快又堵，影响生产", budget_band="negotiable")
    answers = without_value(answers, "key_indicators", "none_yet")
    told = score(form, answers)
    assert told.quantified == 1
    assert told.verdict == "accept_and_supplement"
    assert [reason.key for reason in told.reasons][:1] == ["quantified.number"]
    assert "cooperation.money" in [reason.key for reason in told.reasons]


def test_a_criterion_of_nothing_bars_ready(book: Formbook) -> None:
    form = book.form("technology")
    answers = complete(form, tried="换过两种国产膜和阻垢剂，效果只维持了几天", ip_ownership="shared", keywords=("膜",))
    answers = without_value(answers, "key_indicators", "to_verify")
    answers["problem"] = given("反渗透膜在高盐废水中运行不久通量就衰减，清洗后只能部分恢复，产线经常停机，影响交货" * 2)
    told = score(form, answers, 1)
    assert told.quantified == 0
    assert told.total >= READY
    assert told.verdict == "accept_and_supplement"


def test_nothing_told_is_nothing(book: Formbook) -> None:
    for form in book.forms.values():
        empty = score(form, {})
        assert empty.total == 0
        assert empty.verdict == "return"


def test_money_given_as_a_number_counts_for_finance(book: Formbook) -> None:
    form = book.form("finance")
    told = score(form, complete(form))
    assert told.quantified >= 3
    assert told.cooperation == 4
    assert told.verdict == "ready"
    poor = score(form, complete(form, without=["amount", "needed_by", "term"]))
    assert poor.cooperation < told.cooperation
    assert "cooperation.money" in [reason.key for reason in poor.reasons]


def test_people_and_pay_count_for_talent(book: Formbook) -> None:
    told = scored(book, "talent", positions_1_duties="负责水下机器人的路径规划和控制算法")
    more = scored(
        book, "talent",
        positions_1_duties="负责水下机器人的路径规划和控制算法", positions_1_salary_band="20_30",
        positions_1_arrival_by=DateSpan(start=date(2026, 9, 1), end=date(2026, 9, 1)), positions_1_support=("housing",),
    )  # fmt: skip
    assert told.quantified >= 3
    assert (told.cooperation, more.cooperation) == (2, 5)


def test_a_policy_question_is_not_returned_for_having_no_numbers(book: Formbook) -> None:
    told = scored(
        book, "policy_help", question="公司去年通过了高企认定，奖励还没有到账，应该找谁？", help_type="unpaid"
    )
    assert told.quantified == 2
    assert told.verdict == "accept_and_supplement"


def test_an_area_is_a_quantity_for_space(book: Formbook) -> None:
    form = book.form("space")
    told = score(form, complete(form, area_band=form.step("area_band").options[1].code))
    assert told.quantified >= 3


def test_an_achievement_without_indicators_says_which_step_wants_a_number(book: Formbook) -> None:
    form = book.form("achievement")
    told = score(form, without_value(complete(form), "indicators", "none_yet"))
    assert told.quantified == 2  # the name tells a number, which is no indicator
    reason = next(reason for reason in told.reasons if reason.key == "quantified.number")
    assert reason.values == {"label": form.step("indicators").label}


@pytest.mark.parametrize("kind", ["event", "carrier", "international", "expert_visit", "think_tank", "market", "other"])
def test_other_kinds_told_in_full_are_taken_in(book: Formbook, kind: str) -> None:
    form = book.form(kind)
    assert score(form, complete(form)).verdict in ("accept_and_supplement", "ready")
    assert score(form, complete(form), 1).total == score(form, complete(form)).total + 1


def test_a_brief_need_is_taken_in_and_a_clerk_asks_the_rest(book: Formbook) -> None:
    assert scored(book, "brief", content="想找能解决高盐废水膜污染的专家").verdict == "accept_and_supplement"
    assert scored(book, "brief", content="想找人帮忙").verdict == "return"


def test_an_amount_left_open_says_nothing(book: Formbook) -> None:
    with_money = scored(book, "technology", budget_band="100_300")
    negotiable = scored(book, "technology", budget_band="negotiable")
    exact = scored(book, "technology", budget_band="negotiable", budget_amount=Money(low=Decimal(2_800_000), high=None))
    assert with_money.cooperation == exact.cooperation == negotiable.cooperation + 1


def test_what_is_kept_with_a_case_is_plain(book: Formbook) -> None:
    assert scored(book, "technology").row() == {
        "clarity": 3, "quantified": 5, "cooperation": 4, "complete": 3, "total": 15, "verdict": "ready",
    }  # fmt: skip


@always(data=st.data())
def test_one_answer_more_never_lowers_the_score(data: st.DataObject, book: Formbook) -> None:
    form = data.draw(st.sampled_from(sorted(book.forms.values(), key=lambda form: form.kind)))
    answers: dict[str, Answered] = {}
    before = score(form, answers)
    steps = data.draw(st.permutations(form.steps))
    for step in steps[: data.draw(st.integers(0, 25))]:
        answers[step.id] = data.draw(st.sampled_from(_ways_to_answer(form, step.id, answers)))
        files = data.draw(st.integers(0, 1))
        after, filed = score(form, answers), score(form, answers, files)
        assert all(new >= old for new, old in zip(points(after), points(before), strict=True)), step.id
        assert VERDICTS.index(after.verdict) >= VERDICTS.index(before.verdict)
        assert filed.total >= after.total
        before = after


def _ways_to_answer(form: Form, step_id: str, answers: Mapping[str, Answered]) -> list[Answered]:
    step = form.step(step_id)
    ways = [filled(step, answers), Answered(value=None, state="skipped"), Answered(value=None, state="none_yet")]
    return [*ways, *(given(option.code) for option in step.options[-1:] if step.type == "enum")]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_reason_can_be_said(book: Formbook, lang: str) -> None:
    words = Phrases("zh" if lang == "zh" else "en", "needs_quality")
    for form in book.forms.values():
        answers: dict[str, Answered] = {}
        while (step := next_step(form, answers)) is not None:
            quality = score(form, answers)
            for reason in quality.reasons:
                assert words.say(reason.key, **reason.values)
            assert words.has(f"verdict.{quality.verdict}")
            answers[step.id] = filled(step, answers)
    assert all(words.has(f"criterion.{name}") for name in CRITERIA)


def test_reasons_end_when_everything_is_told(book: Formbook) -> None:
    """Following each reason that names a step, by label, raises the score to what the form can give."""
    for form in book.forms.values():
        answers = complete(form)
        for _ in range(12):
            labels = {reason.values["label"] for reason in score(form, answers, 1).reasons if reason.values}
            open_steps = [s for s in route(form, answers, "full") if s.label in labels and s.id not in answers]
            if not open_steps:
                break
            before = score(form, answers, 1).total
            answers[open_steps[0].id] = filled(open_steps[0], answers)
            assert score(form, answers, 1).total >= before
        assert open_steps == [], form.kind


def test_the_steps_named_are_steps_of_forms(book: Formbook) -> None:
    known = {step.id for form in book.forms.values() for step in form.steps}
    assert known >= TERMS
    assert known >= CORE
