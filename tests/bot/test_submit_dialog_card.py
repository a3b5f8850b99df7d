"""From the notice to the receipt: consent, the organisation asked once, the summary card, submitting once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from bot.bootstrap import House
from bot.clock import FixedClock
from intake.cases import CaseState, Telling
from intake.values import Phone
from tests.support.houses import a_house
from tests.support.talking import CODE, NAME, ORGANISATION, PHONE, Talker


@pytest.fixture
def house(sqlite_engine: Engine, data_dir: Path, clock: FixedClock) -> Iterator[House]:
    made = a_house(data_dir, clock)
    yield made
    made.engine.dispose()


@pytest.fixture
def talker(house: House) -> Talker:
    return Talker(house)


# Consent


def test_the_notice_comes_before_anything_personal_and_its_words_are_recorded(talker: Talker) -> None:
    talker.tell_technology()
    assert talker.reply.status == "form_consent"
    for part in ("谁在处理", "为什么处理", "保存多久", "您的权利", "不同意会怎样"):
        assert part in talker.reply.text
    assert "**" not in talker.reply.text
    assert not talker.house.needs().people.consented(talker.person)
    talker.say("同意")
    (consent,) = talker.house.needs().people.consents(talker.person)
    assert (consent.given, consent.via) == (True, "telegram")
    assert talker.asked == "org_name"


def test_a_question_at_the_notice_is_answered_without_showing_it_in_full_again(talker: Talker) -> None:
    talker.tell_technology()
    reply = talker.say("高企有什么补贴？")
    assert "一次性奖励10万元" in reply.text
    assert "是否同意以上告知书" in reply.text
    assert "谁在处理" not in reply.text
    talker.restart()
    assert "谁在处理" in talker.say("继续填写").text


def test_refusing_keeps_the_need_without_anything_personal_and_policies_can_still_be_asked(talker: Talker) -> None:
    talker.tell_technology()
    reply = talker.press("不同意")
    assert reply.status == "form_consent_refused"
    assert "不留个人信息" in reply.text
    (draft,) = talker.drafts
    assert draft.parked
    assert draft.answers["problem"].state == "given"
    assert "privacy_consent" not in draft.answers
    assert not talker.house.needs().people.consented(talker.person)
    assert talker.say("首次认定高新技术企业奖励多少钱").status == "answered"
    talker.say("继续填写")
    assert talker.reply.status == "form_consent"


def test_the_notice_cannot_be_skipped(talker: Talker) -> None:
    talker.tell_technology()
    assert "这一步不能跳过" in talker.say("跳过").text
    assert "请点「同意」或「不同意」" in talker.say("随便").text


def test_a_consent_that_stands_is_not_asked_for_again(talker: Talker) -> None:
    talker.submit_technology()
    talker.say("简要登记")
    talker.say("想请人帮忙看看污水处理设备的故障")
    assert "还是这些单位信息吗？" in talker.reply.text
    talker.press("确认")
    assert talker.asked == "card"


def test_a_consent_withdrawn_in_between_is_asked_for_again_before_submitting(talker: Talker) -> None:
    talker.technology_card()
    talker.house.needs().people.record_consent(talker.person, False, "web", talker.house.clock.now())
    reply = talker.press("提交")
    assert reply.status == "form_consent"
    assert talker.cases == []
    talker.press("同意")
    assert talker.press("提交").status == "form_submitted"


def test_back_passes_over_the_notice(talker: Talker) -> None:
    talker.tell_technology()
    talker.press("同意")
    talker.say("上一步")
    assert talker.asked == "keywords"


# The organisation, asked once


def test_the_organisation_is_asked_after_the_need_and_once(talker: Talker) -> None:
    talker.submit_technology()
    talker.tell_technology()
    reply = talker.reply
    assert "还是这些单位信息吗？" in reply.text
    assert f"单位全称：{ORGANISATION}" in reply.text
    assert "联系电话：139****8765" in reply.text
    assert NAME not in reply.text
    talker.say("确认")
    assert talker.asked == "card"
    assert talker.draft.answers["contact_name"].value == NAME
    assert talker.draft.answers["uscc"].value == CODE


def test_what_changed_is_changed_and_the_rest_confirmed_one_by_one(talker: Talker) -> None:
    talker.submit_technology()
    talker.tell_technology()
    talker.press("修改")
    assert talker.asked == "org_name"
    talker.press(f"用这个：{ORGANISATION}")
    talker.press(f"是，{CODE}")
    for _ in ("org_type", "district", "industry"):
        talker.say("对")
    talker.say("李工")
    assert "139****8765" in talker.reply.text
    talker.say("0532-85911234转801")
    assert talker.asked == "card"
    answers = talker.draft.answers
    assert answers["contact_name"].value == "李工"
    assert answers["contact_phone"].value == Phone(e164="+8653285911234", ext="801")
    assert answers["org_type"].value == "enterprise"


def test_an_incomplete_profile_is_completed_with_what_is_known_on_offer(
    talker: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    talker.submit_technology()
    people = talker.house.needs().people
    known = {step: answer for step, answer in people.profile(talker.person).items() if step != "contact_phone"}
    monkeypatch.setattr(people, "profile", lambda person: known)
    talker.tell_technology()
    assert talker.asked == "org_name"
    talker.press(f"用这个：{ORGANISATION}")


# The card


def test_the_card_shows_what_is_missing_first_and_masks_the_contact(talker: Talker) -> None:
    talker.tell_technology()
    talker.introduce()
    lines = talker.reply.text.splitlines()
    head = lines.index("请核对「技术需求」：")
    assert lines[head + 1] == "▶ 18. 公开范围：未填写"
    assert lines[head + 2].startswith("▶ 19. 承诺内容不含国家秘密、所填信息真实：")
    assert lines[head + 3].startswith("1. 主要问题：")
    assert "联系人姓名：张**" in talker.reply.text
    assert "联系电话：139****8765" in talker.reply.text
    assert "提交" not in talker.labels()


def test_who_may_see_it_and_the_promises_are_given_on_the_card(talker: Talker) -> None:
    talker.tell_technology()
    talker.introduce()
    talker.press("可公开发布")
    assert {"同意发布到「科创中国」", "不发布"} <= set(talker.labels())
    talker.press("同意发布")
    talker.press("我承诺")
    answers = talker.draft.answers
    assert answers["confidentiality"].value == "public"
    assert answers["publish_consent"].value is True
    assert answers["no_state_secret"].value is True
    assert answers["truth_commit"].value is True
    assert talker.labels() == ["提交", "修改", "暂存", "放弃"]


def test_the_card_can_be_said_as_well_as_pressed(talker: Talker) -> None:
    talker.tell_technology()
    talker.introduce()
    for text in ("可公开", "不同意发布", "我承诺"):
        talker.say(text)
    assert talker.draft.answers["publish_consent"].value is False
    assert talker.say("提交").status == "form_submitted"


def test_what_is_restricted_is_not_asked_to_be_published(talker: Talker) -> None:
    talker.tell_technology()
    talker.introduce()
    talker.press("仅经办人可见")
    assert not any("科创中国" in label for label in talker.labels())


def test_a_need_for_money_is_never_public_and_says_what_is_advised(talker: Talker) -> None:
    talker.say("找资金")
    talker.press("一项一项填")
    for text in ("银行贷款", "300万", "流动资金", "1年", "年底前"):
        talker.say(text)
    while talker.asked != "privacy_consent":
        talker.say({"title": "流动资金贷款三百万元", "summary": "需要一年期流动资金贷款三百万元用于采购"}[talker.asked])
    talker.introduce()
    assert "对接时披露（建议）" in talker.labels()
    assert not any("公开发布" in label for label in talker.labels())


@pytest.mark.parametrize("text", ["修改3", "3", "第3项", "修改 3", "改第3项"])
def test_a_line_is_changed_by_its_number(talker: Talker, text: str) -> None:
    talker.technology_card()
    talker.say(text)
    assert talker.asked == "key_indicators"
    talker.say("能耗 ≤ 3 kWh/t")
    assert talker.asked == "card"
    assert "3. 技术关键与主要指标：能耗 ≤ 3 kWh/t" in talker.reply.text


def test_a_line_is_changed_by_pressing_it(talker: Talker) -> None:
    talker.technology_card()
    talker.press("修改")
    talker.press("5 拟投入资金")
    assert talker.asked == "budget_band"
    talker.press("不改了")
    assert talker.asked == "card"


def test_a_number_that_is_no_line_is_told(talker: Talker) -> None:
    talker.technology_card()
    assert "没有第 99 项" in talker.say("99").text


def test_changing_the_route_on_the_card_shows_the_route_only(talker: Talker) -> None:
    talker.technology_card()
    talker.say("2")
    talker.press("其他")
    talker.say("设备诊断")
    assert "需求类别（其他）：设备诊断" in talker.reply.text
    talker.say("2")
    talker.press("工艺改进")
    assert "设备诊断" not in talker.reply.text
    assert talker.draft.answers["tech_need_type_other"].value == "设备诊断"
    case = _submitted(talker)
    assert "tech_need_type_other" not in case.answers


def test_a_question_on_the_card_is_answered_and_the_card_shown_again(talker: Talker) -> None:
    talker.technology_card()
    before = talker.draft
    reply = talker.say("高企有什么补贴？")
    assert "一次性奖励10万元" in reply.text
    assert "继续填写：\n请核对「技术需求」：" in reply.text
    assert talker.draft == before


def test_what_fits_nothing_on_the_card_is_told(talker: Talker) -> None:
    talker.technology_card()
    assert "请点按钮，或回复「提交」" in talker.say("嗯嗯好的吧").text


def test_submitting_too_early_says_what_is_missing(talker: Talker) -> None:
    talker.tell_technology()
    talker.introduce()
    assert "还差一点：公开范围、承诺不含国家秘密、承诺信息真实" in talker.say("提交").text
    assert talker.cases == []


# Submitting


def _submitted(talker: Talker) -> Any:
    talker.press("提交")
    assert talker.reply.status == "form_submitted", talker.reply.text
    return talker.cases[0]


def test_the_receipt_tells_all_that_a_person_needs(talker: Talker) -> None:
    talker.technology_card()
    case = _submitted(talker)
    text = talker.reply.text
    private = talker.house.needs().cases.private(case.id)
    assert private is not None
    assert f"提交成功，受理编号 {case.reference}。" in text
    assert f"查询码 {private.query_code}" in text
    assert "办理团队：崂山区科创服务团队（咨询：" in text
    assert "1 个工作日内告知是否受理，最晚 2026年3月3日（周二）。" in text
    assert "预计 60 个工作日内办结，最晚 2026年5月28日（周四）。" in text
    assert "接下来：" in text
    assert "· 拟投入资金：100–300 万元" in text
    assert PHONE not in text
    assert NAME not in text
    assert f"质量 {case.quality['total']}/20 → " in text
    assert "查看进度" in talker.labels()
    assert sum(label.startswith("补充：") for label in talker.labels()) == 3


def test_outside_working_hours_the_receipt_says_when_work_begins(talker: Talker, clock: FixedClock) -> None:
    clock.moment = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)  # a Sunday evening
    talker.technology_card()
    _submitted(talker)
    assert "现在不是工作时间，3月2日 09:00 起开始处理。" in talker.reply.text


def test_pressing_submit_twice_makes_one_case(talker: Talker) -> None:
    talker.technology_card()
    button = talker.button("提交")
    case = _submitted(talker)
    reply = talker.say(choice=button.id)
    assert reply.status == "form_submitted"
    assert f"您已提交过，受理编号 {case.reference}" in reply.text
    assert talker.say("提交").text == reply.text
    assert len(talker.cases) == 1


def test_the_same_submission_delivered_twice_gets_the_same_receipt(talker: Talker) -> None:
    talker.technology_card()
    _submitted(talker)
    receipt = talker.reply
    assert talker.again() == receipt
    assert len(talker.cases) == 1


def test_a_submission_whose_receipt_was_lost_is_told_again(
    talker: Talker, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ended between the commit of the case and the record of the reply; pressed and typed."""
    for sent in ({"choice": "提交"}, {"text": "提交"}):
        clock.advance(timedelta(minutes=5))
        talker.technology_card()
        fields = {"choice": talker.button("提交").id} if "choice" in sent else sent
        if talker.cases:
            talker.press("提交")  # like needs are shown first
            fields = {"choice": talker.button("仍然新建").id}
        count = len(talker.cases)
        submitting = talker.message(**fields)
        with monkeypatch.context() as killed:
            killed.setattr("bot.history.History.record", _killed)
            with pytest.raises(KeyboardInterrupt):
                talker.conversation.handle(submitting)
        talker.restart()
        talker.sent = submitting
        reply = talker.again()
        assert reply.status == "form_submitted"
        assert talker.cases[0].reference in reply.text
        assert len(talker.cases) == count + 1


