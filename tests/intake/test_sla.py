"""The clocks of a case: read from events, paused while it waits, never set back by a bounce (scenarios 15, 16)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.cases import Case, CaseState, Recorded
from intake.formbook import Formbook
from intake.sla import Clock, Timing, load_timing
from intake.targets import TargetsError, load_targets
from intake.values import Answered, DateSpan
from intake.worktime import SHANGHAI, WorkCalendar

TIMING = load_timing()
CALENDAR = TIMING.calendar
DAY = CALENDAR.day
NO_TIME = timedelta()
MONDAY = datetime(2026, 3, 2, 10, tzinfo=SHANGHAI)
S = CaseState


def at(day: str, clock: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}+08:00")


def wd(days: float, since: datetime = MONDAY) -> datetime:
    """So many working days later."""
    return CALENDAR.add_days(since, days)


def a_case(kind: str = "technology", **changes: Any) -> Case:
    fields: dict[str, Any] = {
        "id": "c1", "reference": "KC26-7K2M9-4", "kind": kind, "form_version": 1, "state": S.SUBMITTED, "person": "p1",
        "account": "a1", "channel": "web", "lang": "zh", "title": "高盐废水膜技术", "summary": "寻找能长期运行的膜",
        "confidentiality": "on_match", "submitted_at": MONDAY, "updated_at": MONDAY, "answers": {},
    }  # fmt: skip
    return Case(**{**fields, **changes})


class History:
    """A case's events, told one after another."""

    def __init__(self, case: Case, *, begins: bool = True) -> None:
        self.case = case
        self.events: list[Recorded] = []
        self.state: CaseState | None = None
        if begins:
            self.then(case.submitted_at, "submit", S.SUBMITTED, by="person", public=True)

    def then(
        self, when: datetime, action: str, to: CaseState | None = None, *, by: str = "staff", public: bool = False
    ) -> History:
        number = len(self.events) + 1
        self.events.append(
            Recorded(
                id=number,
                seq=number,
                at=when,
                actor_kind=by,
                actor="x",
                via="cli",
                action=action,
                from_state=self.state,
                to_state=to,
                detail={},
                notices=("none",),
                public=public,
                text="",
                text_digest="",
                prev_hash="",
                hash="",
            )
        )
        self.state = to or self.state
        return self

    def clocks(self, now: datetime, timing: Timing = TIMING, **changes: Any) -> Any:
        fields = {name: getattr(self.case, name) for name in Case.__slots__}
        return timing.clocks(Case(**{**fields, **changes}), self.events, now)


def submitted(kind: str = "technology", **changes: Any) -> History:
    return History(a_case(kind, **changes))


def working(kind: str = "technology", **changes: Any) -> History:
    """Accepted at 11:00 on the first day, in progress from 14:00."""
    history = submitted(kind, **changes)
    history.then(at("2026-03-02", "11:00"), "accept", S.ACCEPTED, public=True)
    return history.then(at("2026-03-02", "14:00"), "start", S.IN_PROGRESS, public=True)


def deadline(day: str) -> dict[str, Answered]:
    end = date.fromisoformat(day)
    return {"deadline": Answered(value=DateSpan(start=end, end=end))}


def with_calendar(**exceptions: bool) -> Timing:
    days = {date.fromisoformat(day.removeprefix("d").replace("_", "-")): works for day, works in exceptions.items()}
    return Timing(WorkCalendar(CALENDAR.hours, days, 2026), TIMING.targets)


# --- targets


@pytest.mark.parametrize(
    ("kind", "first", "sign_off", "candidates", "final", "progress"),
    [
        ("policy_help", 1, 0.5, None, 3, None),
        ("technology", 1, 1, 10, 60, 10),
        ("talent", 1, 1, None, 10, 5),
        ("market", 1, 1, None, 10, 5),
        ("space", 1, 1, None, 10, 5),
        ("event", 1, 1, None, 10, 5),
        ("expert_visit", 1, 1, None, 10, 5),
        ("finance", 1, 1, None, 10, 5),
        ("carrier", 2, 1, None, 60, 15),
        ("international", 2, 1, None, 60, 15),
        ("think_tank", 5, None, None, None, None),
    ],
)
def test_the_targets_are_those_of_the_design(
    kind: str, first: float, sign_off: float, candidates: float, final: float, progress: float
) -> None:
    target = TIMING.target(kind, "normal")
    found = (target.first, target.sign_off, target.candidates, target.final, target.progress)
    assert found == (first, sign_off, candidates, final, progress)


