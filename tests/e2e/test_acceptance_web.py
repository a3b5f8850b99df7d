"""The acceptance scenarios of needs in the browser: the chat as its script speaks, the pages as sent without one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.clock import FixedClock
from intake.cases import CaseState
from intake.formbook import Formbook
from intake.review import NotFoundError
from intake.store.cases import verify_chain
from tests.support.acceptance import (
    CODE,
    NAME,
    PHONE,
    PROBLEM,
    SUMMARY,
    TECHNOLOGY,
    TITLE,
    Browser,
    Site,
    asked_now,
    begin_technology,
    hidden,
    hidden_of,
    submit_brief,
    submit_technology,
    submitted,
    tell,
)
from tests.support.shelves import CountingEmbedder

POLICY = "首次认定高新技术企业奖励多少钱"
PAGE: dict[str, str | list[str]] = {
    "problem": PROBLEM,
    "tech_need_type": "process",
    "key_indicators": "通量 ≥ 25 LMH，脱盐率 ≥ 99.5%",
    "coop_modes": ["joint", "commissioned"],
    "budget_band": "100_300",
    "title": TITLE,
    "summary": SUMMARY,
    "deadline": "2027-06-30",
    "privacy_consent": "yes",
    "org_name": "青岛某某新材料有限公司",
    "uscc": CODE,
    "org_type": "enterprise",
    "district": "370212",
    "industry": "marine",
    "contact_name": NAME,
    "contact_phone": PHONE,
}
CARD = {"confidentiality": "on_match", "publish_consent": "no", "no_state_secret": "yes", "truth_commit": "yes"}


@pytest.fixture
def site(data_dir: Path, clock: FixedClock) -> Iterator[Site]:
    made = Site(data_dir, clock)
    yield made
    made.close()


def answers(site: Site, visitor: Browser) -> dict[str, Any]:
    return {step: answered.value for step, answered in site.draft(visitor.account).answers.items()}


def on_the_page(visitor: Browser, **card: str) -> str:
    """The whole need by 表格填写; the reference of the case."""
    assert visitor.fill("technology", PAGE, "check").headers["location"] == "/needs/check/technology"
    done = visitor.submit("technology", {**CARD, **card})
    return str(done.headers["location"].removeprefix("/needs/receipt/"))


def test_scenario_1_after_a_restart_chat_and_page_go_on_where_they_stood(site: Site) -> None:
    visitor = site.browser()
    begin_technology(visitor)
    tell(visitor, until="budget_band")
    before = answers(site, visitor)
    assert list(before) == ["problem", "tech_need_type", "key_indicators", "coop_modes"]
    site.restart()
    assert "继续填写（第 5/" in visitor.says("继续填写")
    assert answers(site, visitor) == before
    page = visitor.get("/needs/form/technology").text
    assert PROBLEM in page
    assert re.search(r'value="process" (?:checked|selected)', page)


@pytest.mark.parametrize("step", ["budget_band", "problem"])
def test_scenario_2_a_policy_question_is_answered_with_its_source_and_the_same_question_asked(
    site: Site, step: str
) -> None:
    visitor = site.browser()
    begin_technology(visitor)
    tell(visitor, until=step)
    before, form = site.draft(visitor.account), visitor.reply["form"]
    reply = visitor.say(POLICY)
    assert reply["status"] == "form_answered"
    assert [citation["policy"] for citation in reply["citations"]]
    assert reply["form"] == form
    assert site.draft(visitor.account) == before


@pytest.mark.parametrize("is_question", [True, False])
def test_scenario_3_in_doubt_two_buttons_and_either_keeps_the_text(site: Site, is_question: bool) -> None:
    visitor = site.browser()
    begin_technology(visitor)
    doubtful = "膜材料的清洗周期怎么延长，用什么清洗剂？"
    assert visitor.say(doubtful)["status"] == "form_unsure"
    visitor.press("这是提问" if is_question else "这是填写内容")
    if is_question:
        assert "problem" not in answers(site, visitor)
        visitor.press("把刚才那句填进去")
    assert answers(site, visitor) == {"problem": doubtful}


def test_scenario_4_an_answer_that_hides_others_on_the_page_loses_none_of_them(site: Site) -> None:
    visitor = site.browser()
    there = {**PAGE, "district": "370281", "zone": "sco_demo"}
    assert visitor.fill("technology", there).status_code == 303
    assert visitor.fill("technology", {**PAGE, "zone": ""}).status_code == 303
    visitor.fill("technology", there)
    visitor.says("继续填写")
    number = next(line.partition(".")[0] for line in visitor.shown.splitlines() if "所在区（市）：胶州市" in line)
    visitor.says(number)
    visitor.press("崂山区")
    assert "上合示范区" not in visitor.shown
    assert answers(site, visitor)["zone"] == "sco_demo"
    visitor.press("对接时披露")
    visitor.press("我承诺")
    assert "zone" not in site.case(submitted(visitor)).answers


def test_scenario_5_an_old_button_after_a_restart_shows_what_is_asked_now(site: Site) -> None:
    visitor = site.browser()
    begin_technology(visitor)
    tell(visitor, until="tech_need_type")
    old = visitor.button("工艺改进")
    tell(visitor, until="deadline")
    before = site.draft(visitor.account)
    site.restart()
    reply = visitor.say(choice=old)
    assert (reply["status"], reply["form"]["name"]) == ("form_stale", "deadline")
    assert site.draft(visitor.account) == before


def test_scenario_7_a_picture_in_a_text_step_is_kept_and_a_program_is_refused_with_the_reason(site: Site) -> None:
    visitor = site.browser()
    begin_technology(visitor)
    reply = visitor.send_file("现场.png", b"\x89PNG\r\n\x1a\n" + b"0" * 40)
    assert "已收到附件「现场.png」" in reply["text"]
    assert reply["form"]["name"] == "problem"
    assert "已收到" not in visitor.send_file("程序.exe", b"MZ\x90\x00")["text"]
    tell(visitor)
    visitor.press("对接时披露")
    visitor.press("我承诺")
    case = site.case(submitted(visitor))
    assert [file.name for file in site.house.needs().cases.files(case.id)] == ["现场.png"]


def test_scenario_7_what_was_sent_along_with_a_story_goes_with_it(site: Site) -> None:
    visitor = site.browser()
    visitor.says("用您自己的话说说")
    visitor.send_file("图纸.pdf", b"%PDF-1.7 drawing")
    visitor.says("想贷款300万扩产，年底前用款，有两项专利可以质押")
    if "资金需求" in visitor.buttons():
        visitor.press("资金需求")
    draft = site.draft(visitor.account)
    assert draft.kind == "finance"
    assert [file.name for file in site.house.needs().drafts.attached(draft.id)] == ["图纸.pdf"]


def test_scenario_8_submitting_twice_makes_one_case_in_the_chat_and_on_the_page(site: Site) -> None:
    visitor = site.browser()
    reference = submit_technology(visitor)
    again = visitor.history()[-1]["id"]
    assert visitor.say("提交")["text"].startswith(f"您已提交过，受理编号 {reference}")
    assert reference in visitor.say("提交", key=again)["text"]
    other = site.browser()
    other.fill("technology", PAGE, "check")
    page = other.get("/needs/check/technology").text
    twice = {**hidden_of(page, "_draft", "_rev", "_steps"), **CARD}
    receipts = {other.post("/needs/submit", twice).headers["location"] for _ in range(3)}
    assert len(receipts) == 1
    assert len(site.cases()) == 2


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("９１３７０２００２６４５７４２５１Ｅ", CODE),
        ("91370200264574251e", CODE),
        ("9137020026457425E", None),
        ("91370200264574251F", None),
        ("N2370285MF1234567P", "N2370285MF1234567P"),
    ],
)
def test_scenario_9_codes_in_every_writing_on_the_page(site: Site, typed: str, taken: str | None) -> None:
    visitor = site.browser()
    response = visitor.fill("technology", {**PAGE, "uscc": typed})
    assert response.status_code == (303 if taken else 422)
    assert answers(site, visitor).get("uscc") == taken
    if taken is None:
        assert 'href="#i-uscc"' in response.text  # the error leads to its field, what was typed stands there
        assert f'value="{typed}"' in response.text


def test_scenario_10_a_number_with_an_extension_on_the_page(site: Site) -> None:
    visitor = site.browser()
    visitor.fill("technology", {**PAGE, "contact_phone": "0532 85911234转801"}, "check")
    phone = answers(site, visitor)["contact_phone"]
    assert (phone.e164, phone.ext) == ("+8653285911234", "801")
    summary = visitor.get("/needs/check/technology").text
    assert "85911234" not in summary


def test_scenario_11_an_amount_is_read_as_it_is_said(site: Site) -> None:
    visitor = site.browser()
    begin_technology(visitor)
    tell(visitor, until="budget_band")
    assert "200–300 万元" in visitor.says("两三百万")


def test_scenario_12_a_restricted_need_reaches_no_embedder_from_any_page(
    monkeypatch: pytest.MonkeyPatch, data_dir: Path, clock: FixedClock
) -> None:
    """That no socket is opened to anywhere but this machine, tests/conftest.py sees to."""
    spy = CountingEmbedder()
    monkeypatch.setattr("bot.bootstrap._embedder", lambda _settings, _notes: spy)
    site = Site(data_dir, clock)
    try:
        site.fill_vectors()
        visitor = site.browser()
        visitor.say(POLICY)
        assert spy.queries, "an ordinary question is embedded: otherwise this test could not fail"
        before = len(spy.queries), len(spy.embedded)
        first = on_the_page(visitor, confidentiality="restricted")
        visitor.fill("technology", PAGE, "check")
        visitor.fill("technology", PAGE, "chat")
        visitor.say(POLICY)
        assert first in visitor.get("/needs/check/technology").text  # the like need is shown
        visitor.submit("technology", {**CARD, "confidentiality": "restricted"})
        site.act("clerk", first, "ask", steps=["key_indicators"], text="请补充检测方法。")
        visitor.get(f"/needs/case/{first}")
        visitor.post(f"/needs/case/{first}", {"_do": "reply", "text": "脱盐率按国家标准检测，不低于 99.5%"})
        visitor.get("/needs/mine")
        assert [case.restricted for case in site.cases()] == [True, True]
        assert (len(spy.queries), len(spy.embedded)) == before
    finally:
        site.close()


def test_scenario_13_without_any_key_a_need_goes_all_the_way_on_the_pages(site: Site) -> None:
    visitor = site.browser()
    reference = on_the_page(visitor)
    receipt = visitor.get(f"/needs/receipt/{reference}").text
    assert "崂山区科创服务团队" in receipt
    assert "<svg" in receipt
    site.act("clerk", reference, "accept")
    site.act("lead", reference, "start")
    site.act("lead", reference, "answer", outcome="solved", text="已与研究院签订合作意向，样机验证通过。")
    done = visitor.post(f"/needs/case/{reference}", {"_do": "confirm", "score": "5", "text": "很满意"})
    assert done.status_code == 303
    case = site.case(reference)
    assert case.state is CaseState.CLOSED
    assert verify_chain(case, site.events(reference))


def test_scenario_17_an_answer_on_the_page_and_one_by_code_resume_the_case(site: Site) -> None:
    visitor = site.browser()
    reference = submit_technology(visitor)
    for round_, reply in enumerate((_on_own_page, _by_code)):
        site.act(
            "clerk" if round_ == 0 else "lead", reference, "ask", steps=["key_indicators"], text="请补充检测方法。"
        )
        assert "请补充检测方法。" in visitor.notices()[-1]["text"]
        visitor.read_notices()
        assert visitor.notices() == []
        reply(site, visitor, reference)
        assert site.case(reference).state is CaseState.SUBMITTED


def _on_own_page(site: Site, visitor: Browser, reference: str) -> None:
    page = visitor.get(f"/needs/case/{reference}").text
    assert "请补充检测方法。" in page
    sent = {"_do": "reply", "key_indicators": "通量 ≥ 30 LMH，按 GB/T 19249 检测", "text": "按国家标准检测"}
    response = visitor.post(f"/needs/case/{reference}", {**sent, **hidden_of(page, "_rev", "_steps")})
    assert response.status_code == 303, response.text
    assert site.case(reference).answers["key_indicators"].value == "通量 ≥ 30 LMH，按 GB/T 19249 检测"


def _by_code(site: Site, visitor: Browser, reference: str) -> None:
    """With 受理编号 and 查询码 alone, from a browser that knows nothing else."""
    private = site.house.needs().cases.private(site.case(reference).id)
    assert private is not None
    stranger = site.browser()
    assert stranger.post("/needs/track", {"ref": reference, "code": "WRONGX"}).status_code == 422
    opened = stranger.post("/needs/track", {"ref": reference, "code": private.query_code})
    assert opened.status_code == 303
    page = stranger.get(opened.headers["location"]).text
    assert not any(value in page for value in (PHONE, NAME, PROBLEM))
    stranger.post(f"/needs/track/{reference}", {"_do": "reply", "text": "不低于 99.5%，按国家标准检测"})


def test_scenario_19_what_is_merged_leads_to_its_target_on_the_page(site: Site) -> None:
    visitor, other = site.browser(), site.browser()
    source, target = submit_technology(visitor), submit_technology(other)
    site.act("lead", source, "merge", into=target, text="两家企业的同一类需求", common_need=True)
    for person in (visitor, other):
        assert any(target in notice["text"] for notice in person.notices())
    assert target in visitor.get(f"/needs/case/{source}").text or target in visitor.notices()[-1]["text"]
    assert visitor.get(f"/needs/case/{target}").status_code == 303  # another's case is not shown
    assert visitor.post(f"/needs/case/{source}", {"_do": "withdraw", "text": ""}).status_code == 422


def test_scenario_20_somebody_elses_case_is_nowhere(site: Site) -> None:
    visitor, stranger = site.browser(), site.browser()
    stranger.say("你好")
    reference = submit_technology(visitor, district="胶州", zone="不在功能区内")
    assert stranger.get(f"/needs/case/{reference}").headers["location"] == "/needs/mine"
    assert stranger.post(f"/needs/case/{reference}", {"_do": "withdraw"}).status_code == 404
    assert stranger.get(f"/needs/receipt/{reference}").status_code == 303
    for choice in (f"t:{reference}:v", f"t:{reference}:W", f"t:{reference}:s.tried", f"t:{reference}:c.5"):
        reply = stranger.say(choice=choice)
        assert (reply["status"], TITLE in reply["text"]) == ("form_not_found", False)
    assert site.case(reference).state is CaseState.SUBMITTED
    handling = site.house.needs().handling
    assert handling.queue(site.staff("clerk")) == []
    with pytest.raises(NotFoundError):
        handling.view(site.staff("clerk"), reference)
    with pytest.raises(NotFoundError):
        site.act("clerk", reference, "accept")


def test_scenario_22_news_unread_for_a_working_day_becomes_a_call(site: Site) -> None:
    visitor = site.browser()
    reference = submit_technology(visitor)
    site.act("clerk", reference, "accept")
    site.pass_days(1.1)
    site.deliver()
    assert site.tasks(reference) == [("call", "unread/accepted")]
    visitor.read_notices()
    assert site.tasks(reference) == []


def test_scenario_24_a_draft_of_an_older_form_keeps_what_still_fits_on_the_page(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = site.browser()
    visitor.fill("technology", PAGE)
    before = answers(site, visitor)
    book = site.house.needs().formbook
    monkeypatch.setattr("intake.formbook.load_formbook", lambda _reference: _second_edition(book))
    site.restart()
    page = visitor.get("/needs/form/technology").text
    assert PROBLEM in page
    kept = {name: value for name, value in PAGE.items() if name != "budget_band"}
    assert visitor.fill("technology", {**kept, "budget_band": "negotiable"}).status_code == 303
    draft = site.draft(visitor.account)
    assert draft.form_version == 2
    after = answers(site, visitor)
    assert after.pop("budget_band") == "negotiable"
    assert after == {step: value for step, value in before.items() if step != "budget_band"}


def _second_edition(book: Formbook) -> Formbook:
    """技术需求 with other bands of money: the band that was chosen is not offered any more."""
    form = book.form("technology")
    steps = tuple(
        step.model_copy(update={"options": tuple(o for o in step.options if o.code != "100_300")})
        if step.id == "budget_band"
        else step
        for step in form.steps
    )
    return replace(book, forms={**book.forms, "technology": form.model_copy(update={"version": 2, "steps": steps})})


def test_scenario_26_a_zone_goes_to_its_own_team_and_counts_for_its_district(site: Site) -> None:
    visitor = site.browser()
    visitor.fill("technology", {**PAGE, "district": "370281", "zone": "sco_demo"}, "check")
    done = visitor.submit("technology", CARD)
    case = site.case(done.headers["location"].removeprefix("/needs/receipt/"))
    assert (case.team, case.district, case.zone) == ("sco_demo", "370281", "sco_demo")


def test_scenario_27_an_unanswered_question_is_registered_with_what_was_replied(site: Site) -> None:
    visitor = site.browser()
    question = "飞地孵化器的跨境数据补贴标准是多少？"
    replied = visitor.say(question)
    visitor.press("转人工，登记这个问题")
    visitor.press("用这个")
    tell(visitor, {**TECHNOLOGY, "policy_domain": "科技创新", "help_type": "是否适用", "level_hint": "市级"})
    visitor.press("对接时披露")
    visitor.press("我承诺")
    case = site.case(submitted(visitor))
    origin = case.legacy_answers["origin"]
    assert (case.kind, origin["question"], origin["reply"]) == ("policy_help", question, replied["text"])
    assert origin["status"] == replied["status"]


# ------------------------------------------------------------------------------------------------ what old buttons do


def test_an_old_button_that_gives_something_up_asks_again(site: Site) -> None:
    visitor = site.browser()
    begin_technology(visitor)
    tell(visitor, until="summary")
    visitor.say(choice="m:kind.technology")
    old = visitor.button("放弃旧的，重新填")
    visitor.say("继续填写")
    visitor.say(SUMMARY)
    before = answers(site, visitor)
    assert visitor.say(choice=old)["status"] == "form_menu"
    assert answers(site, visitor) == before
    visitor.press("放弃旧的，重新填")
    assert answers(site, visitor) == {}


@pytest.mark.parametrize("what", ["删除我的信息", "撤回同意"])
def test_an_old_sure_word_erases_nothing(site: Site, what: str) -> None:
    visitor = site.browser()
    reference = submit_brief(visitor)
    visitor.say(what)
    old = visitor.button("确定")
    site.pass_days(1)
    assert "确定" in visitor.say(choice=old)["text"]
    assert site.case(reference).state is CaseState.SUBMITTED
    visitor.press("确定")
    assert site.case(reference).state is CaseState.WITHDRAWN


def test_a_story_is_not_given_up_without_a_word(site: Site) -> None:
    visitor = site.browser()
    visitor.says("用您自己的话说说")
    visitor.says("想要一个能帮忙的人来看看我们的产线")
    visitor.say(choice="m:own")
    assert "放弃旧的，重新填" in visitor.buttons()
    visitor.press("继续填写")
    visitor.press("技术需求" if "技术需求" in visitor.buttons() else visitor.buttons()[0])
    kind = site.draft(visitor.account).kind
    visitor.say(choice=f"m:kind.{kind}")
    assert "放弃旧的，重新填" in visitor.buttons()


def test_no_personal_value_stands_in_record_notice_or_log(data_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    site = Site(data_dir, FixedClock(datetime.now(UTC)))
    try:
        visitor = site.browser()
        visitor.say(f"我的电话是{PHONE}，想问首次认定高新技术企业奖励多少钱")
        begin_technology(visitor)
        tell(visitor, {**TECHNOLOGY, "problem": f"{PROBLEM}请联系{PHONE}。"})
        visitor.press("对接时披露")
        visitor.press("我承诺")
        reference = submitted(visitor)
        site.act("clerk", reference, "accept")
        visitor.say("导出我的信息")
        for turn in site.turns(visitor.account, visitor.conversation):
            assert not any(PHONE in part for part in (turn.question, turn.reply, turn.reply_json)), turn
        assert not any(PHONE in str(notice) or NAME in str(notice) for notice in visitor.notices())
        assert not any(value in caplog.text for value in (PHONE, NAME, CODE, PROBLEM))
    finally:
        site.close()


def test_while_a_person_has_taken_over_ones_lists_and_rights_stay_a_word_away(site: Site) -> None:
    visitor = site.browser()
    reference = submit_technology(visitor)
    site.act("lead", reference, "take_over")
    visitor.say(choice="m:kind.brief")
    assert asked_now(visitor) == "content"
    assert visitor.say("请问专家什么时候来现场？")["status"] == "form_relayed"
    assert visitor.say("我的需求")["status"] == "form_cases"
    assert visitor.say("我的草稿")["status"] == "form_drafts"
    assert visitor.say("删除我的信息")["status"] == "form_mine"
    visitor.say(f"我的电话换成 {PHONE} 了")
    assert PHONE not in visitor.say(choice=f"t:{reference}:v")["text"]
    assert PHONE in site.events(reference)[-1].text  # staff read it as it was written


@pytest.mark.parametrize("forged", ["", "k", "q", "S", "zz"])
def test_a_supplement_that_is_skipped_is_over_and_no_button_breaks_it(site: Site, forged: str) -> None:
    visitor = site.browser()
    reference = submit_technology(visitor)
    before = site.case(reference)
    visitor.press("补充：")
    draft = visitor.reply["form"]["draft"]
    if forged:
        rev = visitor.reply["choices"][-1]["id"].split(":")[2]
        assert not visitor.say(choice=f"n:{draft}:{rev}:{forged}")["status"].startswith("error_")
    visitor.say("跳过")
    visitor.say("我的需求")
    assert visitor.reply["status"] == "form_cases"
    assert site.case(reference).answers == before.answers
    assert site.house.needs().drafts.get(draft) is None


# ----------------------------------------------------------------------------------------------------------- English


def test_a_need_in_english_is_told_without_a_raw_key_or_an_empty_place(site: Site) -> None:
    visitor = site.browser("en")
    visitor.say("Submit a need")
    begin = next(label for label in visitor.buttons() if "技术" in label)
    visitor.press(begin)
    visitor.press("技术需求")
    visitor.say(choice=visitor.reply["choices"][0]["id"])
    for asked in iter(lambda: asked_now(visitor), None):
        visitor.say({**TECHNOLOGY, "privacy_consent": "yes"}.get(asked, "无"))
        assert asked_now(visitor) != asked, visitor.reply
    page = visitor.get("/needs/check/technology?lang=en").text
    assert hidden(page, "_draft")
    for turn in visitor.history():
        assert not re.search(r"\{[a-z_]+\}|\b(?:form|card|show|error|receipt)\.[a-z_]+", turn["reply"]["text"]), turn
