"""Working time in Qingdao: which hours of which days count, and how deadlines are reckoned in them.

A day's hours lie in closed intervals with a break between them. Weekends and public holidays (节假日) do not count,
make-up workdays (调休补班) do. Moments are aware; what is returned is in Asia/Shanghai.

Reckoning is exact. Every moment has a place on a line of working time without gaps (whole microseconds), so that adding
is adding, and the time between two moments is a difference. Where the line has two moments for one place (12:00 and
13:30, 17:30 and the next 09:00), a deadline falls on the earlier: the end of work, not the next beginning.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Self

from pydantic import ValidationError, model_validator

from intake.values import Frozen

# China keeps one zone without summer time (since 1991), so a fixed offset needs no zone database.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
CALENDAR_FILE = Path(__file__).parent / "data" / "calendar.toml"

_DAY_ONE = datetime(1, 1, 1, tzinfo=SHANGHAI)  # a Monday; ordinal 1
_MICROSECOND = timedelta(microseconds=1)
_WEEK, _WEEKDAYS = 7, 5


class CalendarError(Exception):
    """A calendar's file cannot be used; says which and why."""


class Interval(Frozen):
    """Working hours without a break. Both ends count."""

    opens: time
    closes: time


class Override(Frozen):
    """A day that is a workday, or is none, whatever the weekday and the published holidays say."""

    day: date
    works: bool
    note: str = ""


class CalendarFile(Frozen):
    """What a calendar's file may say. In an admin's file everything may be left out."""

    hours: tuple[Interval, ...] = ()
    first_year: int | None = None
    last_year: int | None = None
    known_until: int | None = None
    days: tuple[Override, ...] = ()
    source: str = ""
    as_of: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        ends = [end for interval in self.hours for end in (interval.opens, interval.closes)]
        if any(earlier >= later for earlier, later in pairwise(ends)):
            raise ValueError("hours must follow one another without overlapping")
        return self


