"""Weeks, months, quarters, years and days of one's own, and what each is compared with."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from intake.statistics_periods import KINDS, MOST_DAYS, PeriodError, Span, own_period, parts_of, period_of

TODAY = date(2026, 3, 9)


def days(first: str, last: str) -> Span:
    return Span(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("kind", "day", "whole", "before"),
    [
        ("week", "2026-03-04", ("2026-03-02", "2026-03-08"), ("2026-02-23", "2026-03-01")),
        ("month", "2026-02-11", ("2026-02-01", "2026-02-28"), ("2026-01-01", "2026-01-31")),
        ("quarter", "2025-12-31", ("2025-10-01", "2025-12-31"), ("2025-07-01", "2025-09-30")),
        ("year", "2025-06-30", ("2025-01-01", "2025-12-31"), ("2024-01-01", "2024-12-31")),
    ],
)
def test_a_period_that_is_over_is_compared_with_the_whole_one_before(
    kind: str, day: str, whole: tuple[str, str], before: tuple[str, str]
) -> None:
    period = period_of(kind, date.fromisoformat(day), TODAY)  # type: ignore[arg-type]
    assert (period.whole, period.span, period.before) == (days(*whole), days(*whole), days(*before))
    assert not period.running


def test_a_period_that_is_not_over_is_compared_with_as_many_days() -> None:
    period = period_of("month", TODAY, TODAY)
    assert (period.span, period.before) == (days("2026-03-01", "2026-03-09"), days("2026-02-01", "2026-02-09"))
    assert period.running
    late = period_of("month", date(2026, 3, 30), date(2026, 3, 30))
    assert late.before == days("2026-02-01", "2026-02-28")  # February has no thirtieth


def test_days_of_one_s_own_are_compared_with_as_many_days_before_them() -> None:
    period = own_period(date(2026, 2, 10), date(2026, 2, 19), TODAY)
    assert (period.span, period.before) == (days("2026-02-10", "2026-02-19"), days("2026-01-31", "2026-02-09"))
    cut = own_period(date(2026, 3, 5), date(2026, 3, 31), TODAY)
    assert (cut.span, cut.before) == (days("2026-03-05", "2026-03-09"), days("2026-02-28", "2026-03-04"))


@pytest.mark.parametrize(
    ("first", "last", "key"),
    [
        (None, date(2026, 3, 1), "missing"),
        (date(2026, 3, 1), None, "missing"),
        (date(2026, 3, 2), date(2026, 3, 1), "order"),
        (date(2026, 3, 10), date(2026, 3, 20), "future"),
        (date(1999, 3, 1), date(1999, 3, 2), "too_early"),
        (TODAY - timedelta(days=MOST_DAYS), TODAY, "too_long"),
    ],
)
def test_days_that_make_no_period_are_refused(first: date | None, last: date | None, key: str) -> None:
    with pytest.raises(PeriodError) as refused:
        own_period(first, last, TODAY)
    assert refused.value.key == key


def test_what_is_still_to_come_and_what_is_too_long_ago_is_refused() -> None:
    for day, key in (
        (date(2027, 4, 1), "future"),
        (date(1999, 6, 30), "too_early"),
        (date.min, "too_early"),
        (date.max, "future"),
    ):
        for kind in KINDS[:-1]:
            with pytest.raises(PeriodError) as refused:
                period_of(kind, day, TODAY)
            assert refused.value.key == key


def test_the_longest_stretch_is_taken() -> None:
    assert own_period(TODAY - timedelta(days=MOST_DAYS - 1), TODAY, TODAY).span.days == MOST_DAYS


@pytest.mark.parametrize(
    ("span", "count", "second"),
    [
        (("2026-03-01", "2026-03-31"), 31, ("2026-03-02", "2026-03-02")),
        (("2026-01-01", "2026-03-31"), 14, ("2026-01-05", "2026-01-11")),
        (("2025-01-15", "2025-12-31"), 12, ("2025-02-01", "2025-02-28")),
    ],
)
def test_a_span_falls_into_days_weeks_or_months_without_a_gap(
    span: tuple[str, str], count: int, second: tuple[str, str]
) -> None:
    found = list(parts_of(days(*span)))
    assert (len(found), found[1]) == (count, days(*second))
    assert (found[0].first, found[-1].last) == (days(*span).first, days(*span).last)
    assert all(one.last + timedelta(days=1) == other.first for one, other in pairwise(found))
