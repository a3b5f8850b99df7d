"""The stretch of days that numbers are counted over, and the one before it that they are compared with. Pure.

A day is a day in Shanghai. A period that is not over yet is counted up to today and compared with as many days of the
period before: ten days of March beside all of February would always look like a fall.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from intake.worktime import SHANGHAI

PeriodKind = Literal["week", "month", "quarter", "year", "own"]
KINDS: tuple[PeriodKind, ...] = ("week", "month", "quarter", "year", "own")
MOST_DAYS = 1096
"""Three years: beyond that the change against the period before says nothing any more."""

_DAY = timedelta(days=1)
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_EARLIEST = date(2000, 1, 1)


class PeriodError(ValueError):
    """Days that make no period; `key` says what is wrong: order, future, too_long, too_early, missing."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@dataclass(frozen=True, slots=True)
class Span:
    """Days in a row, both ends included."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, time.min, SHANGHAI)

    @property
    def end(self) -> datetime:
        """The first moment that is not in it."""
        return datetime.combine(self.last + _DAY, time.min, SHANGHAI)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


@dataclass(frozen=True, slots=True)
class Period:
    """`whole` is what was asked for, `span` what of it is counted (up to today), `before` what it is compared with."""

    kind: PeriodKind
    whole: Span
    span: Span
    before: Span

    @property
    def running(self) -> bool:
        return self.span != self.whole


def period_of(kind: PeriodKind, day: date, today: date) -> Period:
    """The week (from Monday), month, quarter or year that holds the day. Raises PeriodError for one still to come."""
    if day > today + _DAY * MOST_DAYS:  # the calendar of the language ends somewhere, too
        raise PeriodError("future")
    whole = _unit(kind, day)
    if whole.first > today:
        raise PeriodError("future")
    if whole.first < _EARLIEST:
        raise PeriodError("too_early")
    earlier = _unit(kind, whole.first - _DAY)
    span = Span(whole.first, min(whole.last, today))
    if span == whole:
        return Period(kind, whole, span, earlier)
    return Period(kind, whole, span, Span(earlier.first, min(earlier.last, earlier.first + _DAY * (span.days - 1))))


def own_period(first: date | None, last: date | None, today: date) -> Period:
    """From one day to another. Raises PeriodError."""
    if first is None or last is None:
        raise PeriodError("missing")
    if first > last:
        raise PeriodError("order")
    if first > today:
        raise PeriodError("future")
    if first < _EARLIEST:
        raise PeriodError("too_early")
    if (last - first).days >= MOST_DAYS:
        raise PeriodError("too_long")
    whole = Span(first, last)
    span = Span(first, min(last, today))
    return Period("own", whole, span, Span(first - _DAY * span.days, first - _DAY))


def parts_of(span: Span) -> Iterator[Span]:
    """The span in days, weeks or months, whichever makes a chart that can be read."""
    kind: PeriodKind | None = None if span.days <= 31 else "week" if span.days <= 120 else "month"
    day = span.first
    while day <= span.last:
        last = day if kind is None else min(_unit(kind, day).last, span.last)
        yield Span(day, last)
        day = last + _DAY


def _unit(kind: PeriodKind, day: date) -> Span:
    if kind == "week":
        monday = day - _DAY * day.weekday()
        return Span(monday, monday + _DAY * 6)
    months = _MONTHS[kind]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    last_month = first.month + months - 1
    return Span(first, date(day.year, last_month, monthrange(day.year, last_month)[1]))
