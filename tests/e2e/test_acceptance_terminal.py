"""The acceptance scenarios of needs at the terminal, each through the real conversation over a real house."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import text as sql
from sqlalchemy.exc import DatabaseError

from bot.accounts import Account
from bot.clock import SHANGHAI, FixedClock
from bot.couriers import Courier, DeliveryError
from bot.outbox import Notice
from db.engine import writing
from intake.case_numbers import case_number
from intake.cases import Case, CaseState, Role
from intake.formbook import Formbook
from intake.review import GuardError, NotAllowedError, ReviewError
from intake.store.cases import verify_chain
from tests.support.acceptance import (
    CODE,
    INDICATORS,
    NAME,
    PHONE,
    PROBLEM,
    TECHNOLOGY,
    AtTerminal,
    Site,
    asked_now,
    begin_technology,
    submit_brief,
    submit_technology,
    submitted,
    tell,
)
from tests.support.bureau import LAOSHAN
from tests.support.shelves import CountingEmbedder
from tests.support.talking import STORY, Talker

ROOT = Path(__file__).parents[2]
POLICY = "首次认定高新技术企业奖励多少钱"
ANSWERED = "一次性奖励10万元"
LIKE_THE_FIRST = (
    "反渗透膜在高盐废水中运行三个月后通量衰减超过40%，清洗后只能恢复到八成，产线每月停机两次，"
    "想找高校合作研发，预算两三百万，希望明年6月底前完成"
)
NEVER = case_number(2026, lambda letters: letters[0])
"""A number that could be one, but is no case's."""
BOUNCE = {"reason": "wrong_task", "text": "不属于本团队的职责，附职责清单。"}


