"""Every figure of the queue equals a hand count, on both databases. The calendar: 7 working hours a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from intake.cases import Case
from intake.formbook import Formbook
from intake.parties import CandidateStatus
from intake.reference import Reference
from intake.statistics import Counted, Figures, Share, by_district, by_kind, by_team, docking_figures, figures_by, parts
from intake.statistics_ledger import Ledger
from intake.statistics_periods import Period, period_of
from intake.worktime import SHANGHAI
from tests.support.needs import given
from tests.support.office import ANSWER, Office, a_case

HOUR = timedelta(hours=1)
WORDS = "方案不能连续运行"


def at(day: str, clock: str = "10:00") -> datetime:
    return datetime.fromisoformat(f"2026-{day}T{clock}").replace(tzinfo=SHANGHAI)


@pytest.fixture
def office(engine: Engine, book: Formbook) -> Office:
    return Office(engine, book, at("02-03"))


class Diary:
    """Cases by letter, and what is done to them when."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.cases: dict[str, Case] = {}

    def submit(self, name: str, when: datetime, kind: str = "technology", **answers: str) -> None:
        self.office.set_now(when)
        self.cases[name] = self.office.submit(f"owner-{name}", kind, **answers)

    def act(self, when: datetime, who: str, name: str, action: str, **values: object) -> None:
        self.office.set_now(when)
        self.office.act(f"owner-{name}" if who == "owner" else who, self.cases[name], action, **values)

    def rows(self, period: Period) -> list[Counted]:
        stored = [self.office.stored(case) for case in self.cases.values()]
        return Ledger(self.office.engine, self.office.timing, lambda: self.office.now).rows(stored, period.before.start)


@pytest.fixture
def diary(office: Office) -> Diary:
    """February: A is answered well. March: B is done again, C is bounced and signed late, D waits two days for a
    response, E was never looked at, A is opened again. It is Monday 9 March, 10:00."""
    told = Diary(office)
    told.submit("A", at("02-03"))
    told.act(at("02-03", "12:00"), "li", "A", "accept")
    told.act(at("02-03", "14:00"), "sun", "A", "assign", staff="zhao")
    told.act(at("02-03", "14:00"), "zhao", "A", "start")
    told.act(at("02-04"), "zhao", "A", "answer", **ANSWER)
    told.act(at("02-05"), "owner", "A", "confirm", score=5)
    for name in ("B", "C", "D"):
        told.submit(name, at("03-02"))
    told.act(at("03-02", "11:00"), "li", "B", "accept")
    told.act(at("03-02", "11:00"), "sun", "B", "assign", staff="zhao")
    told.act(at("03-02", "11:30"), "zhao", "B", "start")
    told.act(at("03-02", "14:30"), "li", "C", "route", team="laoshan")
    told.act(at("03-03"), "sun", "C", "bounce", reason="wrong_task", text="不属本团队职能")
    told.act(at("03-03"), "zhao", "B", "ask", steps=["key_indicators"], text="请补充指标。")
    told.act(at("03-03", "11:00"), "li", "C", "route", team="city")
    told.act(at("03-03", "12:00"), "owner", "B", "reply", answers={"key_indicators": given("压力 2 MPa")})
    told.act(at("03-04"), "li", "D", "accept")
    told.act(at("03-04"), "zhao", "B", "answer", **ANSWER)
    told.act(at("03-04", "12:00"), "owner", "B", "dissatisfied", text=WORDS)
    told.act(at("03-04", "14:30"), "zhao", "B", "answer", **ANSWER)
    told.act(at("03-04", "15:00"), "zhou", "C", "sign")
    told.submit("E", at("03-05"), "talent")
    told.act(at("03-05"), "owner", "B", "confirm", score=3)
    told.act(at("03-06"), "owner", "A", "reopen", text=WORDS)
    office.set_now(at("03-09"))
    return told


@pytest.fixture
def march() -> Period:
    return period_of("month", date(2026, 3, 9), date(2026, 3, 9))


def counted(diary: Diary, period: Period, now: datetime | None = None) -> tuple[Figures, Figures, dict[str, Figures]]:
    rows, calendar = diary.rows(period), diary.office.timing.calendar
    this, groups = figures_by(rows, by_team, period.span, now or diary.office.now, calendar)
    return this, figures_by(rows, by_team, period.before, now or diary.office.now, calendar)[0], groups


