"""The words of CORPUS_REFRESH and the moments they mean."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SHANGHAI
from bot.refresh_schedule import DAYS, Schedule, ScheduleError, read_schedule

TIMES = st.times().map(lambda t: t.replace(second=0, microsecond=0, tzinfo=None))
SCHEDULES = st.one_of(
    st.just(Schedule()), st.builds(Schedule, TIMES), st.builds(Schedule, TIMES, st.integers(0, len(DAYS) - 1))
)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # given a zone


def here(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("words", "after"),
    [
        ("hourly", "2026-03-02 11:00"),
        (" Daily   03:00 ", "2026-03-03 03:00"),
        ("daily 10:00", "2026-03-03 10:00"),
        ("daily 10:01", "2026-03-02 10:01"),
        ("weekly mon 09:00", "2026-03-09 09:00"),
        ("weekly sun 23:59", "2026-03-08 23:59"),
    ],
)
def test_each_schedule_has_its_next_moment(words: str, after: str) -> None:
    schedule = read_schedule(words)
    assert schedule is not None
    assert schedule.next_after(here("2026-03-02 10:00")) == here(after)


@pytest.mark.parametrize(
    "words",
    ["often", "daily", "daily 3:00", "daily 24:00", "weekly 03:00", "weekly xx 03:00", "hourly 5", "daily ０3:00"],
)
def test_other_words_are_refused(words: str) -> None:
    with pytest.raises(ScheduleError):
        read_schedule(words)


def test_no_words_are_no_schedule() -> None:
    assert (read_schedule(""), read_schedule("  ")) == (None, None)


@given(SCHEDULES)
def test_a_schedule_is_read_from_its_own_words(schedule: Schedule) -> None:
    assert read_schedule(str(schedule)) == schedule


@given(SCHEDULES, MOMENTS)
def test_the_next_moment_comes_after_and_within_one_turn(schedule: Schedule, moment: datetime) -> None:
    turn = timedelta(hours=1) if schedule.at is None else timedelta(days=1 if schedule.weekday is None else 7)
    after = schedule.next_after(moment)
    assert moment < after <= moment + turn
    assert schedule.next_after(after) == after + turn


@given(st.text(max_size=20))
def test_whatever_is_written_is_read_or_refused(words: str) -> None:
    with suppress(ScheduleError):
        schedule = read_schedule(words)
        assert schedule is None or str(schedule) == " ".join(words.split()).lower()