@pytest.fixture
def site(data_dir: Path, clock: FixedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.chdir(tmp_path)  # where the terminal puts what it saves
    made = Site(data_dir, clock)
    yield made
    made.close()


@pytest.fixture
def present(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site by the clock on the wall, as the command line goes by it."""
    monkeypatch.chdir(tmp_path)
    made = Site(data_dir, FixedClock(datetime.now(UTC)))
    yield made
    made.close()


def at(day: str, time: str) -> datetime:
    """A moment in Shanghai."""
    return datetime.fromisoformat(f"{day}T{time}:00").replace(tzinfo=SHANGHAI)


def command(site: Site, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Staff at the command line, in a process of its own, while the site is open."""
    env = {"DATA_DIR": str(site.data), "EMBED_MODEL": "none", "PATH": os.environ["PATH"], "HOME": str(site.data)}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
    )


def answers(site: Site, visitor: AtTerminal) -> dict[str, Any]:
    return {step: answered.value for step, answered in site.draft(visitor.account).answers.items()}


def shows(shown: str, *parts: str) -> None:
    assert [part for part in parts if part not in shown] == [], shown


# ------------------------------------------------------------------------------------------------------- the journey


def test_scenario_1_after_a_restart_the_form_goes_on_where_it_stood(site: Site) -> None:
    visitor = site.terminal()
    begin_technology(visitor)
    tell(visitor, until="budget_band")
    before = answers(site, visitor)
    assert list(before) == ["problem", "tech_need_type", "key_indicators", "coop_modes"]
    site.restart()
    visitor = site.terminal()
    shows(visitor.say("继续填写"), "继续填写（第 5/", "计划投入多少资金？")
    assert answers(site, visitor) == before
    assert verified_submission(site, visitor).answers["problem"].value == PROBLEM


def verified_submission(site: Site, visitor: AtTerminal, **changes: str) -> Case:
    tell(visitor, {**TECHNOLOGY, **changes})
    visitor.press("对接时披露")
    visitor.press("我承诺")
    case = site.case(submitted(visitor))
    assert verify_chain(case, site.house.needs().cases.events(case.id))
    return case


@pytest.mark.parametrize("step", ["budget_band", "problem", "summary", "contact_phone"])
def test_scenario_2_a_policy_question_is_answered_and_the_same_question_asked_again(site: Site, step: str) -> None:
    """At a typed question and at one whose answer is free text; nothing that was answered changes."""
    visitor = site.terminal()
    begin_technology(visitor)
    asked = tell(visitor, until=step).splitlines()[-1]
    before = site.draft(visitor.account)
    shown = visitor.say(POLICY)
    shows(shown, "《青岛市高新技术企业培育若干措施》", ANSWERED, "来源：", "继续填写（第")
    assert shown.splitlines()[-1] == asked
    after = site.draft(visitor.account)
    assert (after.answers, asked_now(visitor), after.rev) == (before.answers, step, before.rev)


@pytest.mark.parametrize("is_question", [True, False])
def test_scenario_3_in_doubt_the_person_says_what_it_was_and_the_text_is_kept(site: Site, is_question: bool) -> None:
    visitor = site.terminal()
    begin_technology(visitor)
    doubtful = "膜材料的清洗周期怎么延长，用什么清洗剂？"
    visitor.say(doubtful)
    assert [label for label in visitor.buttons() if "这是" in label] == ["这是提问", "这是填写内容"]
    visitor.press("这是提问" if is_question else "这是填写内容")
    if is_question:
        assert asked_now(visitor) == "problem"
        visitor.press("把刚才那句填进去")
    assert answers(site, visitor) == {"problem": doubtful}
    assert asked_now(visitor) == "tech_need_type"


def test_scenario_4_an_edit_that_changes_the_route_hides_what_depended_and_loses_nothing(site: Site) -> None:
    """An organisation in 胶州 is asked for its zone; moved to 崂山 it is not, and the zone is not submitted."""
    visitor = site.terminal()
    begin_technology(visitor)
    tell(visitor, {**TECHNOLOGY, "district": "胶州", "zone": "上合示范区"})
    line = next(line for line in visitor.screen.splitlines() if "所在功能区" in line)
    shows(line, "上合示范区")
    district = next(line for line in visitor.screen.splitlines() if "所在区（市）：胶州市" in line)
    visitor.say(district.partition(".")[0])
    visitor.press("崂山区")
    assert "上合示范区" not in visitor.screen
    assert answers(site, visitor)["zone"] == "sco_demo"
    visitor.say(district.partition(".")[0])
    visitor.press("胶州市")
    assert line in visitor.screen
    visitor.say(district.partition(".")[0])
    visitor.press("崂山区")
    case = verified_submission(site, visitor)
    assert (case.district, case.zone, "zone" in case.answers) == ("370212", None, False)


def test_scenario_5_a_button_of_before_the_restart_presses_nothing(site: Site) -> None:
    """The numbers on an old screen mean nothing to a new process; what is being asked is shown."""
    visitor = site.terminal()
    begin_technology(visitor)
    tell(visitor, until="deadline")
    number, before = visitor.number("暂存"), site.draft(visitor.account)
    site.restart()
    visitor = site.terminal()
    visitor.say(number)
    visitor.say("继续填写")
    after = site.draft(visitor.account)
    assert (after.answers, after.parked, asked_now(visitor)) == (before.answers, False, "deadline")


def test_scenario_7_a_picture_in_a_text_step_is_kept_as_an_attachment_and_the_step_asked_again(
    site: Site, tmp_path: Path
) -> None:
    (tmp_path / "现场.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 40)
    (tmp_path / "程序.exe").write_bytes(b"MZ\x90\x00")
    visitor = site.terminal()
    begin_technology(visitor)
    shows(visitor.say("/附件 现场.png"), "已收到附件「现场.png」（1/5 个）", "要解决的技术难题是什么？")
    refused = visitor.say("/附件 程序.exe")
    assert "已收到" not in refused
    assert "pdf" in refused.lower()
    assert asked_now(visitor) == "problem"
    case = verified_submission(site, visitor)
    assert [file.name for file in site.house.needs().cases.files(case.id)] == ["现场.png"]


def test_scenario_8_submitting_twice_makes_one_case_and_shows_the_same_number(site: Site) -> None:
    visitor = site.terminal()
    reference = submit_technology(visitor)
    shows(visitor.say("提交"), f"您已提交过，受理编号 {reference}")
    assert [case.reference for case in site.cases()] == [reference]


@pytest.mark.parametrize(
    ("typed", "taken", "said"),
    [
        ("９１３７０２００２６４５７４２５１Ｅ", CODE, ""),
        ("91370200264574251e", CODE, ""),
        ("9137020026457425E", None, "17"),
        ("91370200264574251F", None, "最后一位"),
        ("N2370285MF1234567P", "N2370285MF1234567P", ""),
    ],
)
def test_scenario_9_codes_in_every_writing(site: Site, typed: str, taken: str | None, said: str) -> None:
    visitor = site.terminal()
    begin_technology(visitor)
    tell(visitor, until="uscc")
    shown = visitor.say(typed)
    assert answers(site, visitor).get("uscc") == taken
    shows(shown, taken or said)
    if taken is None:
        assert asked_now(visitor) == "uscc"
        shows(shown, "例如")


def test_scenario_10_a_number_with_an_extension_is_taken_and_shown_masked(site: Site) -> None:
    visitor = site.terminal()
    begin_technology(visitor)
    tell(visitor, {**TECHNOLOGY, "contact_phone": "0532 85911234转801"})
    phone = answers(site, visitor)["contact_phone"]
    assert (phone.e164, phone.ext) == ("+8653285911234", "801")
    assert "85911234" not in visitor.screen
    shows(visitor.screen, "转 801")


def test_scenario_11_two_or_three_million_is_echoed_as_it_was_understood(site: Site) -> None:
    visitor = site.terminal()
    begin_technology(visitor)
    tell(visitor, until="budget_band")
    shows(visitor.say("两三百万"), "200–300 万元", "归入「100–300 万元」")
    visitor.say("重新开始")
    visitor.say("找资金")
    visitor.press("一项一项填")
    visitor.press("银行贷款")
    visitor.press("选好了")
    shows(visitor.say("两三百万"), "200–300 万元")


# -------------------------------------------------------------------------------------------- what reaches no machine


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> CountingEmbedder:
    """The embedder that the house is wired with."""
    counting = CountingEmbedder()
    monkeypatch.setattr("bot.bootstrap._embedder", lambda _settings, _notes: counting)
    return counting


def test_scenario_12_a_restricted_need_reaches_no_embedder(
    spy: CountingEmbedder, data_dir: Path, clock: FixedClock
) -> None:
    """From own words to the card, with questions in between, doubtful texts and a like need shown before.

    That no socket is opened to anywhere but this machine, tests/conftest.py sees to.
    """
    site = Site(data_dir, clock)
    try:
        site.fill_vectors()
        visitor = site.terminal()
        visitor.say(POLICY)
        assert spy.queries, "an ordinary question is embedded: otherwise this test could not fail"
        submit_technology(visitor, "仅经办人可见")
        before = len(spy.queries), len(spy.embedded)
        _restricted_journey(site, visitor)
        assert (len(spy.queries), len(spy.embedded)) == before
        assert [case.restricted for case in site.cases()] == [True, True]
        visitor.say(POLICY)
        assert not any("膜" in query for query in spy.queries[before[0] :]), "the form's words lean into no question"
    finally:
        site.close()


def _restricted_journey(site: Site, visitor: AtTerminal) -> None:
    visitor.say("用您自己的话说说")
    visitor.say(POLICY)
    visitor.say(LIKE_THE_FIRST)
    if "技术需求" in visitor.buttons():
        visitor.press("技术需求")
    visitor.say("博士住房补贴一个月多少？")
    visitor.press("都对")
    visitor.say("工艺改进")
    visitor.say("膜的清洗周期怎么延长，用什么清洗剂？")
    assert "这是填写内容" in visitor.buttons()
    visitor.press("这是提问")
    visitor.say(POLICY)
    visitor.say(INDICATORS)
    visitor.press("确认，没有变化")
    visitor.say(POLICY)
    visitor.press("仅经办人可见")
    visitor.press("我承诺")
    shows(visitor.press("提交"), "您可能已经提交过类似的需求")
    visitor.say("高企认定的条件是什么？")
    visitor.say("提交")
    visitor.press("仍然新建")
    visitor.say("我的需求")
    visitor.press("膜")
    visitor.press("补充说明或附件")
    visitor.say("补充：现场水温 25 摄氏度，进水含盐量 35 克每升")


def test_scenario_13_without_any_key_a_need_goes_all_the_way(site: Site) -> None:
    """The site has no key, no model and no vectors; the story is read by rules."""
    assert not site.house.settings.embed_api_key.get_secret_value()
    visitor = site.terminal()
    visitor.say("用您自己的话说说")
    visitor.say(STORY)
    if "技术需求" in visitor.buttons():
        visitor.press("技术需求")
    shows(visitor.screen, "我理解为", "两三百万", "崂山")
    visitor.press("都对")
    tell(visitor)
    visitor.press("可公开发布")
    visitor.press("我承诺")
    reference = submitted(visitor)
    site.act("clerk", reference, "accept")
    site.act("lead", reference, "start")
    site.act("lead", reference, "answer", outcome="solved", text="已与研究院签订合作意向，样机验证通过。")
    visitor.say("我的需求")
    visitor.press("1 ")
    visitor.press("满意，确认办结")
    visitor.press("非常满意")
    assert site.case(reference).state is CaseState.CLOSED


# ---------------------------------------------------------------------------------------------------- staff and clocks


def test_scenario_14_of_two_clerks_who_claim_at_once_one_is_told_of_the_other(present: Site) -> None:
    present.hire("other", LAOSHAN, Role.CLERK)
    reference = submit_brief(present.terminal())
    with ThreadPoolExecutor() as both:
        done = list(both.map(lambda who: command(present, "case", "claim", reference, "--as", who), ("clerk", "other")))
    assert sorted(process.returncode for process in done) == [0, 1], [process.stderr for process in done]
    case = present.case(reference)
    (lost,) = (process for process in done if process.returncode)
    shows(lost.stderr, {"clerk": "孙岚", "other": "other"}[str(case.assignee)])
    assert [event.action for event in present.house.needs().cases.events(case.id)].count("accept") == 1


def test_scenario_15_refused_twice_only_the_coordinator_decides_and_no_clock_begins_anew(site: Site) -> None:
    visitor = site.terminal()
    reference = submit_technology(visitor)
    site.hire("jiao", "370281", Role.LEAD)
    due = site.clocks(reference).final.due
    for team, lead in (("370212", "lead"), ("370281", "jiao")):
        site.act("city", reference, "route", team=team)
        site.pass_days(0.5)
        site.act(lead, reference, "bounce", **BOUNCE)
    assert site.case(reference).bounces == 2
    with pytest.raises(ReviewError):
        site.act("clerk", reference, "route", team="370281")
    site.act("city", reference, "adjudicate", team="370212", text="由崂山区团队办理，市里协调。")
    with pytest.raises(GuardError):
        site.act("lead", reference, "bounce", **BOUNCE)
    final = site.clocks(reference).final
    assert (final.started, final.due) == (site.case(reference).submitted_at, due)
    shown = visitor.say(reference)
    shows(shown, "崂山区科创服务团队")
    assert BOUNCE["text"] not in shown  # who refuses whom is not the enterprise's business


@pytest.mark.parametrize(
    ("submitted_at", "promised"),
    [
        (at("2026-02-13", "16:00"), "2026年2月14日（周六）"),  # a make-up Saturday
        (at("2026-11-20", "12:30"), "2026年11月23日（周一）"),  # asked in the lunch break of a Friday
        (at("2026-12-31", "17:00"), "2027年1月4日（周一）"),  # the turn of the year
    ],
)
def test_scenario_16_dates_are_promised_by_the_working_calendar(
    site: Site, submitted_at: datetime, promised: str
) -> None:
    site.clock.moment = submitted_at
    visitor = site.terminal()
    submit_technology(visitor)
    shows(visitor.screen, f"1 个工作日内告知是否受理，最晚 {promised}")
    assert ("现在不是工作时间" in visitor.screen) == (submitted_at.hour == 12)


def test_scenario_16_waiting_for_the_enterprise_moves_the_date_by_exactly_that_long(site: Site) -> None:
    visitor = site.terminal()
    reference = submit_technology(visitor)
    site.act("clerk", reference, "accept")
    calendar, due = site.house.needs().timing.calendar, site.clocks(reference).final.due
    site.clock.moment = at("2026-03-03", "11:30")
    site.act("lead", reference, "ask", steps=["key_indicators"], text="请补充检测方法。")
    site.clock.moment = at("2026-03-05", "14:00")  # two lunch breaks later
    _reply(visitor, reference)
    held = calendar.between(at("2026-03-03", "11:30"), at("2026-03-05", "14:00"))
    assert held == timedelta(hours=15)
    final = site.clocks(reference).final
    assert final.hold == held
    assert calendar.between(due, final.due) == held


def _reply(visitor: AtTerminal, reference: str, words: str = "脱盐率按 GB/T 19249 检测，不低于 99.5%") -> None:
    visitor.say(reference)
    visitor.press("补充材料")
    visitor.say(words)
    visitor.press("发送")


def test_scenario_17_an_answer_at_the_terminal_resumes_the_case(site: Site) -> None:
    visitor = site.terminal()
    reference = submit_technology(visitor)
    site.act("clerk", reference, "ask", steps=["key_indicators"], text="请补充检测方法。")
    visitor = site.terminal()
    shows(visitor.screen, "需要您补充材料", "请补充检测方法。")  # at the start, as news
    _reply(visitor, reference)
    case = site.case(reference)
    assert case.state is CaseState.SUBMITTED
    assert case.answers["key_indicators"].value == "脱盐率按 GB/T 19249 检测，不低于 99.5%"


def test_scenario_18_a_date_that_is_over_is_not_extended(present: Site) -> None:
    reference = submit_brief(present.terminal())
    present.act("clerk", reference, "accept")
    later = (present.clock.now() + timedelta(days=400)).date().isoformat()
    granted = command(present, "case", "extend", reference, "--until", later, "--text", "企业要求延后", "--as", "lead")
    assert granted.returncode == 0, granted.stderr
    shows(present.terminal().screen, f"延至 {later}")
    present.clock.moment += timedelta(days=401)
    with pytest.raises(GuardError) as refusal:
        present.act("lead", reference, "extend", until=date(2030, 1, 4), text="企业要求再延后")
    assert refusal.value.saying.key == "review.guard.before_due"


def test_scenario_19_what_is_merged_points_to_its_target_and_goes_round_in_no_circle(site: Site) -> None:
    visitor, other = site.terminal("wang"), site.terminal("li")
    source, target = submit_technology(visitor), submit_technology(other)
    site.act("lead", source, "merge", into=target, text="两家企业的同一类需求", common_need=True)
    for where, into in ((target, source), (target, target)):
        with pytest.raises(ReviewError):
            site.act("lead", where, "merge", into=into, text="合并", common_need=True)
    for user, reference in (("wang", source), ("li", target)):
        assert reference in site.terminal(user).screen
    with pytest.raises(NotAllowedError):
        site.act("lead", source, "accept")
    shown = visitor.say(source)
    shows(shown, f"已并入 {target}")
    before = site.case(source)
    visitor.press("补充")
    visitor.say("补充：也适用于我们的第二条产线")
    after = site.case(source)
    assert (after.state, after.answers, after.merged_into) == (before.state, before.answers, site.case(target).id)
    assert "补充：也适用于我们的第二条产线" in {event.text for event in site.events(target)}


def test_scenario_20_a_case_of_another_district_is_not_there(present: Site) -> None:
    """In the list, as a case, by any move, at the command line; and in the chat for anybody but its owner."""
    theirs = submit_brief(present.terminal("wang"))
    far = {"district": "胶州", "zone": "不在功能区内", "content": "想请专家来看看废气处理的催化剂中毒问题。"}
    elsewhere = submit_brief(present.terminal("zhao"), **far)
    listed = command(present, "case", "list", "--as", "clerk")
    assert theirs in listed.stdout
    assert elsewhere not in listed.stdout
    for arguments in (("show",), ("accept",), ("note", "--text", "看一看"), ("phone", "--reason", "核对")):
        refused = command(present, "case", arguments[0], elsewhere, *arguments[1:], "--as", "clerk")
        never = command(present, "case", arguments[0], NEVER, *arguments[1:], "--as", "clerk")
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr.replace(elsewhere, "") == never.stderr.replace(NEVER, "")
    stranger = present.terminal("li")
    shown = stranger.say(elsewhere)
    assert "催化剂" not in shown
    assert shown.replace(elsewhere, "") == stranger.say(NEVER).replace(NEVER, "")


def test_scenario_21_a_formula_in_a_name_leaves_as_text_and_comes_back_as_it_was(present: Site, tmp_path: Path) -> None:
    name, sheet = '=HYPERLINK("http://a.example","点这里")', tmp_path / "parties.xlsx"
    added = command(present, "party", "add", "--name", name, "--type", "高校", "--source", "自报", "--as", "city")
    assert added.returncode == 0, added.stderr
    assert command(present, "party", "export", str(sheet), "--as", "city").returncode == 0
    workbook = load_workbook(sheet)
    cells = [cell for row in workbook.worksheets[0].iter_rows() for cell in row if name in str(cell.value)]
    assert [cell.data_type for cell in cells] == ["s"]
    before = present.house.needs().docking.parties.all()
    again = command(present, "party", "import", str(sheet), "--as", "city")
    assert again.returncode == 0, again.stderr
    assert present.house.needs().docking.parties.all() == before
    headings = [str(cell.value) for cell in workbook.worksheets[0][1]]
    place = next(number for number, heading in enumerate(headings, start=1) if "类型" in heading)
    workbook.worksheets[0].cell(row=3, column=place).value = "没有这种类型"
    workbook.save(tmp_path / "bad.xlsx")
    refused = command(present, "party", "import", str(tmp_path / "bad.xlsx"), "--as", "city")
    assert refused.returncode == 1
    shows(refused.stderr, "第 3 行", "没有这种类型")
    assert present.house.needs().docking.parties.all() == before


def test_scenario_22_news_that_nobody_read_within_a_working_day_is_telephoned(site: Site) -> None:
    visitor = site.terminal()
    reference = submit_technology(visitor)
    site.act("clerk", reference, "accept")
    site.pass_days(0.9)
    site.deliver()
    assert site.tasks(reference) == []
    site.pass_days(0.2)
    site.deliver()
    ((kind, reason),) = site.tasks(reference)
    assert (kind, reason) == ("call", "unread/accepted")
    shows(site.terminal().screen, reference, "已受理")  # read after all: there is nothing to ring for
    assert site.tasks(reference) == []


def test_scenario_22_who_can_never_be_reached_is_telephoned_at_once(site: Site) -> None:
    class Blocked:
        def deliver(self, account: Account, text: str, notice: Notice) -> None:
            raise DeliveryError("the person blocked us", permanent=True)

    person = Talker(site.house)  # of a channel that notices are pushed to
    case = person.submit_technology()
    site.act("clerk", case.reference, "accept")
    house = site.house
    Courier(house.engine, house.accounts(), {"telegram": Blocked()}).run_once(site.clock.now())
    assert site.tasks(case.reference) == [("call", "undeliverable/accepted")]


def test_scenario_23_history_is_not_rewritten_and_says_so_if_it_is(site: Site) -> None:
    reference = submit_technology(site.terminal())
    site.act("clerk", reference, "accept")
    site.act("lead", reference, "note", text="已约专家")
    for statement in ("UPDATE case_events SET actor = 'nobody'", "DELETE FROM case_events"):
        with pytest.raises(DatabaseError), writing(site.house.engine) as connection:
            connection.execute(sql(statement))
    case = site.case(reference)
    events = site.house.needs().cases.events(case.id)
    assert verify_chain(case, events)
    for number in range(len(events)):
        forged = [replace(e, actor="nobody") if place == number else e for place, e in enumerate(events)]
        assert not verify_chain(case, forged)
    assert not verify_chain(case, events[:-1])


def test_scenario_24_a_draft_of_an_older_form_keeps_what_still_fits(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = site.terminal()
    begin_technology(visitor)
    tell(visitor, until="title")
    before = answers(site, visitor)
    monkeypatch.setattr("intake.formbook.load_formbook", _second_edition(site.house.needs().formbook))
    site.restart()
    visitor = site.terminal()
    shows(visitor.say("继续填写"), "这份表格更新过", "拟投入资金")
    after = answers(site, visitor)
    assert after == {step: value for step, value in before.items() if step != "budget_band"}
    assert asked_now(visitor) == "budget_band"
    assert verified_submission(site, visitor, budget_band="面议").form_version == 2


def _second_edition(book: Formbook) -> Callable[..., Formbook]:
    """技术需求 with other bands of money: the band that was chosen is not offered any more."""
    form = book.form("technology")
    steps = tuple(
        step.model_copy(update={"options": tuple(o for o in step.options if o.code != "100_300")})
        if step.id == "budget_band"
        else step
        for step in form.steps
    )
    newer = form.model_copy(update={"version": 2, "steps": steps})
    return lambda _reference: replace(book, forms={**book.forms, "technology": newer})


def test_scenario_26_a_zone_has_its_own_team_and_counts_for_its_district(site: Site) -> None:
    visitor = site.terminal()
    reference = submit_technology(visitor, district="胶州", zone="上合示范区")
    case = site.case(reference)
    assert (case.team, case.district, case.zone) == ("sco_demo", "370281", "sco_demo")
    shows(visitor.screen, "上合示范区科创服务团队")
    counted = [c.reference for c in site.house.needs().handling.queue(site.staff("city"), district="370281")]
    assert counted == [reference]


def test_scenario_27_a_question_without_an_answer_goes_to_people_with_what_was_replied(site: Site) -> None:
    visitor = site.terminal()
    question = "飞地孵化器的跨境数据补贴标准是多少？"
    replied = visitor.say(question)
    visitor.press("转人工，登记这个问题")
    shows(visitor.screen, question)
    visitor.press("用这个")
    reference = _policy_help(visitor)
    case = site.case(reference)
    assert case.kind == "policy_help"
    assert case.answers["question"].value == question
    origin = case.legacy_answers["origin"]
    assert origin["question"] == question
    assert origin["status"].startswith("unanswerable_")
    assert origin["reply"].splitlines()[0] in replied


def _policy_help(visitor: AtTerminal) -> str:
    rest = {**TECHNOLOGY, "policy_domain": "科技创新", "help_type": "是否适用", "level_hint": "市级"}
    tell(visitor, rest)
    visitor.press("对接时披露")
    visitor.press("我承诺")
    return submitted(visitor)


# ----------------------------------------------------------------------------------------------- what nobody may read


def test_no_personal_value_stands_in_the_record_of_the_talk_or_in_the_log(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    visitor = site.terminal()
    visitor.say(PHONE)  # before anybody asked
    begin_technology(visitor)
    visitor.say("13905328765")  # at the wrong step
    tell(visitor, until="contact_phone")
    visitor.say("1390532876")  # one digit short
    visitor.say(f"请打 {PHONE}，找{NAME}")
    tell(visitor)
    visitor.press("对接时披露")
    visitor.press("我承诺")
    reference = submitted(visitor)
    site.act("clerk", reference, "ask", steps=["contact_phone"], text="号码打不通，请核对。")
    _reply(visitor, reference, PHONE)
    for turn in site.turns(visitor.account, visitor.conversation):
        for part in (turn.question, turn.reply, turn.reply_json):
            assert not any(value in part for value in (PHONE, "1390532876", NAME)), part
    assert not any(value in caplog.text for value in (PHONE, "1390532876", NAME, CODE, PROBLEM))
