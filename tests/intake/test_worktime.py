"""Working time in Qingdao: the vectors of the design to the minute, and reckoning that loses and gains nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.worktime import SHANGHAI, CalendarError, Interval, WorkCalendar, load_calendar

CALENDAR = load_calendar()
HOUR = timedelta(hours=1)

work = st.timedeltas(timedelta(microseconds=1), timedelta(hours=1500))


def at(day: str, clock: str = "00:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}+08:00")


moments = st.timedeltas(timedelta(), timedelta(days=7 * 365)).map(lambda since: at("2024-01-01") + since)


def written(folder: Path, text: str) -> Path:
    file = folder / "calendar.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("begun", "due"),
    [
        (at("2026-02-13", "16:00"), at("2026-02-14", "16:00")),
        (at("2026-11-20", "12:30"), at("2026-11-23", "12:00")),
        (at("2026-12-31", "17:00"), at("2027-01-04", "17:00")),
    ],
    ids=["into a make-up Saturday", "from lunch over a weekend", "over New Year into a year not yet published"],
)
def test_the_vectors_of_the_design_hold(begun: datetime, due: datetime) -> None:
    assert CALENDAR.add(begun, 7 * HOUR) == due


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-02-14", True),  # 调休补班, a Saturday
        ("2026-02-28", True),
        ("2026-02-17", False),  # 春节
        ("2026-02-23", False),  # the Monday that the 28th makes up for
        ("2026-10-10", True),
        ("2026-03-03", True),
        ("2026-03-07", False),
        ("2027-01-01", False),  # by rule, before the year's notice
        ("2027-02-08", False),
    ],
)
def test_holidays_and_make_up_days_are_known(day: str, works: bool) -> None:
    assert CALENDAR.is_workday(date.fromisoformat(day)) is works


def test_a_day_has_seven_working_hours_with_lunch_between() -> None:
    assert CALENDAR.day == 7 * HOUR
    assert CALENDAR.between(at("2026-03-03"), at("2026-03-04")) == 7 * HOUR
    assert CALENDAR.between(at("2026-03-03", "12:00"), at("2026-03-03", "13:30")) == timedelta()
    assert CALENDAR.add(at("2026-03-03", "11:30"), HOUR) == at("2026-03-03", "14:00")


@pytest.mark.parametrize(
    ("begun", "days", "due"),
    [
        (at("2026-03-02", "10:00"), 1, at("2026-03-03", "10:00")),
        (at("2026-03-02", "10:00"), 0.5, at("2026-03-02", "15:00")),
        (at("2026-03-02", "09:00"), 1, at("2026-03-02", "17:30")),
        (at("2026-03-06", "16:00"), 1, at("2026-03-09", "16:00")),
        (at("2026-03-07", "16:00"), 1, at("2026-03-09", "17:30")),
        (at("2026-03-05", "10:00"), -3, at("2026-03-02", "10:00")),
    ],
)
def test_a_working_day_is_the_working_hours_of_a_day(begun: datetime, days: float, due: datetime) -> None:
    assert CALENDAR.add_days(begun, days) == due


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (at("2026-03-03", "10:17"), at("2026-03-03", "10:17")),
        (at("2026-03-03", "08:00"), at("2026-03-03", "09:00")),
        (at("2026-03-03", "12:10"), at("2026-03-03", "13:30")),
        (at("2026-03-03", "17:31"), at("2026-03-04", "09:00")),
        (at("2026-02-14", "18:00"), at("2026-02-24", "09:00")),  # before 春节
        (at("2026-03-03", "17:30"), at("2026-03-03", "17:30")),  # the ends count
    ],
)
def test_what_comes_outside_working_hours_waits_for_the_next_opening(moment: datetime, opens: datetime) -> None:
    assert CALENDAR.opens(moment) == opens
    assert CALENDAR.add(moment, timedelta()) == opens
    assert CALENDAR.is_working(moment) is (moment == opens)


@pytest.mark.parametrize(
    ("day", "closing"), [("2026-03-03", "2026-03-03"), ("2026-03-08", "2026-03-06"), ("2026-02-22", "2026-02-14")]
)
def test_what_is_due_on_a_day_is_due_at_the_end_of_its_work_or_of_the_last_workday_before(
    day: str, closing: str
) -> None:
    assert CALENDAR.closing(date.fromisoformat(day)) == at(closing, "17:30")


def test_a_moment_in_another_zone_is_the_same_moment() -> None:
    assert CALENDAR.add(datetime(2026, 2, 13, 8, tzinfo=UTC), 7 * HOUR) == at("2026-02-14", "16:00")
    assert CALENDAR.add(datetime(2026, 2, 13, 8, tzinfo=UTC), 7 * HOUR).tzinfo is SHANGHAI


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        CALENDAR.add(datetime(2026, 3, 3, 10), HOUR)  # noqa: DTZ001  # the point of the test


@given(moments, work)
def test_the_time_worked_until_a_deadline_is_the_time_that_was_given(moment: datetime, given_time: timedelta) -> None:
    assert CALENDAR.between(moment, CALENDAR.add(moment, given_time)) == given_time
    assert CALENDAR.between(moment, CALENDAR.add(moment, -given_time)) == -given_time


@given(moments, work, work)
def test_adding_twice_is_adding_once(moment: datetime, first: timedelta, then: timedelta) -> None:
    assert CALENDAR.add(CALENDAR.add(moment, first), then) == CALENDAR.add(moment, first + then)


@given(moments, work, work)
def test_more_work_is_never_due_sooner(moment: datetime, less: timedelta, more: timedelta) -> None:
    assert CALENDAR.add(moment, less) < CALENDAR.add(moment, less + more)


@given(moments, moments, work)
def test_what_begins_later_is_never_due_sooner(one: datetime, other: datetime, given_time: timedelta) -> None:
    earlier, later = sorted((one, other))
    assert CALENDAR.add(earlier, given_time) <= CALENDAR.add(later, given_time)


@given(moments, work)
def test_a_deadline_lies_in_working_hours(moment: datetime, given_time: timedelta) -> None:
    for due in (CALENDAR.add(moment, given_time), CALENDAR.add(moment, -given_time), CALENDAR.opens(moment)):
        assert CALENDAR.is_working(due)
        assert CALENDAR.is_workday(due.date())
        assert not time(12) < due.time() < time(13, 30)


@given(moments, moments, moments)
def test_working_time_adds_up(a: datetime, b: datetime, c: datetime) -> None:
    assert CALENDAR.between(a, b) + CALENDAR.between(b, c) == CALENDAR.between(a, c)
    assert CALENDAR.between(a, b) == -CALENDAR.between(b, a)


@given(st.dates(date(2025, 12, 1), date(2027, 3, 1)), st.integers(0, 60))
def test_days_counted_one_by_one_agree(begun: date, days: int) -> None:
    """The same by the slowest means: walk from day to day."""
    walked, left = begun, days
    while left:
        walked += timedelta(days=1)
        left -= CALENDAR.is_workday(walked)
    noon = datetime(begun.year, begun.month, begun.day, 18, tzinfo=SHANGHAI)
    expected = sum(CALENDAR.is_workday(begun + timedelta(days=n + 1)) for n in range((walked - begun).days))
    until = datetime(walked.year, walked.month, walked.day, 18, tzinfo=SHANGHAI)
    assert expected == days
    assert CALENDAR.between(noon, until) == days * 7 * HOUR
    if days:
        assert CALENDAR.add_days(noon, days) == until.replace(hour=17, minute=30)


@given(
    st.dictionaries(st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.booleans(), max_size=40),
    moments,
    work,
)
def test_any_exceptions_keep_the_reckoning_whole(
    exceptions: dict[date, bool], moment: datetime, given_time: timedelta
) -> None:
    odd = WorkCalendar(CALENDAR.hours, exceptions, 2026)
    due = odd.add(moment, given_time)
    assert odd.between(moment, due) == given_time
    assert odd.is_working(due)


def test_published_years_are_told_from_years_reckoned_by_rule() -> None:
    assert CALENDAR.known_until >= 2026
    assert CALENDAR.certain(at("2026-12-31", "23:59"))
    assert not CALENDAR.certain(at(f"{CALENDAR.known_until + 1}-01-01"))


def test_an_admins_file_adds_days_and_says_up_to_when_they_are_known(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "known_until = 2027\n[[days]]\nday = 2027-02-20\nworks = true\n[[days]]\nday = 2026-03-03\nworks = false\n",
    )
    changed = load_calendar(file)
    assert changed.is_workday(date(2027, 2, 20))
    assert changed.add(at("2026-03-02", "16:00"), 7 * HOUR) == at("2026-03-04", "16:00")
    assert changed.is_workday(date(2026, 2, 14))
    assert changed.certain(at("2027-12-31"))


def test_an_admins_hours_replace_the_shipped_ones(tmp_path: Path) -> None:
    file = written(tmp_path, "[[hours]]\nopens = 08:30:00\ncloses = 11:30:00\n")
    assert load_calendar(file).day == 3 * HOUR
    assert load_calendar(file).opens(at("2026-03-03", "12:00")) == at("2026-03-04", "08:30")


def test_an_admins_file_that_is_not_there_changes_nothing(tmp_path: Path) -> None:
    assert load_calendar(tmp_path / "none.toml").day == CALENDAR.day


@pytest.mark.parametrize(
    "text",
    [
        "[[days]]\nday = 2027-02-20\n",
        '[[days]]\nday = "someday"\nworks = true\n',
        "[[hours]]\nopens = 09:00:00\ncloses = 12:00:00\n[[hours]]\nopens = 11:00:00\ncloses = 17:00:00\n",
        "hours = [",
        "holiday = 2027-02-20\n",
    ],
    ids=["a day without works", "no date", "overlapping hours", "no TOML", "an unknown word"],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(CalendarError, match=r"calendar\.toml"):
        load_calendar(written(tmp_path, text))


def test_hours_may_lie_in_one_interval() -> None:
    through = WorkCalendar([Interval(opens=time(9), closes=time(17))], {}, 2026)
    assert through.add_days(at("2026-03-02", "10:00"), 1) == at("2026-03-03", "10:00")
