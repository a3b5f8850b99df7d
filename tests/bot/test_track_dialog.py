"""One's own cases in the chat: the list, the timeline, answering staff, confirming, reopening, withdrawing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from bot.bootstrap import House
from bot.clock import FixedClock
from intake.cases import SYSTEM, Case, CaseState, Role
from intake.store.register import Staff
from intake.values import DateSpan
from tests.support.houses import a_house
from tests.support.talking import INDICATORS, Talker

AREA = "370212"


@pytest.fixture
def house(sqlite_engine: Engine, data_dir: Path, clock: FixedClock) -> Iterator[House]:
    made = a_house(data_dir, clock)
    register = made.needs().register
    roles = frozenset({Role.CLERK, Role.SPECIALIST, Role.LEAD})
    register.put_staff(Staff("li", "李科员", roles, frozenset({AREA})), SYSTEM, clock.now())
    for team in register.teams():
        register.join(team.id, "li", SYSTEM, clock.now(), lead=True)
    yield made
    made.engine.dispose()


@pytest.fixture
def talker(house: House) -> Talker:
    return Talker(house)


def staff(talker: Talker, case: Case, action: str, **values: Any) -> Case:
    """Something staff do, at the revision that stands."""
    needs = talker.house.needs()
    actor = needs.register.actor("li", "cli", talker.house.clock.now())
    return needs.handling.act(actor, case.reference, action, **values)


def stands(talker: Talker, case: Case) -> Case:
    found = talker.house.needs().cases.get(case.reference)
    assert found is not None
    return found


def another(talker: Talker, title: str) -> Case:
    """A second need, told apart by its name."""
    talker.technology_card()
    talker.say("6")
    talker.say(title)
    talker.press("提交")
    if talker.reply.status == "form_similar":
        talker.press("仍然新建")
    return next(case for case in talker.cases if case.title == title)


def in_progress(talker: Talker) -> Case:
    case = talker.submit_technology()
    staff(talker, case, "accept")
    return staff(talker, case, "start")


def answered(talker: Talker) -> Case:
    return staff(talker, in_progress(talker), "answer", outcome="solved", text="已与中国海洋大学签约，三月内交付样品。")


# The list and one case


@pytest.mark.parametrize("text", ["我的需求", "进度", "/my", "查进度。"])
def test_nothing_submitted_is_told(talker: Talker, text: str) -> None:
    reply = talker.say(text)
    assert "还没有提交过需求" in reply.text
    assert "提交需求" in talker.labels()


def test_ones_cases_are_listed_with_their_states_as_owners_know_them(talker: Talker, clock: FixedClock) -> None:
    first = talker.submit_technology()
    clock.advance(timedelta(days=1))
    second = another(talker, "低温海水淡化预处理技术")
    staff(talker, first, "ask", steps=["tried"], text="请补充试验数据。")
    reply = talker.say("我的需求")
    assert f"1. 低温海水淡化预处理技术｜已提交，等待受理（{second.reference}，3月3日提交）" in reply.text
    assert f"▶ 2. 高校合作研发解决膜污染问题｜请您补充材料（{first.reference}，3月2日提交）" in reply.text


def test_a_case_opens_with_its_timeline_in_shanghais_time(talker: Talker, clock: FixedClock) -> None:
    case = talker.submit_technology()
    clock.advance(timedelta(hours=4, minutes=30))
    staff(talker, case, "accept")
    staff(talker, case, "note", text="内部讨论")
    talker.say("我的需求")
    reply = talker.press("1 ")
    assert f"【{case.reference}】技术需求：高校合作研发解决膜污染问题" in reply.text
    assert "状态：已受理（3月2日更新）" in reply.text
    assert "办理团队：崂山区科创服务团队" in reply.text
    assert "3月2日 10:00　提交了需求" in reply.text
    assert "3月2日 14:30　已受理" in reply.text
    assert "内部讨论" not in reply.text


@pytest.mark.parametrize("change", [str, str.lower, lambda text: text.replace("-", ""), lambda text: f" {text} "])
def test_a_case_opens_by_its_number_however_it_is_typed(talker: Talker, change: Any) -> None:
    case = talker.submit_technology()
    assert f"【{case.reference}】" in talker.say(change(case.reference)).text


def test_another_persons_case_is_not_there(house: House) -> None:
    one, other = Talker(house, "1"), Talker(house, "2")
    case = one.submit_technology()
    for reply in (other.say(case.reference), other.say(choice=f"t:{case.reference}:v")):
        assert reply.status == "form_not_found"
        assert case.title not in reply.text
    for what in ("W", "c.5", "u", "n", "a", "reply", "s.tried"):
        other.say(choice=f"t:{case.reference}:{what}")
    assert stands(one, case) == case
    assert "KC99-AAAAA-A" not in other.say(choice="t:KC99-AAAAA-A:v").text or other.reply.status == "form_not_found"


@pytest.mark.parametrize("what", ["", "s.nothing", "c.x", "zz", "s.", "c.99"])
def test_a_case_button_that_was_never_made_breaks_nothing(talker: Talker, what: str) -> None:
    case = talker.submit_technology()
    assert talker.say(choice=f"t:{case.reference}:{what}").status != "error_internal"
    assert stands(talker, case).state is CaseState.SUBMITTED


def test_only_what_may_be_done_now_is_offered(talker: Talker) -> None:
    case = talker.submit_technology()
    talker.say(case.reference)
    assert {"补充说明或附件", "催办", "撤回"} <= set(talker.labels())
    assert not {"满意，确认办结", "重新办理", "补充材料"} & set(talker.labels())
    staff(talker, case, "accept")
    staff(talker, case, "start")
    staff(talker, case, "answer", outcome="solved", text="已为您对接到合作单位。")
    talker.say(case.reference)
    assert {"满意，确认办结", "不满意"} <= set(talker.labels())


# Answering staff


def test_what_staff_ask_is_answered_field_by_field_and_sent_once_looked_over(talker: Talker) -> None:
    case = talker.submit_technology()
    staff(talker, case, "ask", steps=["tried", "budget_band"], text="请补充试验数据和预算。")
    talker.say("我的需求")
    reply = talker.press("1 ")
    assert "请您补充：\n· 拟投入资金：计划投入多少资金？\n· 已有基础/已尝试方案：" in reply.text
    assert "工作人员说：请补充试验数据和预算。" in reply.text
    talker.press("补充材料")
    assert "第 1/2 项" in talker.reply.text
    assert "原来填的是：100–300 万元" in talker.reply.text
    talker.press("300–500 万元")
    talker.restart()
    talker.say("换过三家供应商的膜，清洗频率加倍，衰减仍超过三成")
    assert "将发给工作人员：" in talker.reply.text
    assert "拟投入资金：300–500 万元" in talker.reply.text
    talker.say("另外可以提供现场试验条件")
    talker.file("数据.pdf")
    assert stands(talker, case).state is CaseState.NEED_INFO
    reply = talker.press("发送")
    assert "已发给工作人员，继续办理。" in reply.text
    after = stands(talker, case)
    assert after.state is CaseState.SUBMITTED
    assert after.answers["budget_band"].value == "300_500"
    assert after.answers["tried"].text.startswith("换过三家")
    needs = talker.house.needs()
    assert needs.cases.events(case.id)[-1].text == "另外可以提供现场试验条件"
    assert [file.name for file in needs.cases.files(case.id)] == ["数据.pdf"]
    assert talker.drafts == []


def test_a_field_that_cannot_be_read_is_asked_again_and_one_may_be_left(talker: Talker) -> None:
    case = talker.submit_technology()
    staff(talker, case, "ask", steps=["budget_band", "deadline"], text="")
    talker.say(choice=f"t:{case.reference}:reply")
    asked = talker.asked
    assert talker.say("不好说").status == "form_invalid"
    assert talker.asked == asked
    talker.press("这一项不补")
    assert talker.asked != asked
    talker.say("半年内")
    talker.say("发送")
    deadline = stands(talker, case).answers["deadline"].value
    assert isinstance(deadline, DateSpan)
    assert deadline.end.isoformat() == "2026-09-02"


def test_a_question_in_plain_words_is_answered_in_plain_words(talker: Talker) -> None:
    case = talker.submit_technology()
    staff(talker, case, "ask", text="现场能否接待两位专家？")
    talker.say(choice=f"t:{case.reference}:reply")
    assert "工作人员说：现场能否接待两位专家？" in talker.reply.text
    reply = talker.say("可以接待，提前一天联系就行")
    assert "已发给工作人员" in reply.text
    assert stands(talker, case).state is CaseState.SUBMITTED


def test_a_policy_question_while_answering_is_answered_and_the_field_asked_again(talker: Talker) -> None:
    case = talker.submit_technology()
    staff(talker, case, "ask", steps=["budget_band"], text="")
    talker.say(choice=f"t:{case.reference}:reply")
    reply = talker.say("高企有什么补贴？")
    assert reply.status == "form_answered"
    assert "一次性奖励10万元" in reply.text
    assert talker.asked == "budget_band"


def test_sensitive_words_are_not_sent(talker: Talker) -> None:
    case = talker.submit_technology()
    staff(talker, case, "ask", text="请说明负责人。")
    talker.say(choice=f"t:{case.reference}:reply")
    reply = talker.say("负责人身份证 11010519491231002X")
    assert reply.status == "form_refused"
    assert talker.turns()[-1].question == "（含敏感信息，未保存）"
    assert stands(talker, case).state is CaseState.NEED_INFO


def test_leaving_an_answer_sends_nothing(talker: Talker) -> None:
    case = talker.submit_technology()
    staff(talker, case, "ask", steps=["tried"], text="")
    talker.say(choice=f"t:{case.reference}:reply")
    assert "没有发送" in talker.say("取消").text
    assert stands(talker, case).state is CaseState.NEED_INFO
    assert talker.drafts == []


def test_what_staff_had_withdrawn_meanwhile_is_told_and_nothing_sent(talker: Talker) -> None:
    case = talker.submit_technology()
    staff(talker, case, "ask", text="请补充。")
    talker.say(choice=f"t:{case.reference}:reply")
    talker.house.needs().handling.act(_owner(talker), case.reference, "withdraw")
    reply = talker.say("已经补充好了，请查收一下")
    assert reply.status != "error_internal"
    assert stands(talker, case).state is CaseState.WITHDRAWN
    assert talker.drafts == []


def _owner(talker: Talker) -> Any:
    from intake.cases import owner

    return owner(talker.person, "telegram")


def test_an_answer_sent_but_not_replied_to_is_not_sent_twice(talker: Talker, monkeypatch: pytest.MonkeyPatch) -> None:
    case = talker.submit_technology()
    talker.say(choice=f"t:{case.reference}:a")
    sending = talker.message("我们可以提供现场试验条件")
    drafts = talker.house.needs().drafts
    with monkeypatch.context() as killed:
        killed.setattr(drafts, "drop", _killed)
        with pytest.raises(KeyboardInterrupt):
            talker.conversation.handle(sending)
    talker.restart()
    talker.sent = sending
    assert "已转给承办人" in talker.again().text
    notes = [event for event in talker.house.needs().cases.events(case.id) if event.action == "note"]
    assert len(notes) == 1


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


# Words and files without a place


def test_words_that_are_no_question_may_be_the_answer_staff_wait_for(talker: Talker) -> None:
    case = talker.submit_technology()
    staff(talker, case, "ask", text="请补充试验数据。")
    reply = talker.say("数据已经整理好了，衰减 42%，清洗恢复 78%")
    assert "要把这段话发给工作人员，作为「高校合作研发解决膜污染问题」的补充吗？" in reply.text
    assert stands(talker, case).state is CaseState.NEED_INFO
    talker.press("补充到")
    assert stands(talker, case).state is CaseState.SUBMITTED
    assert talker.house.needs().cases.events(case.id)[-1].text == "数据已经整理好了，衰减 42%，清洗恢复 78%"


def test_with_two_open_requests_the_person_says_which(talker: Talker, clock: FixedClock) -> None:
    first = talker.submit_technology()
    clock.advance(timedelta(minutes=1))
    second = another(talker, "低温海水淡化预处理技术")
    for case in (first, second):
        staff(talker, case, "ask", text="请补充试验数据。")
    reply = talker.say("数据已经整理好了，衰减 42%，清洗恢复 78%")
    assert "这段话要补充到哪一项需求？" in reply.text
    talker.restart()
    assert "请点一下属于哪一项" in talker.say("第一个").text
    talker.press("低温海水淡化")
    assert stands(talker, second).state is CaseState.SUBMITTED
    assert stands(talker, first).state is CaseState.NEED_INFO


def test_a_question_stays_a_question_while_staff_wait(talker: Talker) -> None:
    case = talker.submit_technology()
    staff(talker, case, "ask", text="请补充试验数据。")
    assert talker.say("首次认定高新技术企业奖励多少钱").status == "answered"
    assert talker.say("高企奖励").status != "form_question"
    talker.say("我在准备材料了，过两天发给你们")
    reply = talker.press("我在提问")
    assert reply.status == "form_answered"
    assert talker.drafts == []
    assert stands(talker, case).state is CaseState.NEED_INFO


def test_a_file_goes_to_the_case_the_person_names(talker: Talker, clock: FixedClock) -> None:
    first = talker.submit_technology()
    clock.advance(timedelta(minutes=1))
    another(talker, "低温海水淡化预处理技术")
    reply = talker.file("曲线.pdf")
    assert "收到附件「曲线.pdf」，要放到哪一项需求？" in reply.text
    talker.press("高校合作")
    assert "已转给承办人" in talker.reply.text
    assert [file.name for file in talker.house.needs().cases.files(first.id)] == ["曲线.pdf"]


def test_a_file_without_a_place_can_be_left(talker: Talker) -> None:
    case = talker.submit_technology()
    talker.file("曲线.pdf")
    talker.press("都不是")
    assert talker.house.needs().cases.files(case.id) == []
    assert talker.drafts == []


# What owners do


def test_a_remark_reaches_those_who_handle_it(talker: Talker) -> None:
    case = talker.submit_technology()
    talker.say(case.reference)
    talker.press("补充说明或附件")
    talker.say("样机照片下周补上")
    event = talker.house.needs().cases.events(case.id)[-1]
    assert (event.action, event.text) == ("note", "样机照片下周补上")


def test_a_supplement_is_added_at_once_and_raises_the_quality(talker: Talker) -> None:
    case = talker.submit_technology()
    talker.press("补充：知识产权")
    reply = talker.press("共有")
    assert "已补充" in reply.text
    assert "/20。" in reply.text
    after = stands(talker, case)
    assert after.answers["ip_ownership"].value == "shared"
    assert after.quality["total"] >= case.quality["total"]
    assert "补充：知识产权归属意向" not in talker.labels()


def test_several_choices_of_a_supplement_are_ticked_like_in_a_form(talker: Talker) -> None:
    case = talker.submit_technology()
    talker.say(choice=f"t:{case.reference}:s.expected_help")
    talker.press("专家")
    talker.press("其他")
    talker.press("选好了（2 项）")
    assert talker.asked == "expected_help_other"
    talker.say("对接展会资源")
    after = stands(talker, case)
    assert after.answers["expected_help"].value == ("expert", "other")
    assert after.answers["expected_help_other"].value == "对接展会资源"


def test_a_result_is_confirmed_with_a_mark(talker: Talker) -> None:
    case = answered(talker)
    reply = talker.say(case.reference)
    assert "办理有了结果：已解决：已与中国海洋大学签约" in reply.text
    talker.press("满意，确认办结")
    assert stands(talker, case).state is CaseState.ANSWERED
    reply = talker.press("非常满意")
    assert "谢谢您的确认，已办结" in reply.text
    assert stands(talker, case).state is CaseState.CLOSED
    assert talker.house.needs().cases.events(case.id)[-1].detail["score"] == 5


def test_confirming_twice_is_told_and_changes_nothing(talker: Talker) -> None:
    case = answered(talker)
    talker.say(case.reference)
    talker.press("满意，确认办结")
    mark = talker.button("不评价")
    talker.say(choice=mark.id)
    closed = stands(talker, case)
    reply = talker.say(choice=mark.id)
    assert reply.status == "form_invalid"
    assert "状态：已办结" in reply.text
    assert stands(talker, case) == closed


def test_a_result_that_does_not_satisfy_goes_back_with_a_reason(talker: Talker) -> None:
    case = answered(talker)
    talker.say(case.reference)
    talker.press("不满意")
    assert "请说说哪里不满意" in talker.reply.text
    talker.say("交付样品的时间太晚了，希望提前一个月")
    after = stands(talker, case)
    assert (after.state, after.redo) == (CaseState.IN_PROGRESS, 1)


def test_a_closed_case_is_reopened_with_a_reason(talker: Talker) -> None:
    case = answered(talker)
    talker.say(choice=f"t:{case.reference}:c.0")
    talker.say(case.reference)
    talker.press("重新办理")
    talker.say("合作方中途退出，问题还没有解决")
    assert stands(talker, case).state is CaseState.IN_PROGRESS


def test_urging_twice_says_when_it_can_be_done_again(talker: Talker) -> None:
    case = talker.submit_technology()
    talker.say(case.reference)
    assert "已催办" in talker.press("催办").text
    reply = talker.say(choice=f"t:{case.reference}:u")
    assert "之后可以再催" in reply.text


def test_withdrawing_is_asked_first(talker: Talker) -> None:
    case = talker.submit_technology()
    talker.say(case.reference)
    talker.press("撤回")
    assert stands(talker, case).state is CaseState.SUBMITTED
    talker.press("不撤回")
    talker.press("撤回")
    assert "已撤回" in talker.press("确定撤回").text
    assert stands(talker, case).state is CaseState.WITHDRAWN


def test_a_merged_case_points_to_the_one_it_is_in(talker: Talker, clock: FixedClock) -> None:
    first = talker.submit_technology()
    clock.advance(timedelta(minutes=1))
    second = another(talker, "低温海水淡化预处理技术")
    staff(talker, second, "merge", into=first.reference)
    reply = talker.say(second.reference)
    assert f"状态：已并入 {first.reference}" in reply.text
    assert f"【{first.reference}】" in talker.press(f"查看 {first.reference}").text


def test_a_form_in_the_middle_of_which_a_case_was_talked_about_is_not_lost(talker: Talker) -> None:
    case = talker.submit_technology()
    talker.say("找人才")
    talker.press("一项一项填")
    talker.say("水下机器人算法工程师")
    talker.say("我的需求")
    talker.press("1 ")
    talker.press("补充说明或附件")
    assert talker.draft.kind == f"case:{case.reference}"
    talker.say("样机照片下周补上")
    talker.press("继续填写")
    assert talker.draft.kind == "talent"
    assert talker.asked == "positions_1_duties"


def test_a_talk_left_for_another_opens_anew(talker: Talker) -> None:
    case = talker.submit_technology()
    talker.say(choice=f"t:{case.reference}:a")
    talker.say("我的需求")
    talker.say("提交需求")
    assert talker.reply.status == "form_menu"
    talker.say(choice=f"t:{case.reference}:a")
    assert "请写下要补充的话" in talker.reply.text


def test_words_to_a_case_in_human_hands_are_passed_on(talker: Talker, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    case = talker.submit_technology()
    store = talker.house.needs().cases
    of_person = store.of_person
    monkeypatch.setattr(store, "of_person", lambda person: [replace(c, handler="human") for c in of_person(person)])
    reply = talker.say("现场已经准备好了")
    assert reply.status == "form_relayed"
    assert case.reference in reply.text
    assert store.events(case.id)[-1].text == "现场已经准备好了"


def test_cases_are_told_in_english_where_it_is_asked_for(house: House) -> None:
    chinese = Talker(house)
    case = chinese.submit_technology()
    english = Talker(house, lang="en")
    english.skip_ids(100)
    assert "Your needs:" in english.say("my needs").text
    reply = english.say(case.reference)
    assert "State: submitted, waiting to be taken in (updated March 2)" in reply.text
    assert "Add a remark or a file" in english.labels()


def test_a_like_need_that_was_passed_on_is_shown_with_its_team(talker: Talker) -> None:
    case = talker.submit_technology()
    city = next(team for team in talker.house.needs().register.teams() if team.tier == "city")
    staff(talker, case, "route", team=city.id)
    talker.technology_card()
    assert f"已转{city.name}办理" in talker.press("提交").text


def test_indicators_of_the_first_need_are_what_was_said(talker: Talker) -> None:
    case = talker.submit_technology()
    assert case.answers["key_indicators"].text == INDICATORS
