"""What only time does: reminders, time-outs, confirmations and publications that lapse, clocks that run out."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine, update

from db.engine import writing
from intake.cases import Case, CaseState
from intake.formbook import Formbook
from intake.review import GuardError
from intake.store.tables import cases
from tests.support.office import ANSWER, PUBLISHABLE, Office

S = CaseState


@pytest.fixture
def office(sqlite_engine: Engine, book: Formbook) -> Office:
    return Office(sqlite_engine, book)


@pytest.fixture
def both(engine: Engine, book: Formbook) -> Office:
    return Office(engine, book)


def kinds(office: Office) -> list[str]:
    return sorted(kind for _, _, kind in office.told())


def asked(office: Office) -> Case:
    return office.in_state(S.NEED_INFO, "p1", "think_tank")


def test_5_two_reminders_and_then_it_is_withdrawn(both: Office) -> None:
    case = both.submit("p1", "think_tank")
    both.act("li", case, "ask", text="请补充背景。")
    both.told()
    seen = []
    for _ in range(11):
        both.pass_days(1)
        both.handling.sweep()
        seen.append([kind for to, _, kind in both.told() if to == "owner"])
    assert [kind for day in seen for kind in day] == ["need_info_reminder", "need_info_reminder", "timeout"]
    assert seen[4] == ["need_info_reminder"]
    assert seen[8] == ["need_info_reminder"]
    assert seen[9] == ["timeout"]
    after = both.stored(case)
    assert (after.state, after.outcome) == (S.WITHDRAWN, "not_supplied")
    assert both.last(case).actor_kind == "system"
    assert both.whole(case)
    assert both.act("p1", case, "reopen", text="材料找到了").state is S.SUBMITTED


def test_5_after_a_standstill_each_reminder_still_has_its_working_day(office: Office) -> None:
    case = asked(office)
    office.pass_days(30)
    assert office.handling.sweep() >= 1
    assert [event.action for event in office.events(case)].count("remind") == 1
    office.handling.sweep()
    assert office.stored(case).state is S.NEED_INFO
    office.pass_days(1)
    office.handling.sweep()
    assert [event.action for event in office.events(case)].count("remind") == 2
    office.handling.sweep()
    assert office.stored(case).state is S.NEED_INFO
    office.pass_days(1)
    office.handling.sweep()
    assert office.stored(case).state is S.WITHDRAWN


def test_5_a_second_question_has_reminders_of_its_own(office: Office) -> None:
    case = asked(office)
    office.pass_days(6)
    office.handling.sweep()
    office.act("p1", case, "reply", text="补充")
    office.act("li", case, "ask", text="还缺一项。")
    office.pass_days(6)
    office.handling.sweep()
    assert [event.action for event in office.events(case)].count("remind") == 2
    assert office.stored(case).state is S.NEED_INFO


def test_5_nobody_but_time_withdraws_for_silence(office: Office) -> None:
    case = asked(office)
    for action in ("remind", "timeout"):
        with pytest.raises(GuardError):
            office.act("system", case, action)


def test_16_an_answer_nobody_objects_to_counts_as_confirmed(both: Office) -> None:
    case = both.in_state(S.ANSWERED)
    with pytest.raises(GuardError):
        both.act("system", case, "confirm")
    both.pass_days(4.9)
    assert both.handling.sweep() == 0
    both.pass_days(0.1)
    assert both.handling.sweep() == 1
    after = both.stored(case)
    assert (after.state, after.outcome) == (S.CLOSED, "solved")
    assert both.last(case).detail == {"score": None, "timeout": True}
    assert kinds(both) == ["closed"]


def test_14_a_publication_that_expires_goes_back_to_docking(both: Office) -> None:
    case = both.in_state(S.PUBLISHED, "p1", "technology", **PUBLISHABLE)
    assert case.expires_at is not None
    both.set_now(case.expires_at - timedelta(seconds=1))
    both.handling.sweep()
    assert both.stored(case).state is S.PUBLISHED
    both.set_now(case.expires_at)
    both.told()
    both.handling.sweep()
    assert both.stored(case).state is S.DOCKING
    assert ("owner", case.account, "docking") in both.told()


def test_a_sweep_twice_is_a_sweep_once(both: Office) -> None:
    asked(both)
    both.in_state(S.ANSWERED, "p2")
    both.in_state(S.IN_PROGRESS, "p3", "talent")
    both.pass_days(9)
    assert both.handling.sweep() > 0
    told = both.told()
    assert told
    assert both.handling.sweep() == 0
    assert both.told() == set()


def test_staff_are_warned_told_of_the_breach_and_then_the_coordinator_is_once_each(both: Office) -> None:
    case = both.submit("p1", "talent")
    both.pass_days(0.85)
    both.handling.sweep()
    assert both.told() == {("team", "laoshan", "due_warning")}
    both.pass_days(0.2)
    both.handling.sweep()
    assert both.told() == {("staff", "sun", "breach")}
    both.pass_days(2)
    both.handling.sweep()
    assert both.told() == {("staff", "zheng", "breach")}
    for _ in range(3):
        both.pass_days(0.3)
        both.handling.sweep()
    assert both.told() == set()
    warned = [event for event in both.events(case) if event.action == "warn"]
    assert [(event.detail["clock"], event.detail["level"]) for event in warned] == [
        ("first_response", "warn"),
        ("first_response", "breach"),
        ("first_response", "escalate"),
    ]
    assert all(event.notices != ("none",) for event in warned)
    assert both.stored(case).rev == case.rev, "whoever has the case open may still act on it"
    assert both.whole(case)


def test_a_warning_names_the_clock_and_the_day(office: Office) -> None:
    office.submit("p1", "talent")
    office.pass_days(0.9)
    office.handling.sweep()
    (notice,) = office.notices()
    assert notice.body["clock"] == "first_response"
    assert date.fromisoformat(notice.body["due"]) == date(2026, 3, 3)


def test_staff_are_left_alone_outside_working_hours(office: Office) -> None:
    office.submit("p1", "talent")
    office.pass_days(1.5)
    night = office.now.replace(hour=23)
    office.set_now(night)
    assert office.handling.sweep() == 0
    assert office.told() == set()
    office.set_now(office.timing.calendar.opens(night))
    assert office.handling.sweep() == 1
    assert kinds(office) == ["breach"]


def test_an_extension_is_a_new_date_to_warn_of(office: Office) -> None:
    case = office.in_state(S.IN_PROGRESS, "p1", "policy_help")
    office.pass_days(2.5)
    office.handling.sweep()
    assert "due_warning" in kinds(office)
    office.act("sun", case, "extend", until=date(2026, 3, 13), text="等上级部门回复")
    office.handling.sweep()
    office.told()
    final = office.timing.clocks(office.stored(case), office.events(case), office.now).final
    assert final is not None
    office.set_now(office.timing.calendar.add_days(final.due, -0.5))
    office.handling.sweep()
    levels = [(e.detail["clock"], e.detail["level"]) for e in office.events(case) if e.action == "warn"]
    assert levels.count(("final", "warn")) == 2


def test_nobody_is_warned_while_the_enterprise_is_waited_for(office: Office) -> None:
    case = office.in_state(S.IN_PROGRESS, "p1", "policy_help")
    office.act("zhao", case, "ask", text="请补充材料。")
    office.told()
    office.pass_days(4)
    office.handling.sweep()
    assert office.told() == set()


def test_waiting_is_added_to_the_final_date(office: Office) -> None:
    case = office.in_state(S.IN_PROGRESS, "p1", "talent")
    before = office.timing.clocks(case, office.events(case), office.now).final
    office.act("zhao", case, "ask", text="请补充材料。")
    office.pass_days(3)
    office.act("p1", case, "reply", text="已补充")
    after = office.timing.clocks(office.stored(case), office.events(case), office.now).final
    assert before is not None
    assert after is not None
    assert after.due == office.timing.calendar.add_days(before.due, 3)


def test_what_somebody_did_meanwhile_is_not_undone_by_a_sweep(office: Office) -> None:
    case = office.in_state(S.ANSWERED)
    office.pass_days(6)
    found = office.store.find
    acted = False

    def find_then_act(condition: object) -> list[Case]:
        nonlocal acted
        cases = found(condition)  # type: ignore[arg-type]
        if not acted:
            acted = True
            office.act("p1", case, "dissatisfied", text="还是不行")
        return cases

    office.store.find = find_then_act  # type: ignore[method-assign,assignment]
    office.handling.sweep()
    assert office.stored(case).state is S.IN_PROGRESS


def test_an_answer_by_a_case_s_age_is_due_in_working_days(office: Office) -> None:
    """Across the new year's holiday: five working days are more than a week."""
    office.set_now(datetime.fromisoformat("2026-12-30T10:00:00+08:00"))
    case = office.in_state(S.IN_PROGRESS)
    office.act("zhao", case, "answer", **ANSWER)
    (notice,) = [notice for notice in office.notices() if notice.kind == "answered"]
    due = date.fromisoformat(notice.body["due"])
    assert due >= date(2027, 1, 7)


def test_one_case_that_cannot_be_looked_after_keeps_no_other_waiting(office: Office) -> None:
    broken, fine = office.in_state(S.ANSWERED, "p1"), office.in_state(S.ANSWERED, "p2")
    with writing(office.engine) as connection:
        connection.execute(update(cases).where(cases.c.id == broken.id).values(kind="a kind of old"))
    office.pass_days(6)
    with pytest.raises(ExceptionGroup) as faults:
        office.handling.sweep()
    assert len(faults.value.exceptions) == 1
    assert office.stored(fine).state is S.CLOSED
    assert office.stored(broken).state is S.ANSWERED


def test_where_no_team_has_a_case_the_coordinator_is_told(office: Office) -> None:
    """Routed to the team that had it, and sent back by it: nobody's."""
    case = office.in_state(S.ROUTED)
    after = office.act("sun", case, "bounce", reason="wrong_area", text="企业已迁出")
    assert after.team is None
    office.told()
    office.act("p1", case, "urge")
    assert office.told() == {("staff", "zheng", "urged")}