def test_every_form_has_targets(book: Formbook) -> None:
    for kind in book.forms:
        assert TIMING.announced(kind, "normal", MONDAY).first > MONDAY


def test_a_kind_without_targets_is_named() -> None:
    with pytest.raises(TargetsError, match="'dream'"):
        TIMING.announced("dream", "normal", MONDAY)


def test_an_urgent_need_is_answered_sooner_but_promised_no_earlier_end() -> None:
    urgent, normal = (TIMING.announced("technology", p, MONDAY) for p in ("urgent", "normal"))
    assert urgent.first == wd(0.5)
    assert urgent.final == normal.final


def test_a_priority_may_have_exact_targets_for_a_kind(tmp_path: Path) -> None:
    shipped = Path("intake/data/sla.toml").read_text(encoding="utf-8")
    file = tmp_path / "sla.toml"
    file.write_text(f"{shipped}\n[kinds.finance.by_priority.urgent]\nfinal = 4\n", encoding="utf-8")
    timing = Timing(CALENDAR, load_targets(file))
    assert timing.announced("finance", "urgent", MONDAY).final == wd(4)
    assert timing.announced("finance", "normal", MONDAY).final == wd(10)


@pytest.mark.parametrize("text", ["", "alerts = 1", "[kinds.x]\nfirst = 0"])
def test_a_wrong_file_of_targets_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "sla.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(TargetsError, match=r"sla\.toml"):
        load_targets(file)


# --- what is announced


def test_the_receipt_names_both_dates() -> None:
    announced = TIMING.announced("talent", "normal", MONDAY)
    assert announced.first == at("2026-03-03", "10:00")
    assert announced.final == at("2026-03-16", "10:00")
    assert announced.work_starts is None


def test_the_receipt_says_when_work_starts_if_it_is_submitted_outside_working_hours() -> None:
    announced = TIMING.announced("talent", "normal", at("2026-02-14", "20:00"))
    assert announced.work_starts == at("2026-02-24", "09:00")
    assert announced.first == at("2026-02-24", "17:30")


def test_a_think_tank_topic_has_no_final_date() -> None:
    assert TIMING.announced("think_tank", "normal", MONDAY).final is None
    assert submitted("think_tank").clocks(wd(100)).final is None


@pytest.mark.parametrize(
    ("day", "final"),
    [
        ("2026-03-13", at("2026-03-10", "17:30")),  # three working days before the end of that day
        ("2026-03-15", at("2026-03-10", "17:30")),  # a Sunday counts as the Friday before
        ("2026-06-30", at("2026-03-16", "10:00")),  # far away: ten working days
        ("2026-03-03", at("2026-03-03", "10:00")),  # too close: no sooner than the first response
    ],
)
def test_an_event_is_answered_in_time_for_its_date(day: str, final: datetime) -> None:
    assert TIMING.announced("event", "normal", MONDAY, date.fromisoformat(day)).final == final
    assert submitted("event", answers=deadline(day)).clocks(MONDAY).final.due == final


def test_a_deadline_shortens_no_other_kind() -> None:
    assert TIMING.announced("talent", "normal", MONDAY, date(2026, 3, 5)).final == wd(10)


# --- scenario 16


@pytest.mark.parametrize(
    ("submitted_at", "due"),
    [
        (at("2026-02-13", "16:00"), at("2026-02-14", "16:00")),
        (at("2026-11-20", "12:30"), at("2026-11-23", "12:00")),
        (at("2026-12-31", "17:00"), at("2027-01-04", "17:00")),
    ],
)
def test_scenario_16_the_vectors_hold_for_the_first_response_of_a_case(submitted_at: datetime, due: datetime) -> None:
    history = History(a_case(submitted_at=submitted_at))
    assert history.clocks(submitted_at).first_response.due == due


def test_scenario_16_lunch_is_no_working_time() -> None:
    history = submitted(submitted_at=at("2026-03-02", "11:00"))
    before, after = (history.clocks(at("2026-03-02", clock)).first_response.remaining for clock in ("12:00", "13:30"))
    assert before == after == DAY - timedelta(hours=1)


moments = st.timedeltas(timedelta(), timedelta(days=40)).map(lambda later: MONDAY + later)


