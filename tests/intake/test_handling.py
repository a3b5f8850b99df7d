"""Each move of the table carried out: what changes, what goes on record, who is told, and what is refused.

Numbers are rows of docs/cases.md; `scenario` numbers are the acceptance scenarios of the design.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from db.engine import writing
from intake.cases import Case, CaseState
from intake.formbook import Formbook
from intake.handling import HeldError
from intake.review import GuardError, NotAllowedError, NotFoundError, ReviewError
from intake.store.cases import StaleCaseError, keyed_digest
from intake.store.drafts import Attachment
from intake.store.tasks import Tasks, add_task
from intake.values import Answered
from tests.support.needs import given
from tests.support.office import ANSWER, PUBLISH, PUBLISHABLE, REJECT, RESTRICTED, Office

S = CaseState
FILE = Attachment("d" * 64, "指标.pdf", "application/pdf", 12)


@pytest.fixture
def office(sqlite_engine: Engine, book: Formbook) -> Office:
    return Office(sqlite_engine, book)


@pytest.fixture
def both(engine: Engine, book: Formbook) -> Office:
    """The same on either database."""
    return Office(engine, book)


def refused(act: Callable[[], object]) -> str:
    """The key of the guard that refused."""
    with pytest.raises(GuardError) as error:
        act()
    return error.value.saying.key.removeprefix("review.guard.")


def test_2_accept_claims_the_case_and_tells_the_owner_who_and_until_when(both: Office) -> None:
    case = both.submit()
    after = both.act("li", case, "accept", case.rev)
    assert (after.state, after.assignee, after.rev) == (S.ACCEPTED, "li", 2)
    (notice,) = both.notices()
    assert (notice.to, notice.target, notice.kind) == ("owner", case.account, "accepted")
    assert notice.body["team"] == "崂山区服务团队"
    assert notice.body["phone"] == "0532-88990000"
    assert date.fromisoformat(notice.body["final_due"]) > date(2026, 3, 2)
    event = both.last(case)
    assert (event.actor, event.actor_kind, event.via) == ("li", "staff", "cli")
    assert (event.from_state, event.to_state, event.public) == (S.SUBMITTED, S.ACCEPTED, True)
    assert both.whole(case)


def test_3_ask_names_steps_and_words_and_pauses(office: Office) -> None:
    case = office.in_state(S.IN_PROGRESS)
    after = office.act("zhao", case, "ask", steps=["key_indicators", "budget_band"], text="请补充测试方法。")
    assert (after.state, after.resume_state) == (S.NEED_INFO, S.IN_PROGRESS)
    (notice,) = office.notices()
    assert notice.kind == "need_info"
    assert notice.body["steps"] == ["key_indicators", "budget_band"]
    assert notice.body["labels"] == "技术关键与主要指标、拟投入资金"
    assert notice.body["due"] == "2026-03-16"
    event = office.last(case)
    assert event.detail == {"steps": ["key_indicators", "budget_band"]}
    assert event.text == "请补充测试方法。"
    assert "测试方法" not in str(notice.body)


def test_3_asking_needs_something_to_ask_and_steps_of_the_form(office: Office) -> None:
    case = office.submit()
    assert refused(lambda: office.act("li", case, "ask", text=" ")) == "asks_something"
    assert refused(lambda: office.act("li", case, "ask", steps=["salary_band"])) == "not_on_the_form"


@pytest.mark.parametrize("before", [S.SUBMITTED, S.ACCEPTED, S.IN_PROGRESS])
def test_4_a_reply_brings_back_the_state_before_the_question(office: Office, before: CaseState) -> None:
    case = office.in_state(before)
    office.act("zhao" if before is S.IN_PROGRESS else "li", case, "ask", text="请补充。")
    after = office.act("p1", case, "reply", text="已补充。")
    assert (after.state, after.resume_state) == (before, None)


def test_4_a_reply_changes_answers_and_what_follows_from_them(office: Office) -> None:
    case = office.in_state(S.NEED_INFO)
    answers = {"key_indicators": given("通量 ≥ 30 LMH，连续 180 天"), "title": given("高盐废水膜清洗方案与材料")}
    after = office.act("p1", case, "reply", answers=answers, files=[FILE])
    assert after.answers["key_indicators"].value == "通量 ≥ 30 LMH，连续 180 天"
    assert after.title == "高盐废水膜清洗方案与材料"
    assert after.quality["total"] >= case.quality["total"]
    assert [file.name for file in office.store.files(case.id)] == ["指标.pdf"]
    assert office.told() == {("team", "laoshan", "replied")}


def test_4_the_history_holds_names_and_keyed_digests_of_what_changed(office: Office) -> None:
    case = office.in_state(S.NEED_INFO)
    phone = case.answers["key_indicators"]
    office.act("p1", case, "reply", answers={"key_indicators": given("压力 2 MPa")}, text="见附件")
    event = office.last(case)
    assert list(event.detail["changed"]) == ["key_indicators"]
    digests = event.detail["changed"]["key_indicators"]
    assert len(digests["before"]) == len(digests["after"]) == 64
    assert digests["before"] != digests["after"]
    assert "2 MPa" not in str(event.detail)
    assert str(phone.value) not in str(event.detail)
    private = office.store.private(case.id)
    assert private is not None
    assert event.text_digest == keyed_digest(private.digest_key, "见附件")


def test_4_personal_answers_of_a_reply_are_kept_apart(office: Office) -> None:
    case = office.in_state(S.NEED_INFO)
    after = office.act("p1", case, "reply", answers={"contact_name": given("王小二")})
    private = office.store.private(case.id)
    assert private is not None
    assert private.personal["contact_name"].value == "王小二"
    assert "contact_phone" in private.personal
    assert "contact_name" not in after.answers
    assert "王小二" not in str(office.last(case)) + str(office.notices())


def test_4_an_answer_that_changes_the_route_hides_others_and_loses_none(office: Office) -> None:
    case = office.in_state(S.NEED_INFO, "p1", "technology", urgency="urgent", urgency_reason="客户要求下月交样")
    assert case.priority == "urgent"
    after = office.act("p1", case, "reply", answers={"urgency": given("normal")})
    assert "urgency_reason" not in after.answers
    assert after.legacy_answers["urgency_reason"]["value"] == "客户要求下月交样"
    assert after.priority == "normal"


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ({"salary_band": given("10_20")}, "not_on_the_form"),
        ({"truth_commit": given(False)}, "goes_missing"),
        ({"problem": Answered(value=None, state="skipped")}, "goes_missing"),
        ({}, "says_something"),
    ],
)
def test_4_a_reply_that_says_nothing_or_takes_away_is_refused(office: Office, answers: Any, why: str) -> None:
    case = office.in_state(S.NEED_INFO)
    assert refused(lambda: office.act("p1", case, "reply", answers=answers)) == why
    assert office.stored(case) == case


def test_6_reject_tells_why_and_what_to_do_instead(office: Office) -> None:
    case = office.submit()
    after = office.act("li", case, "reject", **REJECT)
    assert (after.state, after.outcome) == (S.REJECTED, "out_of_scope")
    assert after.closed_at == office.now
    assert office.told() == {("owner", case.account, "rejected")}
    assert office.last(case).text == f"{REJECT['text']}\n{REJECT['alternative']}"


def test_6_rejecting_needs_a_code_a_reason_and_a_way_on(office: Office) -> None:
    case = office.submit()
    assert refused(lambda: office.act("li", case, "reject", **{**REJECT, "reason": "why"})) == "reason_code"
    assert refused(lambda: office.act("li", case, "reject", **{**REJECT, "text": "不归我们管"})) == "reason_in_words"
    assert refused(lambda: office.act("li", case, "reject", **{**REJECT, "alternative": ""})) == "alternative"


def test_6_spam_is_told_nothing(office: Office) -> None:
    case = office.submit()
    office.act("li", case, "reject", **{**REJECT, "reason": "spam"})
    assert office.told() == set()
    assert office.last(case).notices == ("none",)


def test_7_route_hands_it_to_a_team_that_is_told(office: Office) -> None:
    case = office.submit()
    after = office.act("li", case, "route", team="jiaozhou", text="企业产线在胶州", co_teams=["sco"])
    assert (after.state, after.team, after.co_teams, after.assignee) == (S.ROUTED, "jiaozhou", ("sco",), None)
    assert office.told() == {("team", "jiaozhou", "new"), ("owner", case.account, "routed")}
    routed, aside = office.events(case)[-2:]
    assert (routed.action, routed.text, routed.public) == ("route", "", True)
    assert (aside.action, aside.text, aside.public) == ("note", "企业产线在胶州", False)


def test_7_the_owner_hears_of_being_routed_once(office: Office) -> None:
    case = office.in_state(S.ROUTED)
    office.act("sun", case, "bounce", reason="wrong_task", text="不属本团队职能")
    office.told()
    office.act("li", case, "route", team="sco")
    assert office.told() == {("team", "sco", "new")}


def test_7_only_to_active_teams_and_not_back_to_who_refused(office: Office) -> None:
    case = office.in_state(S.ROUTED)
    assert refused(lambda: office.act("zheng", office.submit("p2"), "route", team="nowhere")) == "active_team"
    office.register.retire_team("sco", office.actor("zheng"), office.now)
    office.act("sun", case, "bounce", reason="wrong_task", text="不属本团队职能")
    assert refused(lambda: office.act("li", case, "route", team="sco")) == "active_team"
    assert refused(lambda: office.act("li", case, "route", team="laoshan")) == "not_refused"
    assert office.act("zheng", case, "route", team="laoshan").team == "laoshan"


def test_8_sign_takes_it_in_hand(office: Office) -> None:
    case = office.in_state(S.ROUTED)
    after = office.act("zhao", case, "sign")
    assert (after.state, after.assignee) == (S.IN_PROGRESS, "zhao")
    assert office.told() == set()


def test_8_only_the_team_it_was_routed_to_signs(office: Office) -> None:
    case = office.submit()
    office.act("li", case, "route", team="jiaozhou", co_teams=["laoshan"])
    with pytest.raises(NotAllowedError):
        office.act("zhao", case, "sign")
    assert office.act("feng", case, "sign").assignee == "feng"


def test_9_bounce_goes_back_to_who_sent_it_and_sets_back_no_clock(office: Office) -> None:
    case = office.submit()
    office.act("li", case, "route", team="sco")
    before = office.timing.clocks(office.stored(case), office.events(case), office.now).final
    office.told()
    after = office.act("wu", case, "bounce", reason="wrong_area", text="企业不在功能区内")
    assert (after.state, after.bounces, after.team, after.refused_by) == (S.SUBMITTED, 1, "laoshan", ("sco",))
    assert office.told() == {("staff", "li", "bounced")}
    event = office.last(case)
    assert not event.public
    assert event.detail == {"reason": "wrong_area", "team": "sco", "number": 1}
    assert office.timing.clocks(after, office.events(case), office.now).final == before


def test_9_bounce_needs_a_code_and_evidence(office: Office) -> None:
    case = office.in_state(S.ROUTED)
    assert refused(lambda: office.act("sun", case, "bounce", reason="no", text="x")) == "reason_code"
    assert refused(lambda: office.act("sun", case, "bounce", reason="wrong_area", text="")) == "evidence"


def test_scenario_15_bounced_twice_the_third_only_by_the_coordinator_and_clocks_never_reset(both: Office) -> None:
    case = both.submit()
    started = both.timing.clocks(case, both.events(case), both.now).final
    for team, lead in (("sco", "wu"), ("jiaozhou", "feng")):
        both.act("li", case, "route", team=team)
        both.pass_days(0.25)
        both.told()
        both.act(lead, case, "bounce", reason="wrong_task", text="不属本团队职能")
    assert ("staff", "zheng", "bounced") in both.told()
    assert refused(lambda: both.act("li", case, "route", team="city")) == "not_disputed"
    assert refused(lambda: both.act("zheng", case, "route", team="city")) == "not_disputed"
    with pytest.raises(NotAllowedError):
        both.act("li", case, "adjudicate", team="city")
    after = both.act("zheng", case, "adjudicate", team="sco")
    assert (after.state, after.team, after.final_team, after.bounces) == (S.ROUTED, "sco", True, 2)
    assert both.told() == {
        ("team", "sco", "adjudicated"),
        ("team", "laoshan", "adjudicated"),
    }
    assert refused(lambda: both.act("wu", case, "bounce", reason="wrong_task", text="还是不属于")) == "final_team"
    final = both.timing.clocks(after, both.events(case), both.now).final
    assert final is not None
    assert started is not None
    assert (final.started, final.due, final.hold) == (started.started, started.due, timedelta())
    assert both.act("wu", case, "sign").state is S.IN_PROGRESS


@pytest.mark.parametrize("before", [S.SUBMITTED, S.NEED_INFO, S.IN_PROGRESS, S.DOCKING, S.ANSWERED, S.ROUTED])
def test_10_the_coordinator_decides_a_dispute_in_any_open_state(office: Office, before: CaseState) -> None:
    case = office.in_state(before)
    assert refused(lambda: office.act("zheng", case, "adjudicate", team="city", text="争议")) == "dispute"
    after = office.act("zheng", case, "adjudicate", team="city", text="两个团队都认为不属于自己，由市级办理。")
    assert (after.state, after.team, after.assignee, after.resume_state) == (S.ROUTED, "city", None, None)
    assert [event.to_state for event in office.events(case) if event.action == "adjudicate"] == [S.ROUTED]
    assert refused(lambda: office.act("zhou", case, "bounce", reason="wrong_area", text="不在")) == "final_team"


def test_11_start_needs_somebody_assigned(office: Office) -> None:
    case = office.in_state(S.ACCEPTED)
    office.act("sun", case, "release")
    assert refused(lambda: office.act("zhao", case, "start")) == "assigned"
    office.act("zhao", case, "assign", staff="zhao")
    assert office.act("zhao", case, "start").state is S.IN_PROGRESS


def test_12_docking_needs_a_candidate_and_goes_back_without_one(office: Office) -> None:
    case = office.in_state(S.IN_PROGRESS)
    assert refused(lambda: office.act("zhao", case, "dock")) == "candidate"
    office.add_candidate(case)
    assert office.act("zhao", case, "dock").state is S.DOCKING
    (notice,) = office.notices()
    assert (notice.kind, notice.body["count"]) == ("docking", 1)
    assert office.act("zhao", case, "undock").state is S.IN_PROGRESS
    assert office.told() == set()


def test_13_publish_says_where_and_until_when(office: Office) -> None:
    case = office.in_state(S.DOCKING, "p1", "technology", **PUBLISHABLE)
    until = (office.now + PUBLISH["expires_in"]).date()  # type: ignore[operator]
    with pytest.raises(NotAllowedError):
        office.act("zhao", case, "publish", ref="1", url=PUBLISH["url"], expires=until)
    assert refused(lambda: office.act("sun", case, "publish", ref="1", url="ftp://x", expires=until)) == "link"
    today = office.now.date()
    assert refused(lambda: office.act("sun", case, "publish", ref="1", url=PUBLISH["url"], expires=today)) == "expiry"
    after = office.act("sun", case, "publish", ref="1", url=PUBLISH["url"], expires=until)
    assert after.state is S.PUBLISHED
    assert after.expires_at is not None
    assert after.external_refs[0]["expires"] == until.isoformat()
    (notice,) = office.notices()
    assert (notice.kind, notice.body["expires"], notice.body["ref"]) == ("published", until.isoformat(), "1")
    stored = office.stored(case)
    assert stored.expires_at == after.expires_at


def test_13_what_may_not_be_published_is_refused_with_the_reason(office: Office) -> None:
    until = date(2026, 6, 1)
    plain = office.in_state(S.IN_PROGRESS, "p1", "technology", confidentiality="public")
    assert (
        refused(lambda: office.act("sun", plain, "publish", ref="1", url=PUBLISH["url"], expires=until))
        == "publish_consent"
    )


def test_14_a_response_takes_it_back_to_docking(office: Office) -> None:
    case = office.in_state(S.PUBLISHED, "p1", "technology", **PUBLISHABLE)
    after = office.act("zhao", case, "response", text="两家单位来电")
    assert (after.state, after.expires_at) == (S.DOCKING, None)
    assert office.told() == {("owner", case.account, "docking")}


def test_15_answer_says_what_came_of_it(office: Office) -> None:
    case = office.in_state(S.IN_PROGRESS)
    assert refused(lambda: office.act("zhao", case, "answer", outcome="fine", text="好")) == "outcome"
    assert refused(lambda: office.act("zhao", case, "answer", outcome="solved", text="")) == "answer"
    after = office.act("zhao", case, "answer", **ANSWER)
    assert (after.state, after.outcome) == (S.ANSWERED, "solved")
    (notice,) = office.notices()
    assert (notice.kind, notice.body["outcome"], notice.body["due"]) == ("answered", "solved", "2026-03-09")
    assert office.last(case).text == ANSWER["text"]


def test_15_what_is_said_of_a_policy_cites_it(office: Office) -> None:
    case = office.in_state(S.IN_PROGRESS, "p1", "policy_help")
    assert refused(lambda: office.act("zhao", case, "answer", **ANSWER)) == "citation"
    after = office.act("zhao", case, "answer", **ANSWER, citations=["青科规〔2023〕1号 第三条"])
    assert after.state is S.ANSWERED
    assert office.last(case).detail["citations"] == ["青科规〔2023〕1号 第三条"]


def test_16_the_owner_confirms(office: Office) -> None:
    case = office.in_state(S.ANSWERED)
    assert refused(lambda: office.act("p1", case, "confirm", score=6)) == "score"
    after = office.act("p1", case, "confirm", score=4, text="谢谢")
    assert (after.state, after.closed_at, after.outcome) == (S.CLOSED, office.now, "solved")
    assert office.last(case).detail == {"score": 4, "timeout": False}
    assert office.told() == {("owner", case.account, "closed")}


def test_17_dissatisfied_is_done_again_and_the_second_time_the_coordinator_hears(office: Office) -> None:
    case = office.in_state(S.ANSWERED)
    assert refused(lambda: office.act("p1", case, "dissatisfied", text="")) == "reason"
    after = office.act("p1", case, "dissatisfied", text="方案不能连续运行")
    assert (after.state, after.redo) == (S.IN_PROGRESS, 1)
    assert office.told() == {("staff", "zhao", "dissatisfied"), ("staff", "sun", "dissatisfied")}
    office.act("zhao", case, "answer", **ANSWER)
    office.told()
    assert office.act("p1", case, "dissatisfied", text="还是不行").redo == 2
    assert ("staff", "zheng", "dissatisfied") in office.told()


@pytest.mark.parametrize(
    ("before", "after"), [(S.CLOSED, S.IN_PROGRESS), (S.REJECTED, S.SUBMITTED), (S.WITHDRAWN, S.SUBMITTED)]
)
def test_18_reopen_begins_a_new_final_clock(office: Office, before: CaseState, after: CaseState) -> None:
    case = office.in_state(before)
    office.pass_days(10)
    assert refused(lambda: office.act("p1", case, "reopen", text=" ")) == "reason"
    again = office.act("p1", case, "reopen", text="设备又出现同样的问题")
    assert (again.state, again.closed_at, again.outcome) == (after, None, None)
    assert again.announced["final"] > case.announced["final"]
    assert office.told() == {("team", "laoshan", "reopened"), ("owner", case.account, "reopened")}
    clock = office.timing.clocks(again, office.events(case), office.now).final
    assert clock is not None
    assert clock.started == office.now
    assert clock.due.isoformat() == again.announced["final"]


def test_18_after_thirty_days_only_staff_reopen(office: Office) -> None:
    case = office.in_state(S.CLOSED)
    office.pass_time(timedelta(days=31))
    assert refused(lambda: office.act("p1", case, "reopen", text="又坏了")) == "within_30_days"
    assert office.act("sun", case, "reopen", text="企业来电要求重办").state is S.IN_PROGRESS


@pytest.mark.parametrize("before", [S.SUBMITTED, S.NEED_INFO, S.ROUTED, S.DOCKING, S.PUBLISHED, S.ANSWERED])
def test_19_the_owner_withdraws_whatever_is_open(office: Office, before: CaseState) -> None:
    case = office.in_state(before, "p1", "technology", **PUBLISHABLE)
    after = office.act("p1", case, "withdraw", text="自己解决了")
    assert (after.state, after.outcome, after.closed_at) == (S.WITHDRAWN, "withdrawn", office.now)
    assert {kind for _, _, kind in office.told()} == {"withdrawn"}


def test_scenario_18_an_extension_after_due_is_refused(office: Office) -> None:

    case = office.in_state(S.IN_PROGRESS, "p1", "talent")
    clock = office.timing.clocks(case, office.events(case), office.now).final
    assert clock is not None
    assert refused(lambda: office.act("sun", case, "extend", until=clock.due.date(), text="还在谈")) == "later_day"
    later = (clock.due + timedelta(days=7)).date()
    assert refused(lambda: office.act("sun", case, "extend", until=later, text="")) == "reason"
    office.act("sun", case, "extend", until=later, text="候选人下周来青")
    office.set_now(clock.due + timedelta(days=30))
    too_late = office.now.date() + timedelta(days=9)
    assert refused(lambda: office.act("sun", case, "extend", until=too_late, text="还在谈")) == "before_due"


def test_22_extend_moves_the_date_tells_it_and_keeps_the_old_one(office: Office) -> None:
    case = office.in_state(S.DOCKING, "p1", "talent")
    before = office.timing.clocks(case, office.events(case), office.now).final
    assert before is not None
    with pytest.raises(NotAllowedError):
        office.act("zhao", case, "extend", until=date(2026, 3, 27), text="候选人下周来青")
    after = office.act("sun", case, "extend", until=date(2026, 3, 27), text="候选人下周来青")
    assert after.extensions == 1
    (notice,) = office.notices()
    assert notice.body["final_due"] == "2026-03-27"
    assert notice.body["before"] == before.due.date().isoformat()
    assert office.last(case).detail["before"] == before.due.isoformat()
    clock = office.timing.clocks(after, office.events(case), office.now).final
    assert clock is not None
    assert clock.due == after.due_override
    office.act("sun", case, "extend", until=date(2026, 4, 3), text="候选人改期")
    assert refused(lambda: office.act("sun", case, "extend", until=date(2026, 4, 10), text="再改")) == "few_extensions"


def test_22_a_specialist_asks_the_lead(office: Office) -> None:
    case = office.in_state(S.IN_PROGRESS)
    office.act("zhao", case, "propose", what="extend", text="专家月底才有空")
    assert office.told() == {("staff", "sun", "proposed")}
    assert not office.last(case).public


def test_23_the_owner_urges_once_in_three_working_days_and_a_lead_at_will(office: Office) -> None:
    case = office.in_state(S.IN_PROGRESS)
    office.act("p1", case, "urge")
    assert office.told() == {("staff", "zhao", "urged"), ("staff", "sun", "urged")}
    office.pass_days(2.9)
    assert refused(lambda: office.act("p1", case, "urge")) == "not_urged_lately"
    assert office.act("sun", case, "urge").urged_at == office.stored(case).urged_at
    assert office.told() == {("staff", "zhao", "urged")}
    office.pass_days(0.1)
    assert office.act("p1", case, "urge").urged_at == office.now


def test_24_assign_and_release(office: Office) -> None:
    case = office.in_state(S.IN_PROGRESS)
    assert office.act("sun", case, "assign", staff="qian").assignee == "qian"
    assert office.told() == {("staff", "qian", "assigned")}
    assert refused(lambda: office.act("sun", case, "assign", staff="feng")) == "colleague"
    assert refused(lambda: office.act("sun", case, "assign", staff="nobody")) == "colleague"
    assert office.act("zheng", case, "assign", staff="feng").assignee == "feng"
    assert office.act("feng", case, "release").assignee is None
    assert refused(lambda: office.act("zhao", case, "assign", staff="qian")) == "hand_over"
    assert office.act("zhao", case, "assign", staff="zhao").assignee == "zhao"
    assert office.told() == {("staff", "feng", "assigned")}


def test_24_a_specialist_does_not_take_what_a_colleague_has(office: Office) -> None:
    case = office.in_state(S.IN_PROGRESS)
    with pytest.raises(HeldError) as held:
        office.act("qian", case, "assign", staff="qian")
    assert held.value.saying.values["holder"] == "赵专员"
    assert office.act("zhao", case, "assign", staff="qian").assignee == "qian"


def test_scenario_14_two_clerks_claim_at_once_one_wins_and_the_other_is_told_who(both: Office) -> None:
    case = both.submit()
    start = threading.Barrier(2)

    def claim(who: str) -> Case | HeldError:
        actor = both.actor(who)
        start.wait()
        try:
            return both.handling.act(actor, case.reference, "accept", rev=case.rev)
        except HeldError as held:
            return held

    with ThreadPoolExecutor(2) as pool:
        results = dict(zip(("li", "wang"), pool.map(claim, ("li", "wang")), strict=True))
    winner = next(who for who, result in results.items() if isinstance(result, Case))
    (held,) = [result for result in results.values() if isinstance(result, HeldError)]
    assert held.case.assignee == winner
    assert held.saying.key == "review.held"
    assert held.saying.values["holder"] == {"li": "李科员", "wang": "王科员"}[winner]
    assert [event.action for event in both.events(case)] == ["submit", "accept"]
    assert both.whole(case)


def test_scenario_14_who_claims_after_another_is_told_who_without_naming_a_revision(both: Office) -> None:
    case = both.submit()
    both.act("li", case, "accept")
    with pytest.raises(HeldError) as held:
        both.act("wang", case, "accept")
    assert held.value.saying.values["holder"] == "李科员"


def test_a_change_from_an_old_revision_is_refused_and_changes_nothing(both: Office) -> None:
    case = both.in_state(S.IN_PROGRESS)
    both.act("zhao", case, "note", text="已联系")
    now = both.stored(case)
    with pytest.raises(StaleCaseError) as stale:
        both.act("sun", case, "answer", case.rev, **ANSWER)
    assert stale.value.case == now
    assert both.stored(case) == now


def test_many_notes_at_once_are_all_kept_in_one_chain(both: Office) -> None:
    case = both.in_state(S.IN_PROGRESS)

    def note(number: int) -> None:
        both.act("zhao", case, "note", text=f"第 {number} 次联系")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(note, range(40)))
    assert len([event for event in both.events(case) if event.action == "note"]) == 40
    assert both.whole(case)


def test_26_notes_of_staff_are_their_own_unless_public(office: Office) -> None:
    case = office.in_state(S.IN_PROGRESS)
    office.act("zhao", case, "note", text="专家说要加预算")
    office.act("zhao", case, "note", text="已联系两位专家", public=True)
    office.act("p1", case, "note", text="补一份检测报告", files=[FILE])
    assert office.told() == {("staff", "zhao", "replied")}
    shown = [event.text for event in office.handling.history(office.actor("p1"), case.reference)]
    assert "已联系两位专家" in shown
    assert "补一份检测报告" in shown
    assert "专家说要加预算" not in shown
    assert refused(lambda: office.act("zhao", case, "note", text="")) == "reason"
    assert refused(lambda: office.act("p1", case, "note")) == "says_something"


def test_26_the_same_file_is_kept_once_and_there_is_a_limit(office: Office) -> None:
    case = office.submit()
    office.act("p1", case, "note", files=[FILE])
    office.act("p1", case, "note", files=[FILE])
    assert len(office.store.files(case.id)) == 1
    many = [Attachment(f"{number:064d}", f"{number}.pdf", "application/pdf", 1) for number in range(20)]
    assert refused(lambda: office.act("p1", case, "note", files=many)) == "too_many_files"


def test_27_the_owner_corrects_answers_while_it_is_open(office: Office) -> None:
    case = office.in_state(S.IN_PROGRESS)
    after = office.act("p1", case, "correct", answers={"budget_band": given("500_1000")})
    assert (after.state, after.answers["budget_band"].value) == (S.IN_PROGRESS, "500_1000")
    assert office.told() == {("staff", "zhao", "replied")}
    assert refused(lambda: office.act("p1", case, "correct", answers={"budget_band": given("500_1000")}))
    closed = office.in_state(S.CLOSED, "p2")
    with pytest.raises(NotAllowedError):
        office.act("p2", closed, "correct", answers={"budget_band": given("lt10")})


def test_27_staff_fill_in_what_they_were_told_on_the_telephone(office: Office) -> None:
    case = office.submit("p1", "brief")
    after = office.act("li", case, "correct", answers={"contact_name": given("王小二")}, text="电话补登")
    private = office.store.private(case.id)
    assert private is not None
    assert private.personal["contact_name"].value == "王小二"
    assert "王小二" not in str(after)
    assert office.last(case).actor == "li"
    assert office.last(case).public


def test_27_a_corrected_credit_code_joins_the_other_organisation(office: Office) -> None:
    case = office.submit()
    after = office.act("p1", case, "correct", answers={"uscc": given("91110000600037341L")})
    assert after.org is not None
    assert after.org != case.org


def test_28_staff_verify_the_credit_code(office: Office) -> None:
    case = office.submit()
    assert case.org is not None
    after = office.act("li", case, "verify_uscc")
    assert "uscc_verified" in after.tags
    organisation = office.desk.people.organisation(case.org)
    assert organisation is not None
    assert organisation.verified


def test_29_calls_close_their_task_and_what_was_told_is_public(office: Office) -> None:
    case = office.submit()
    others = office.submit("p2")
    with writing(office.engine) as connection:
        add_task(connection, "k1", case.id, "call", "unread/accepted", office.now)
        add_task(connection, "k2", others.id, "call", "unread/accepted", office.now)
    tasks = Tasks(office.engine)
    mine, other = tasks.open()
    office.act("li", case, "called", task=mine.id, result="已告知受理")
    assert [task.id for task in tasks.open()] == [other.id]
    assert not office.last(case).public
    assert refused(lambda: office.act("li", case, "called", task=mine.id, result="再打")) == "open_task"
    assert refused(lambda: office.act("li", case, "called", task=other.id, result="打错")) == "open_task"
    office.act("li", case, "told_offline", text="电话告知预计周五答复")
    assert office.last(case).public


def test_words_that_must_not_be_kept_are_refused(office: Office) -> None:
    case = office.in_state(S.NEED_INFO)
    with pytest.raises(GuardError) as error:
        office.act("p1", case, "reply", text="身份证 11010519491231002X")
    assert error.value.saying.key == "refusal.id_card"
    assert refused(lambda: office.act("p1", case, "reply", text="长" * 2001)) == "too_long"
    assert office.stored(case) == case


def test_scenario_20_a_clerk_of_laoshan_does_not_find_a_case_of_jiaozhou(office: Office) -> None:
    case = office.submit("p1", "technology", district="370281")
    assert case.team == "jiaozhou"
    for who in ("li", "zhao", "p2", "admin"):
        actor = office.actor(who)
        for look in (
            lambda a=actor: office.handling.view(a, case.reference),
            lambda a=actor: office.handling.history(a, case.reference),
            lambda a=actor: office.handling.files(a, case.reference),
            lambda a=actor: office.handling.contact(a, case.reference),
            lambda a=actor: office.handling.act(a, case.reference, "accept"),
            lambda a=actor: office.handling.act(a, case.reference, "accept", rev=99),
            lambda a=actor: office.handling.act(a, case.reference, "no_such_move"),
        ):
            with pytest.raises(NotFoundError) as unseen:
                look()
            with pytest.raises(NotFoundError) as missing:
                office.handling.view(actor, "KC26-AAAAA-A")
            assert unseen.value.saying.key == missing.value.saying.key
        assert office.handling.queue(actor) == []
        assert office.handling.queue(actor, text=case.reference) == []
    assert [found.id for found in office.handling.queue(office.actor("chen"))] == [case.id]


def test_what_is_not_theirs_to_do_is_refused_and_changes_nothing(office: Office) -> None:
    case = office.submit()
    for who, action in (("zhao", "accept"), ("audit", "accept"), ("li", "answer"), ("p1", "accept"), ("li", "fly")):
        with pytest.raises(NotAllowedError):
            office.act(who, case, action)
    assert office.stored(case) == case
    assert office.told() == set()


def test_a_move_whose_notice_cannot_be_written_is_not_made(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    case = office.submit()

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(office.store, "_tell", fail)
    with pytest.raises(RuntimeError):
        office.act("li", case, "accept")
    assert office.stored(case) == case
    assert len(office.events(case)) == 1


def test_a_move_may_be_part_of_a_larger_transaction(both: Office) -> None:
    case = both.in_state(S.IN_PROGRESS)
    both.add_candidate(case)

    def give_up() -> None:
        with both.store.writing() as transaction:
            both.handling.act_within(transaction, both.actor("zhao"), case.reference, "dock")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        give_up()
    assert both.stored(case) == case
    with both.store.writing() as transaction:
        both.handling.act_within(transaction, both.actor("zhao"), case.reference, "dock")
    assert both.stored(case).state is S.DOCKING


def test_that_staff_read_a_restricted_case_goes_on_record_once_a_day(office: Office) -> None:
    case = office.submit("p1", "technology", **RESTRICTED)
    for who in ("zhao", "zhao", "sun", "p1"):
        office.handling.view(office.actor(who), case.reference)
    office.pass_time(timedelta(days=1))
    office.handling.view(office.actor("zhao"), case.reference)
    readers = [event.actor for event in office.events(case) if event.action == "read"]
    assert readers == ["zhao", "sun", "zhao"]
    assert office.stored(case).rev == case.rev
    assert office.whole(case)


def test_the_coordinator_sees_a_restricted_row_and_sends_it_on_unread(office: Office) -> None:
    case = office.submit("p1", "technology", **RESTRICTED)
    zheng = office.actor("zheng")
    seen = office.handling.view(zheng, case.reference)
    assert (seen.title, seen.answers) == ("", {})
    assert [e.action for e in office.events(case)] == ["submit"]
    with pytest.raises(NotFoundError):
        office.handling.contact(zheng, case.reference)
    assert office.handling.queue(zheng, text=case.title) == []
    after = office.handling.act(zheng, case.reference, "route", team="jiaozhou")
    assert (after.state, after.title) == (S.ROUTED, "")
    assert office.handling.view(office.actor("feng"), case.reference).title == case.title


def test_numbers_are_masked_until_claimed_and_showing_them_goes_on_record(office: Office) -> None:
    case = office.submit("p1", "technology", contact_email="zhang@example.com")
    li = office.actor("li")
    contact = office.handling.contact(li, case.reference)
    assert contact.masked
    assert "13800138000" not in str(contact.personal)
    assert "138****8000" in str(contact.personal)
    assert "zhang@" not in str(contact.personal)
    assert contact.personal["contact_name"].value == "张晓明"
    office.act("li", case, "accept")
    for _ in range(2):
        assert "+8613800138000" in str(office.handling.contact(li, case.reference).personal)
    assert [e.action for e in office.events(case)] == ["submit", "accept", "unmask"]
    assert not office.handling.contact(office.actor("p1"), case.reference).masked
    assert office.handling.contact(office.actor("audit"), case.reference).masked


def test_the_queue_is_filtered_and_urgent_needs_stand_first(office: Office) -> None:
    first = office.submit("p1")
    office.pass_time(timedelta(minutes=1))
    talent = office.submit("p2", "talent")
    urgent = office.submit("p3", "technology", urgency="urgent", urgency_reason="客户要求下月交样")
    closed = office.in_state(S.CLOSED, "p4")
    sun = office.actor("sun")
    queue = office.handling.queue
    assert [case.id for case in queue(sun)] == [urgent.id, first.id, talent.id]
    assert [case.id for case in queue(sun, kind="talent")] == [talent.id]
    assert [case.id for case in queue(sun, ended=True, state=S.CLOSED)] == [closed.id]
    assert {case.id for case in queue(sun, ended=True)} == {first.id, talent.id, urgent.id, closed.id}
    assert queue(sun, district="370281") == []
    assert {case.id for case in queue(sun, district="370212", team="laoshan")} == {first.id, talent.id, urgent.id}
    office.act("zhao", office.stored(first), "assign", staff="zhao")
    assert [case.id for case in queue(office.actor("zhao"), mine=True)] == [first.id]


def test_the_queue_is_searched_by_number_words_code_and_last_digits(both: Office) -> None:
    case = both.submit("p1", "technology")
    both.submit("p2", "talent")
    sun, li = both.actor("sun"), both.actor("li")
    queue = both.handling.queue
    for text in (case.reference.lower(), "反渗透膜", "91370200264574251e", "新材料有限", "8000", "1380013 8000"):
        assert case.id in [found.id for found in queue(sun, text=text)], text
    assert case.id in [found.id for found in queue(li, text="8000")]
    assert case.id not in [found.id for found in queue(li, text="0138000")]
    assert queue(sun, text="没有这样的词") == []
    assert queue(sun, text="反渗透_膜") == []


def test_a_co_handling_team_finds_the_case(both: Office) -> None:
    case = both.submit()
    both.act("li", case, "route", team="jiaozhou", co_teams=["sco"])
    assert [found.id for found in both.handling.queue(both.actor("wu"))] == [case.id]
    assert [found.id for found in both.handling.queue(both.actor("wu"), team="sco")] == [case.id]


def test_who_stands_in_is_told_of_what_those_away_are(office: Office) -> None:
    case = office.in_state(S.IN_PROGRESS)
    office.register.set_away(
        "zhao", office.now, office.now + timedelta(days=9), office.actor("sun"), office.now, deputy="feng"
    )
    office.act("p1", case, "note", text="有新情况")
    assert office.told() == {("staff", "zhao", "replied"), ("staff", "feng", "replied")}
    assert office.act("feng", case, "note", text="代办").rev == office.stored(case).rev


def test_what_an_erased_owner_would_be_told_is_told_to_nobody(office: Office) -> None:
    case = office.in_state(S.IN_PROGRESS)
    office.desk.privacy.erase("p1")
    office.desk.told.clear()
    with pytest.raises(ReviewError):
        office.act("sun", case, "reopen", text="企业来电要求重办")
    office.act("sun", case, "note", text="企业已删除资料")
    assert all(to != "owner" for to, _, _ in office.told())
    assert office.whole(case)