class WorkCalendar:
    """Hours of every workday, and the days that are exceptions to Monday to Friday.

    `known_until` is the last year whose holidays and make-up days were published: in later years make-up days are
    missing and holidays are reckoned by rule, so that a date there may move by some days.
    """

    def __init__(self, hours: Sequence[Interval], exceptions: Mapping[date, bool], known_until: int) -> None:
        self.hours = tuple(hours)
        self.known_until = known_until
        self._spans = tuple((_of_day(interval.opens), _of_day(interval.closes)) for interval in hours)
        self._day = sum(closes - opens for opens, closes in self._spans)
        odd = {day.toordinal(): works for day, works in exceptions.items() if works != (day.weekday() < _WEEKDAYS)}
        self._odd = odd
        self._odd_days = sorted(odd)
        # _shift[i]: how the first i odd days change the number of workdays; _odd_index[i]: workdays before odd day i
        self._shift = [0, *accumulate(1 if odd[day] else -1 for day in self._odd_days)]
        self._odd_index = [self._workdays_before(day) for day in self._odd_days]
        self._days: dict[int, tuple[int, tuple[tuple[int, int], ...]]] = {}  # where a day begins, its hours: kept

    @property
    def day(self) -> timedelta:
        """The working time of one workday."""
        return self._day * _MICROSECOND

    def is_workday(self, day: date) -> bool:
        return self._works(day.toordinal())

    def is_working(self, moment: datetime) -> bool:
        """Whether the moment lies in working hours; their ends do."""
        day, clock = _split(moment)
        return self._works(day) and any(opens <= clock <= closes for opens, closes in self._spans)

    def opens(self, moment: datetime) -> datetime:
        """The moment itself if it is in working hours, else the next opening."""
        day, clock = _split(moment)
        if self._works(day):
            for opens, closes in self._spans:
                if clock <= closes:
                    return _moment(day, max(opens, clock))
        return _moment(self._workday(self._workdays_before(day + 1)), self._spans[0][0])

    def add(self, moment: datetime, work: timedelta) -> datetime:
        """The moment after so much working time; before it, where `work` is negative.

        What begins outside working hours begins at the next opening.
        """
        return self._land(self._place(moment) + work // _MICROSECOND) if work else self.opens(moment)

    def add_days(self, moment: datetime, days: float) -> datetime:
        """As `add`, in working days: one is the working time of a day, so Monday 10:00 + 1 is Tuesday 10:00."""
        return self.add(moment, self.day * days)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time from one moment to another; negative where `end` is the earlier."""
        return (self._place(end) - self._place(start)) * _MICROSECOND

    def closing(self, day: date) -> datetime:
        """The end of work on the day, or on the last workday before it: when what is due "on that day" is due."""
        return self._land(self._workdays_before(day.toordinal() + 1) * self._day)

    def certain(self, moment: datetime) -> bool:
        """Whether the holidays of that moment's year were published."""
        return moment.astimezone(SHANGHAI).year <= self.known_until

    def _works(self, day: int) -> bool:
        return self._odd.get(day, (day - 1) % _WEEK < _WEEKDAYS)

    def _workdays_before(self, day: int) -> int:
        """How many workdays there are from day one up to, but not including, the day of that ordinal."""
        weeks, rest = divmod(day - 1, _WEEK)
        return weeks * _WEEKDAYS + min(rest, _WEEKDAYS) + self._shift[bisect_left(self._odd_days, day)]

    def _workday(self, number: int) -> int:
        """The ordinal of the workday that has so many workdays before it."""
        passed = bisect_right(self._odd_index, number)  # the odd days that are not after the one sought
        if passed and self._odd_index[passed - 1] == number and self._odd[self._odd_days[passed - 1]]:
            return self._odd_days[passed - 1]
        weeks, rest = divmod(number - self._shift[passed], _WEEKDAYS)
        return weeks * _WEEK + rest + 1

    def _place(self, moment: datetime) -> int:
        """The moment's place on the line of working time, in microseconds since day one."""
        day, clock = _split(moment)
        known = self._days.get(day)
        if known is None:
            known = self._days[day] = self._workdays_before(day) * self._day, self._spans if self._works(day) else ()
        place, spans = known
        for opens, closes in spans:
            if clock > opens:
                place += min(clock, closes) - opens
        return place

    def _land(self, place: int) -> datetime:
        """The earliest moment at that place."""
        number, rest = divmod(place - 1, self._day)
        rest += 1
        for opens, closes in self._spans:
            if rest <= closes - opens:
                return _moment(self._workday(number), opens + rest)
            rest -= closes - opens
        raise AssertionError("a place lies within its day")  # divmod leaves no more than the day's working time


def load_calendar(overrides: Path | None = None) -> WorkCalendar:
    """The calendar as shipped, changed by an admin's file of the same format; one that is not there changes nothing.

    The admin's hours and `known_until` replace the shipped ones; its days are added and win. Raises CalendarError.
    """
    shipped = read_calendar_file(CALENDAR_FILE)
    admin = read_calendar_file(overrides) if overrides is not None and overrides.exists() else CalendarFile()
    first, last = admin.first_year or shipped.first_year, admin.last_year or shipped.last_year
    if first is None or last is None or not shipped.hours:
        raise CalendarError(f"{CALENDAR_FILE.name}: needs hours, first_year and last_year")
    exceptions, published = _published(first, last)
    exceptions |= {override.day: override.works for file in (shipped, admin) for override in file.days}
    known_until = admin.known_until or shipped.known_until or published
    return WorkCalendar(admin.hours or shipped.hours, exceptions, known_until)


def _published(first: int, last: int) -> tuple[dict[date, bool], int]:
    """Holidays and make-up days by the library, and the last year whose make-up days it knows."""
    from holidays import country_holidays  # slow to load: only who needs a calendar waits for it

    known = country_holidays("CN", years=range(first, last + 1), expand=False)
    makeup = known.weekend_workdays
    exceptions = dict.fromkeys(known, False) | dict.fromkeys(makeup, True)
    return exceptions, max((day.year for day in makeup), default=first - 1)


def read_calendar_file(path: Path) -> CalendarFile:
    """What a calendar file says. Raises CalendarError."""
    try:
        with path.open("rb") as file:
            return CalendarFile.model_validate(tomllib.load(file))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        raise CalendarError(f"{path.name}: {error}") from error


def _of_day(clock: time) -> int:
    """Microseconds since midnight."""
    return ((clock.hour * 60 + clock.minute) * 60 + clock.second) * 1_000_000 + clock.microsecond


def _split(moment: datetime) -> tuple[int, int]:
    """The day's ordinal and the microseconds since midnight, both in Shanghai. TypeError for a naive moment."""
    since = moment - _DAY_ONE
    return since.days + 1, since.seconds * 1_000_000 + since.microseconds


def _moment(day: int, clock: int) -> datetime:
    return _DAY_ONE + timedelta(days=day - 1, microseconds=clock)