@given(st.lists(moments, min_size=1, max_size=9, unique=True), st.sampled_from([S.NEED_INFO, S.ANSWERED, S.PUBLISHED]))
def test_scenario_16_pausing_adds_exactly_the_hold_time(turns: list[datetime], waiting: CaseState) -> None:
    """However often and whenever it waits, the final date moves by the working time it waited, and by nothing else."""
    history, hold = submitted("carrier"), NO_TIME
    unpaused = history.clocks(MONDAY).final.due
    turns = sorted(turns)
    for place, (turn, following) in enumerate(pairwise([*turns, wd(120)])):
        paused = place % 2 == 0
        history.then(turn, "ask" if paused else "reply", waiting if paused else S.IN_PROGRESS)
        hold += CALENDAR.between(turn, following) if paused else NO_TIME
    clock = history.clocks(wd(120)).final
    assert clock.hold == hold
    assert CALENDAR.between(unpaused, clock.due) == hold
    assert clock.paused is (len(turns) % 2 == 1)


def test_a_case_is_paused_over_a_weekend_without_gaining_by_it() -> None:
    history = working("talent")
    history.then(at("2026-03-06", "17:00"), "ask", S.NEED_INFO, public=True)
    history.then(at("2026-03-09", "09:30"), "reply", S.IN_PROGRESS, by="person", public=True)
    clock = history.clocks(at("2026-03-09", "10:00")).final
    assert clock.hold == timedelta(hours=1)
    assert clock.due == at("2026-03-16", "11:00")


def test_a_paused_clock_stands_still() -> None:
    history = working("talent").then(wd(4), "ask", S.NEED_INFO, public=True)
    early, late = (history.clocks(wd(days)).final for days in (4.1, 50))
    assert early.paused
    assert late.paused
    assert early.remaining == late.remaining == 6 * DAY
    assert not late.breached
    assert late.due == wd(56)


def test_waiting_does_not_undo_a_breach() -> None:
    history = working("talent").then(wd(11), "ask", S.NEED_INFO, public=True)
    for days in (11, 12, 30):
        clock = history.clocks(wd(days)).final
        assert clock.breached
        assert clock.remaining == -DAY


def test_a_question_asked_on_the_last_minute_is_no_breach_at_any_hour() -> None:
    history = working("talent").then(wd(10), "ask", S.NEED_INFO, public=True)
    for hours in range(60):
        assert not history.clocks(wd(10) + timedelta(hours=hours)).final.breached


def test_docking_does_not_pause() -> None:
    history = working().then(wd(3), "dock", S.DOCKING, public=True)
    clock = history.clocks(wd(20)).final
    assert not clock.paused
    assert clock.due == wd(60)


def test_being_published_pauses_until_somebody_responds() -> None:
    history = working().then(wd(3), "publish", S.PUBLISHED, public=True)
    assert history.clocks(wd(10)).final.paused
    history.then(wd(23), "response", S.DOCKING, public=True)
    clock = history.clocks(wd(30)).final
    assert clock.hold == 20 * DAY
    assert clock.due == wd(80)


def test_two_waits_in_a_row_are_one_pause() -> None:
    history = working("talent").then(wd(9), "publish", S.PUBLISHED, public=True).then(wd(20), "answer", S.ANSWERED)
    clock = history.clocks(wd(22)).final
    assert clock.hold == 13 * DAY
    assert clock.remaining == DAY
    assert not clock.breached


# --- first response and sign-off; scenario 15


@pytest.mark.parametrize(
    ("action", "to"),
    [
        ("accept", S.ACCEPTED),
        ("reject", S.REJECTED),
        ("ask", S.NEED_INFO),
        ("route", S.ROUTED),
        ("withdraw", S.WITHDRAWN),
        ("merge", S.MERGED),
    ],
)
def test_the_first_response_is_met_by_whatever_moves_the_case(action: str, to: CaseState) -> None:
    history = submitted().then(wd(0.5), action, to, public=True)
    clock = history.clocks(wd(7)).first_response
    assert clock.met_at == wd(0.5)
    assert not clock.breached
    assert not clock.running


def test_assigning_or_noting_is_no_response() -> None:
    history = submitted().then(wd(0.2), "assign", S.SUBMITTED).then(wd(0.3), "note")
    clock = history.clocks(wd(1.5)).first_response
    assert clock.running
    assert clock.breached


