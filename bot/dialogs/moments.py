"""Moments as people read them: Shanghai's date, the weekday, the hour where it matters."""

from __future__ import annotations

from datetime import datetime

from bot.clock import SHANGHAI
from bot.dialogs.words import Words
from intake.worktime import WorkCalendar


def month_day(moment: datetime, words: Words) -> str:
    """3月2日."""
    there = moment.astimezone(SHANGHAI)
    return words.say("moment.month_day", month=words.say(f"moment.month_{there.month}"), day=there.day)


def day(moment: datetime, words: Words) -> str:
    """2026年3月2日（周一）."""
    there = moment.astimezone(SHANGHAI)
    weekday, month = words.say(f"moment.weekday_{there.isoweekday()}"), words.say(f"moment.month_{there.month}")
    return words.say("moment.day", year=there.year, month=month, day=there.day, weekday=weekday)


def clock(moment: datetime, words: Words) -> str:
    """3月2日 10:00."""
    return words.say("moment.clock", day=month_day(moment, words), time=f"{moment.astimezone(SHANGHAI):%H:%M}")


def working_days(start: datetime, end: datetime, calendar: WorkCalendar) -> int:
    """Whole working days between two moments, counted by working time and rounded up; 1 at least."""
    spent = calendar.between(start, end)
    return max(1, -(-spent // calendar.day))
