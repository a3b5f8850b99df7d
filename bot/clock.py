"""The one clock. It is handed to whoever needs the time, so that tests and evaluations can stop it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol

# China keeps one zone without summer time (since 1991), so a fixed offset needs no zone database.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


class Clock(Protocol):
    def now(self) -> datetime:
        """This moment, aware, in UTC: what is stored."""

    def today(self) -> date:
        """The calendar date in Asia/Shanghai: what laws, deadlines and people go by."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def today(self) -> date:
        return self.now().astimezone(SHANGHAI).date()


@dataclass
class FixedClock:
    """A clock that stands at `moment` until it is moved. Refuses a naive moment with ValueError."""

    moment: datetime

    def __post_init__(self) -> None:
        if self.moment.tzinfo is None:
            raise ValueError("FixedClock needs an aware datetime")

    @classmethod
    def at(cls, day: date) -> FixedClock:
        """Noon in Shanghai on that day."""
        return cls(datetime(day.year, day.month, day.day, 12, tzinfo=SHANGHAI))

    def now(self) -> datetime:
        return self.moment.astimezone(UTC)

    def today(self) -> date:
        return self.moment.astimezone(SHANGHAI).date()

    def advance(self, by: timedelta) -> None:
        self.moment += by