def test_march_equals_a_hand_count(diary: Diary, march: Period) -> None:
    now, _before, _groups = counted(diary, march)
    assert now == Figures(
        submitted=4,
        closed=1,
        open=4,
        ages={"d3": 1, "d7": 3, "d30": 0, "d90": 0, "older": 0},
        responses=3,
        response_median=3 * HOUR,  # 1, 3 and 14 working hours
        response_p90=14 * HOUR,
        within={
            "first_response": Share(2, 4),  # B and C; D came late, and E's was due on the 6th
            "sign_off": Share(1, 2),  # bounced in time, signed four hours late
            "candidates": Share(1, 1),
            "final": Share(1, 1),
        },
        held=8 * HOUR,  # B: asked 2, answered 2, answered again 3 + 1
        held_cases=1,
        bounced=1,
        answered=2,
        redone=1,
        reopened=1,
        scored=1,
        score=3,
        satisfied=Share(0, 1),
    )
    assert now.redo_rate == 0.5


def test_february_equals_a_hand_count_over_as_many_days(diary: Diary, march: Period) -> None:
    _now, before, _groups = counted(diary, march)
    assert (before.submitted, before.open, before.held, before.held_cases) == (1, 0, 7 * HOUR, 1)
    assert (before.response_median, before.response_p90) == (2 * HOUR, 2 * HOUR)
    assert {name: share.rate for name, share in before.within.items()} == {
        "first_response": 1, "sign_off": None, "candidates": 1, "final": 1,
    }  # fmt: skip
    assert (before.score, before.satisfied, before.redo_rate) == (5, Share(1, 1), 0)
    assert before.closed == 0  # it was closed on the 5th, and is open again


def test_the_numbers_of_the_teams_add_up(diary: Diary, march: Period) -> None:
    now, _before, groups = counted(diary, march)
    assert {team: figures.submitted for team, figures in groups.items()} == {"laoshan": 3, "city": 1}
    assert {team: figures.open for team, figures in groups.items()} == {"laoshan": 3, "city": 1}
    assert groups["city"].within["sign_off"] == Share(1, 2)  # both teams it was routed to: it stands with the last
    assert groups["city"].response_median == 3 * HOUR
    for name in ("submitted", "closed", "open", "responses", "bounced", "redone", "scored", "held"):
        values = [getattr(figures, name) for figures in groups.values()]
        assert sum(values[1:], values[0]) == getattr(now, name), name


def test_kinds_are_set_apart(diary: Diary, march: Period) -> None:
    rows = diary.rows(march)
    groups = figures_by(rows, by_kind, march.span, diary.office.now, diary.office.timing.calendar)[1]
    assert {kind: figures.submitted for kind, figures in groups.items()} == {"technology": 3, "talent": 1}
    assert groups["talent"].response_median is None
    assert groups["talent"].within["first_response"] == Share(0, 1)


def test_a_clock_that_runs_is_missed_once_it_is_due_without_anybody_doing_anything(diary: Diary, march: Period) -> None:
    rows, calendar = diary.rows(march), diary.office.timing.calendar

    def missed(now: datetime) -> Share:
        return figures_by(rows, by_kind, march.span, now, calendar)[1]["talent"].within["first_response"]

    assert missed(at("03-06", "10:00")) == Share(0, 0)
    assert missed(at("03-06", "10:01")) == Share(0, 1)


def test_nothing_is_unknown_but_what_is(office: Office, march: Period) -> None:
    nothing = counted(Diary(office), march, at("03-09"))[0]
    assert (nothing.submitted, nothing.open, nothing.held) == (0, 0, timedelta())
    unknown = (nothing.response_median, nothing.response_p90, nothing.score, nothing.redo_rate, nothing.satisfied.rate)
    assert unknown == (None,) * 5
    assert {share.rate for share in nothing.within.values()} == {None}


def test_submitted_and_ended_stand_on_their_days(diary: Diary, march: Period) -> None:
    found = {part.span.first.day: (part.submitted, part.closed) for part in parts(diary.rows(march), march.span)}
    assert found == {day: {2: (3, 0), 5: (1, 1)}.get(day, (0, 0)) for day in range(1, 10)}


def test_what_happened_since_is_reckoned_again(diary: Diary, march: Period) -> None:
    office = diary.office
    ledger = Ledger(office.engine, office.timing, lambda: office.now)

    def responses() -> int:
        rows = ledger.rows([office.stored(case) for case in diary.cases.values()], march.before.start)
        return figures_by(rows, by_kind, march.span, office.now, office.timing.calendar)[0].responses

    assert responses() == 3
    diary.act(at("03-09"), "li", "E", "accept")
    assert responses() == 4