def _killed(*_: object) -> str:
    raise KeyboardInterrupt


def test_submit_typed_again_after_the_receipt_was_lost_is_the_receipt_again(
    talker: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    talker.technology_card()
    submitting = talker.message("提交")
    with monkeypatch.context() as killed:
        killed.setattr("bot.history.History.record", _killed)
        with pytest.raises(KeyboardInterrupt):
            talker.conversation.handle(submitting)
    talker.restart()
    talker.sent = submitting
    assert talker.cases[0].reference in talker.again().text
    assert len(talker.cases) == 1


def test_submit_said_long_after_is_no_receipt(talker: Talker, clock: FixedClock) -> None:
    talker.submit_technology()
    clock.advance(timedelta(hours=2))
    assert talker.say("提交").status == "form_menu"


def test_another_persons_submit_button_shows_no_receipt(house: House) -> None:
    one, other = Talker(house, "1"), Talker(house, "2")
    one.technology_card()
    button = one.button("提交")
    case = _submitted(one)
    assert case.reference not in other.say(choice=button.id).text


def test_the_receipt_is_not_told_a_second_time_as_a_notice(talker: Talker) -> None:
    talker.submit_technology()
    inbox = talker.house.needs().inbox
    assert inbox is not None
    assert [notice for notice in inbox.unread(talker.account) if notice.kind == "case.receipt"] == []


# Like needs


def test_like_needs_are_shown_before_submitting(talker: Talker) -> None:
    case = talker.submit_technology()
    talker.technology_card()
    reply = talker.press("提交")
    assert reply.status == "form_similar"
    assert f"高校合作研发解决膜污染问题（{case.reference}，已提交，等待受理，3月2日提交）" in reply.text
    assert len(talker.cases) == 1
    talker.press("返回核对")
    assert talker.asked == "card"
    talker.press("提交")
    talker.press("仍然新建")
    assert len(talker.cases) == 2


def test_what_is_new_goes_into_the_case_there_is(talker: Talker) -> None:
    case = talker.submit_technology()
    talker.technology_card()
    talker.say("3")
    talker.say("通量 ≥ 30 LMH，脱盐率 ≥ 99.8%")
    talker.file("曲线.pdf")
    talker.press("提交")
    reply = talker.press(f"补充到 {case.reference}")
    assert f"已补充到 {case.reference}，没有另建新的需求" in reply.text
    assert len(talker.cases) == 1
    assert talker.drafts == []
    needs = talker.house.needs()
    (note,) = [event for event in needs.cases.events(case.id) if event.action == "note"]
    assert "通量 ≥ 30 LMH" in note.text
    assert [file.name for file in needs.cases.files(case.id)] == ["曲线.pdf"]


def test_a_file_of_a_case_that_ended_meanwhile_stays_with_the_form(talker: Talker) -> None:
    case = talker.submit_technology()
    talker.technology_card()
    talker.press("提交")
    into = talker.button(f"补充到 {case.reference}")
    needs = talker.house.needs()
    needs.handling.act(_owner(talker), case.reference, "withdraw")
    talker.say("3")
    talker.say("通量 ≥ 30 LMH")
    draft = talker.draft
    reply = talker.say(choice=into.id.replace(f":{into.id.split(':')[2]}:", f":{draft.rev}:"))
    assert reply.status == "form_invalid"
    assert talker.draft.id == draft.id


def _owner(talker: Talker) -> Any:
    from intake.cases import owner

    return owner(talker.person, "telegram")


# Files and contacts


def test_a_file_is_kept_at_any_step_and_the_same_question_asked_again(talker: Talker) -> None:
    talker.begin_technology()
    reply = talker.file("图纸.pdf")
    assert "已收到附件「图纸.pdf」（1/5 个），会随需求一起提交。" in reply.text
    assert "继续填写（第 2/" in reply.text
    assert talker.asked == "tech_need_type"
    talker.press("工艺改进")
    talker.say("通量 ≥ 25 LMH")
    talker.introduce()
    assert "附件：图纸.pdf" in talker.reply.text
    talker.press("对接时")
    talker.press("我承诺")
    case = _submitted(talker)
    assert [file.name for file in talker.house.needs().cases.files(case.id)] == ["图纸.pdf"]


@pytest.mark.parametrize(
    ("name", "size", "said"),
    [("程序.exe", 10, "这种格式收不了"), ("大图.pdf", 11 * 1024 * 1024, "超过了 10 MB"), ("空.pdf", 0, "里没有内容")],
)
def test_a_file_that_cannot_be_taken_is_told_and_not_kept(talker: Talker, name: str, size: int, said: str) -> None:
    talker.begin_technology()
    assert said in talker.file(name, size=size).text
    assert talker.house.needs().drafts.attached(talker.draft.id) == []
    assert talker.asked == "tech_need_type"


def test_five_files_are_the_most(talker: Talker) -> None:
    talker.begin_technology()
    for number in range(5):
        talker.file(f"{number}.pdf", b"%PDF-1.7 " + str(number).encode())
    assert "附件最多 5 个" in talker.file("6.pdf", b"%PDF-1.7 six").text
    assert len(talker.house.needs().drafts.attached(talker.draft.id)) == 5


def test_a_file_without_a_form_is_not_swallowed(talker: Talker) -> None:
    reply = talker.file()
    assert "没有保存" in reply.text
    assert "提交需求" in talker.labels()


def test_ones_own_contact_is_taken_where_a_number_is_asked(talker: Talker) -> None:
    talker.tell_technology()
    talker.press("同意")
    talker.say(ORGANISATION)
    talker.say(CODE)
    talker.press("企业")
    assert "这里不需要联系方式，没有保存" in talker.contact().text
    talker.say(NAME)
    assert "请分享您自己的号码" in talker.contact(own=False).text
    assert talker.asked == "contact_phone"
    talker.contact()
    assert talker.asked == "card"
    assert talker.draft.answers["contact_phone"].value == Phone(e164="+8613905328765")


# From a question that found no answer


def test_a_question_without_an_answer_can_be_registered_with_what_was_replied(talker: Talker) -> None:
    question = "《飞天计划》奖励多少，怎么申报"
    reply = talker.say(question)
    assert reply.status.startswith("unanswerable_"), reply
    unanswered = reply
    talker.press("转人工，登记这个问题")
    assert talker.draft.kind == "policy_help"
    assert question in talker.reply.text
    assert "question" not in talker.draft.answers
    talker.press("用")
    assert talker.draft.answers["question"].value == question
    origin = talker.draft.origin
    assert origin["question"] == question
    assert origin["status"] == unanswered.status
    assert origin["reply"] == unanswered.text


def test_what_the_reply_came_nearest_to_goes_along(talker: Talker) -> None:
    nearest = {}
    for question in ("即墨区研发补贴怎么申请", "高企认定的窗口电话是多少", "一次性奖励要等几年"):
        reply = talker.say(question)
        if reply.status.startswith("unanswerable_") and reply.answer and reply.answer.nearest:
            nearest[question] = [(card.title, card.article or "", card.quote) for card in reply.answer.nearest]
            break
    assert nearest, "none of these is refused with a clause beside it"
    talker.press("转人工，登记这个问题")
    kept = [(card["title"], card["article"], card["quote"]) for card in talker.draft.origin["citations"]]
    assert kept in nearest.values()


def test_a_button_goes_with_its_own_question(talker: Talker) -> None:
    talker.say("《飞天计划》奖励多少，怎么申报")
    first = talker.button("转人工")
    talker.say("即墨区研发补贴怎么申请")
    talker.say(choice=first.id)
    assert talker.draft.origin["question"].startswith("《飞天")


def test_a_question_that_was_forgotten_is_told(talker: Talker) -> None:
    talker.say("《飞天计划》奖励多少，怎么申报")
    button = talker.button("转人工")
    talker.conversation.forget(talker.account, "terminal")
    assert "原来的问题已经不在记录里了" in talker.say(choice=button.id).text
    talker.press("登记问题")
    assert talker.asked == "question"


def test_what_no_team_could_answer_is_not_to_be_registered(talker: Talker) -> None:
    assert talker.say("红烧肉怎么做才好吃").status == "unanswerable_off_topic"
    assert not any("转人工" in label for label in talker.labels())


def test_the_state_words_cover_every_state(house: House) -> None:
    from bot.dialogs.words import Words

    for lang in ("zh", "en"):
        words = Words(lang)  # type: ignore[arg-type]  # both are languages
        for state in CaseState:
            assert words.say(f"state.{state}", team="甲", into="乙", count=2)


def test_a_submission_refused_by_the_store_is_shown_as_the_card_again(
    talker: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The draft was changed at another door between reading it and submitting it."""
    talker.technology_card()
    needs = talker.house.needs()
    stale = talker.draft
    needs.drafts.save(replace(stale, failures=1), talker.house.clock.now())
    monkeypatch.setattr(needs.drafts, "all", lambda person: [stale])
    reply = talker.press("提交")
    assert "刚刚在别处更新过" in reply.text
    assert talker.cases == []


def test_notices_carry_nothing_personal(talker: Talker, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Telling] = []
    store = talker.house.needs().cases
    monkeypatch.setattr(store, "_tell", lambda _connection, telling, _at: told.append(telling))
    talker.submit_technology()
    assert told
    assert not any(NAME in str(telling) or PHONE in str(telling) for telling in told)