def test_scenario_15_a_bounce_sets_no_clock_back() -> None:
    history = submitted().then(wd(0.5), "route", S.ROUTED, public=True)
    before = history.clocks(wd(1.2))
    history.then(wd(1.2), "bounce", S.SUBMITTED)
    after = history.clocks(wd(1.2))
    assert after.final.due == before.final.due == wd(60)
    assert after.first_response.met_at == wd(0.5)
    history.then(wd(1.4), "route", S.ROUTED, public=True).then(wd(1.8), "bounce", S.SUBMITTED)
    history.then(wd(2), "adjudicate", S.ROUTED, public=True)
    last = history.clocks(wd(2.5))
    assert last.final.due == wd(60)
    assert last.first_response.met_at == wd(0.5)
    assert last.sign_off.started == wd(2)


def test_the_sign_off_runs_from_the_routing_and_is_met_by_signing() -> None:
    history = submitted("policy_help").then(wd(0.5), "route", S.ROUTED, public=True)
    clock = history.clocks(wd(0.75)).sign_off
    assert clock.due == wd(1)
    assert clock.running
    assert history.clocks(wd(1.1)).sign_off.breached
    history.then(wd(0.9), "sign", S.IN_PROGRESS)
    assert history.clocks(wd(3)).sign_off.met_at == wd(0.9)


def test_another_team_by_adjudication_gets_its_own_time_to_sign() -> None:
    history = submitted().then(wd(1), "route", S.ROUTED, public=True).then(wd(3), "adjudicate", S.ROUTED, public=True)
    assert history.clocks(wd(3.5)).sign_off.due == wd(4)


def test_an_event_that_leaves_the_case_routed_gives_no_new_time_to_sign() -> None:
    history = submitted().then(wd(1), "route", S.ROUTED, public=True).then(wd(3), "assign", S.ROUTED)
    assert history.clocks(wd(3.5)).sign_off.due == wd(2)


def test_a_case_that_was_never_routed_has_no_sign_off() -> None:
    assert working().clocks(wd(3)).sign_off is None


# --- candidates


def test_the_first_candidates_of_a_technology_need_have_a_clock_of_their_own() -> None:
    history = working()
    assert history.clocks(wd(3)).candidates.due == wd(10)
    history.then(wd(9), "dock", S.DOCKING, public=True).then(wd(12), "undock", S.IN_PROGRESS)
    clock = history.clocks(wd(15)).candidates
    assert clock.met_at == wd(9)
    assert not clock.breached
    assert working("talent").clocks(wd(3)).candidates is None


def test_waiting_before_the_first_candidate_puts_its_date_off() -> None:
    history = working().then(wd(2), "ask", S.NEED_INFO).then(wd(6), "reply", S.IN_PROGRESS, by="person")
    history.then(wd(8), "dock", S.DOCKING).then(wd(9), "publish", S.PUBLISHED)
    clock = history.clocks(wd(30)).candidates
    assert clock.due == wd(14)
    assert clock.hold == 4 * DAY


# --- the end, extension, reopening


@pytest.mark.parametrize(
    ("action", "to"), [("confirm", S.CLOSED), ("withdraw", S.WITHDRAWN), ("merge", S.MERGED), ("timeout", S.WITHDRAWN)]
)
def test_the_clocks_stop_when_a_case_ends(action: str, to: CaseState) -> None:
    history = working().then(wd(8), action, to, public=True)
    clocks = history.clocks(wd(500))
    assert clocks.final.met_at == wd(8)
    assert not clocks.final.breached
    assert clocks.progress is clocks.need_info is clocks.confirm is None


def test_the_time_to_confirm_is_not_the_teams() -> None:
    history = working("talent").then(wd(10), "answer", S.ANSWERED, public=True).then(wd(15), "confirm", S.CLOSED)
    clock = history.clocks(wd(16)).final
    assert not clock.breached
    assert clock.remaining == NO_TIME


def test_a_late_answer_stays_late_when_it_is_confirmed() -> None:
    history = working("talent").then(wd(11), "answer", S.ANSWERED, public=True).then(wd(12), "confirm", S.CLOSED)
    assert history.clocks(wd(20)).final.breached


def test_an_answer_that_does_not_satisfy_lets_the_final_clock_go_on() -> None:
    history = working("talent").then(wd(8), "answer", S.ANSWERED, public=True)
    history.then(wd(12), "dissatisfied", S.IN_PROGRESS, by="person", public=True)
    clock = history.clocks(wd(13)).final
    assert clock.due == wd(14)
    assert clock.remaining == DAY