def test_the_histories_are_read_ahead_some_at_a_time_the_latest_first(diary: Diary, march: Period) -> None:
    office = diary.office
    ledger = Ledger(office.engine, office.timing, lambda: office.now)
    cases = [office.stored(case) for case in diary.cases.values()]
    assert [ledger.catch_up(cases, 3) for _round in range(3)] == [3, 2, 0]
    diary.act(at("03-09"), "li", "E", "accept")
    cases = [office.stored(case) for case in diary.cases.values()]
    assert [ledger.catch_up(cases, 3) for _round in range(2)] == [1, 0]
    assert ledger.rows(cases, march.before.start) == diary.rows(march)


def test_a_date_that_was_granted_in_an_earlier_run_still_holds_for_it(office: Office) -> None:
    """Ten working days from 2 March end on the 16th; until the 31st was granted; answered on the 25th, opened again."""
    told = Diary(office)
    for name in ("granted", "late"):
        told.submit(name, at("03-02"), "talent")
        told.act(at("03-02", "11:00"), "li", name, "accept")
        told.act(at("03-02", "11:00"), "sun", name, "assign", staff="zhao")
        told.act(at("03-02", "11:00"), "zhao", name, "start")
    told.act(at("03-05"), "sun", "granted", "extend", until=date(2026, 3, 31), text="专家三月底才能到")
    for name in ("granted", "late"):
        told.act(at("03-25"), "zhao", name, "answer", **ANSWER)
        told.act(at("03-26"), "owner", name, "confirm")
        told.act(at("03-27"), "owner", name, "reopen", text=WORDS)
    office.set_now(at("03-30"))
    month = period_of("month", date(2026, 3, 30), date(2026, 3, 30))
    judged = {
        row.case.person: [(clock.at.astimezone(SHANGHAI).day, clock.kept) for clock in row.facts.decided(office.now)
                          if clock.clock == "final"]
        for row in told.rows(month)
    }  # fmt: skip
    assert judged == {"owner-granted": [(26, True)], "owner-late": [(16, False)]}
    first = [clock for row in told.rows(month) for clock in row.facts.decided(office.now) if "first" in clock.clock]
    assert len(first) == 2  # work was taken up again: nobody waits for a first response twice


def test_waiting_neither_saves_a_clock_nor_moves_the_day_it_was_missed(office: Office) -> None:
    told = Diary(office)
    told.submit("late", at("03-02"), "talent")
    for who, action, values in (("li", "accept", {}), ("sun", "assign", {"staff": "zhao"}), ("zhao", "start", {})):
        told.act(at("03-02", "11:00"), who, "late", action, **values)
    told.act(at("03-18"), "zhao", "late", "ask", steps=["summary"], text="请补充。")
    office.set_now(at("03-30"))
    month = period_of("month", date(2026, 3, 30), date(2026, 3, 30))
    (row,) = told.rows(month)
    missed = [clock.at.astimezone(SHANGHAI) for clock in row.facts.decided(office.now) if clock.clock == "final"]
    assert missed == [at("03-16")]


def test_docking_is_counted_over_the_cases_accepted_in_the_period(diary: Diary, march: Period) -> None:
    rows = diary.rows(march)
    rates = docking_figures(rows, march.span)
    assert (rates.accepted, rates.proposed, rates.proposal_rate) == (3, 0, 0)  # B, C and D
    assert docking_figures(rows, march.before).accepted == 1
    diary.office.add_candidate(diary.cases["D"])
    diary.act(at("03-09"), "sun", "D", "assign", staff="zhao")
    rates = docking_figures(diary.rows(march), march.span)
    assert (rates.proposed, rates.contacted, rates.contact_rate) == (1, 0, 0)
    tried = [row.facts.docking.reached for row in diary.rows(march) if row.case.id == diary.cases["D"].id]
    assert tried == [list(CandidateStatus).index(CandidateStatus.TO_CONTACT)]


@pytest.mark.parametrize(
    ("district", "zone", "counted_in"),
    [
        ("370212", None, "370212"),
        ("370281", "sco_demo", "370281"),
        (None, "sco_demo", "370281"),
        (None, "other", ""),
        (None, None, ""),
    ],
)
def test_a_zone_s_case_stands_in_its_host_s_numbers(
    reference: Reference, district: str | None, zone: str | None, counted_in: str
) -> None:
    case = replace(a_case(), district=district, zone=zone, team="sco_demo")
    assert by_district(reference)(case) == counted_in
