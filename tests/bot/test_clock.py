"""The clock gives UTC moments and Shanghai dates, and stands still in tests."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.clock import FixedClock, SystemClock


def test_the_date_is_that_of_shanghai() -> None:
    clock = FixedClock(datetime(2026, 12, 31, 16, 0, tzinfo=UTC))
    assert clock.now() == datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
    assert clock.today() == date(2027, 1, 1)
    clock.advance(timedelta(seconds=-1))
    assert clock.today() == date(2026, 12, 31)


def test_a_clock_may_be_set_to_a_day() -> None:
    clock = FixedClock.at(date(2023, 5, 4))
    assert clock.today() == date(2023, 5, 4)
    assert clock.now() == datetime(2023, 5, 4, 4, 0, tzinfo=UTC)


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        FixedClock(datetime(2026, 1, 1))  # noqa: DTZ001  # what is tested


def test_the_systems_clock_is_aware_and_in_utc() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)