def test_an_extension_is_the_new_final_date() -> None:
    history = working("talent").then(wd(7), "extend", public=True)
    clock = history.clocks(wd(12), due_override=wd(20)).final
    assert clock.due == wd(20)
    assert not clock.breached
    assert history.clocks(wd(21), due_override=wd(20)).final.breached


def test_waiting_after_an_extension_puts_the_new_date_off_and_waiting_before_it_does_not() -> None:
    history = working("talent").then(wd(2), "ask", S.NEED_INFO).then(wd(5), "reply", S.IN_PROGRESS, by="person")
    history.then(wd(7), "extend", public=True)
    assert history.clocks(wd(8), due_override=wd(20)).final.due == wd(20)
    history.then(wd(9), "ask", S.NEED_INFO).then(wd(11), "reply", S.IN_PROGRESS, by="person")
    assert history.clocks(wd(12), due_override=wd(20)).final.due == wd(22)


def test_an_extension_granted_while_the_case_waits_counts_the_rest_of_the_wait() -> None:
    history = working("talent").then(wd(2), "ask", S.NEED_INFO).then(wd(4), "extend", public=True)
    history.then(wd(5), "reply", S.IN_PROGRESS, by="person")
    assert history.clocks(wd(6), due_override=wd(20)).final.due == wd(21)


def test_an_extension_to_the_end_of_a_day_out_of_hours_is_kept_to_the_minute() -> None:
    history = working("talent").then(wd(7), "extend", public=True)
    midnight = at("2026-03-31", "23:59")
    assert history.clocks(wd(8), due_override=midnight).final.due == midnight


def test_a_part_of_a_split_case_keeps_the_day_of_submission_and_the_date_that_was_granted() -> None:
    part = History(a_case("talent"), begins=False).then(wd(12), "split", S.IN_PROGRESS, public=True)
    part.then(wd(13), "ask", S.NEED_INFO).then(wd(15), "reply", S.IN_PROGRESS, by="person", public=True)
    clocks = part.clocks(wd(16), due_override=wd(20))
    assert clocks.final.started == MONDAY
    assert clocks.final.due == wd(22)
    assert clocks.progress.due == wd(20)
    assert clocks.first_response is None
    assert part.clocks(wd(16)).final.due == wd(12)


def test_splitting_a_case_gives_it_no_new_date() -> None:
    history = working("talent").then(wd(5), "extend", public=True)
    history.then(wd(6), "ask", S.NEED_INFO).then(wd(8), "reply", S.IN_PROGRESS, by="person").then(wd(9), "split")
    assert history.clocks(wd(10), due_override=wd(20)).final.due == wd(22)


def test_reopening_begins_a_new_final_clock() -> None:
    history = working("talent").then(wd(4), "answer", S.ANSWERED).then(wd(5), "confirm", S.CLOSED)
    history.then(wd(15), "reopen", S.IN_PROGRESS, by="person", public=True)
    clocks = history.clocks(wd(16))
    assert clocks.final.started == wd(15)
    assert clocks.final.due == wd(25)
    assert clocks.final.hold == NO_TIME
    assert clocks.first_response.met_at == at("2026-03-02", "11:00")


def test_a_rejected_need_that_is_reopened_waits_for_a_response_again() -> None:
    history = submitted().then(wd(0.5), "reject", S.REJECTED).then(wd(5), "reopen", S.SUBMITTED, by="person")
    clock = history.clocks(wd(5.5)).first_response
    assert clock.due == wd(6)
    assert clock.running


def test_an_extension_does_not_outlive_a_reopening() -> None:
    history = working("talent").then(wd(7), "extend").then(wd(8), "answer", S.ANSWERED).then(wd(9), "confirm", S.CLOSED)
    history.then(wd(30), "reopen", S.IN_PROGRESS, by="person", public=True)
    assert history.clocks(wd(31), due_override=wd(20)).final.due == wd(40)


def test_another_kind_has_its_own_targets_from_the_same_submission() -> None:
    history = working("other").then(wd(3), "rekind", public=True)
    assert history.clocks(wd(4), kind="policy_help").final.due == wd(3)


# --- progress, waiting for the enterprise, alerts


def test_something_must_be_shown_from_time_to_time() -> None:
    history = working("talent")
    started = at("2026-03-02", "14:00")
    assert history.clocks(wd(2)).progress.due == wd(5, started)
    history.then(wd(3), "note", public=True)
    assert history.clocks(wd(4)).progress.due == wd(8)
    history.then(wd(6), "dock", S.DOCKING)
    assert history.clocks(wd(7)).progress.due == wd(11)


