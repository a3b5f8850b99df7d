"""When the sources are looked at by themselves: the words of CORPUS_REFRESH, and the moments they mean. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from bot.clock import SHANGHAI

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WORDS = re.compile(r"hourly|(?:daily|weekly (" + "|".join(DAYS) + r")) ([01][0-9]|2[0-3]):([0-5][0-9])")


class ScheduleError(ValueError):
    """These are no words of a schedule."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every hour on the hour (`at` None), every day at a time of Asia/Shanghai, or on one `weekday` (0 is Monday)."""

    at: time | None = None
    weekday: int | None = None

    def next_after(self, moment: datetime) -> datetime:
        """The first moment of the schedule that lies after `moment`, in Asia/Shanghai."""
        here = moment.astimezone(SHANGHAI)
        if self.at is None:
            return here.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        found = here.replace(hour=self.at.hour, minute=self.at.minute, second=0, microsecond=0)
        if self.weekday is not None:
            found += timedelta(days=(self.weekday - found.weekday()) % 7)
        step = timedelta(days=1 if self.weekday is None else 7)
        return found if found > here else found + step

    def __str__(self) -> str:
        if self.at is None:
            return "hourly"
        return f"{'daily' if self.weekday is None else f'weekly {DAYS[self.weekday]}'} {self.at:%H:%M}"


def read_schedule(words: str) -> Schedule | None:
    """`hourly`, `daily 03:00` or `weekly mon 03:00`; None for no words. Raises ScheduleError for any others."""
    if not words.strip():
        return None
    found = _WORDS.fullmatch(" ".join(words.split()).lower())
    if found is None:
        raise ScheduleError(words)
    day, hour, minute = found.groups()
    if hour is None:
        return Schedule()
    return Schedule(time(int(hour), int(minute)), DAYS.index(day) if day else None)