@pytest.mark.parametrize(("action", "by", "public"), [("note", "staff", False), ("urge", "person", True)])
def test_what_the_enterprise_cannot_see_or_does_itself_is_no_progress(action: str, by: str, public: bool) -> None:
    history = working("talent").then(wd(3), action, by=by, public=public)
    assert history.clocks(wd(4)).progress.started == at("2026-03-02", "14:00")


def test_the_progress_clock_begins_anew_after_the_enterprise_replied() -> None:
    history = working("talent").then(wd(3), "ask", S.NEED_INFO, public=True)
    assert history.clocks(wd(4)).progress is None
    history.then(wd(8), "reply", S.IN_PROGRESS, by="person", public=True)
    assert history.clocks(wd(9)).progress.due == wd(13)


def test_the_enterprise_has_ten_working_days_to_reply_and_is_reminded_twice() -> None:
    history = submitted().then(wd(1), "ask", S.NEED_INFO, public=True)
    clock = history.clocks(wd(2)).need_info
    assert clock.due == wd(11)
    assert TIMING.reminders(clock.started) == (wd(6), wd(10))
    history.then(wd(3), "reply", S.SUBMITTED, by="person", public=True)
    assert history.clocks(wd(4)).need_info is None


def test_the_enterprise_has_five_working_days_to_confirm() -> None:
    history = working().then(wd(4), "answer", S.ANSWERED, public=True)
    assert history.clocks(wd(5)).confirm.due == wd(9)


@pytest.mark.parametrize(
    ("used", "warned", "breached", "escalated"),
    [
        (7.9, False, False, False),
        (8, True, False, False),
        (10, True, False, False),
        (10.01, True, True, False),
        (12, True, True, True),
    ],
)
def test_a_clock_warns_at_80_percent_and_escalates_two_days_late(
    used: float, warned: bool, breached: bool, escalated: bool
) -> None:
    clock: Clock = working("talent").clocks(wd(used)).final
    assert (clock.warned, clock.breached, clock.escalated) == (warned, breached, escalated)
    assert clock.remaining == CALENDAR.between(wd(used), wd(10))


# --- on read


def test_an_edit_of_the_calendar_recomputes_every_clock() -> None:
    """A working week becomes a holiday, and the Saturday before it is worked: nothing stored has to change."""
    holiday = {f"d2026_03_{day:02}": False for day in range(9, 14)}
    history = working("talent").then(wd(2), "ask", S.NEED_INFO).then(wd(6), "reply", S.IN_PROGRESS, by="person")
    before, after = (
        history.clocks(at("2026-03-16", "10:00"), timing).final
        for timing in (TIMING, with_calendar(d2026_03_07=True, **holiday))
    )
    assert before.hold == 4 * DAY
    assert after.hold == timedelta(hours=6 + 7 + 7 + 7)
    assert after.due == at("2026-03-25", "17:30")
    assert before.due == at("2026-03-20", "10:00")


STEPS = [
    ("accept", S.ACCEPTED), ("ask", S.NEED_INFO), ("reply", S.IN_PROGRESS), ("route", S.ROUTED),
    ("sign", S.IN_PROGRESS), ("bounce", S.SUBMITTED), ("dock", S.DOCKING), ("publish", S.PUBLISHED),
    ("answer", S.ANSWERED), ("confirm", S.CLOSED), ("reopen", S.IN_PROGRESS), ("merge", S.MERGED),
]  # fmt: skip


@given(st.lists(st.tuples(moments, st.sampled_from(STEPS)), max_size=12), moments)
def test_any_history_has_clocks_that_hang_together(
    steps: list[tuple[datetime, tuple[str, CaseState]]], now: datetime
) -> None:
    history = submitted("technology")
    for when, (action, to) in sorted(steps):
        history.then(when, action, to, public=True)
    now = max([now, *(when for when, _ in steps)])
    clocks = history.clocks(now)
    assert clocks.first_response is not None
    for clock in (getattr(clocks, name) for name in type(clocks).__slots__):
        if clock is not None:
            assert clock.hold >= NO_TIME
            assert clock.started <= now
            assert not (clock.escalated and not clock.breached)
            assert not (clock.breached and clock.remaining > NO_TIME)
            assert clock.met_at is None or not clock.paused
