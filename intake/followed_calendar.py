"""The working calendar that the house goes by: it follows the administrator's file while the program runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from intake.worktime import WorkCalendar, load_calendar

Stamp = tuple[int, int, int] | None


class FollowedCalendar(WorkCalendar):
    """A calendar like any other, whose file may change under it.

    Everybody who reckons holds this one object, and it hands each question to the calendar in force. `refresh` puts
    another in force with one assignment: what is being reckoned at that moment ends by the old one, the next question
    goes to the new. So an edit counts at once for new requests and for every clock that is read, without a restart.
    """

    def __init__(self, overrides: Path, load: Callable[[Path], WorkCalendar] = load_calendar) -> None:
        """Raises CalendarError where the file is there and cannot be used."""
        self._overrides = overrides
        self._load = load
        self._stamp = _stamp(overrides)
        self._in_force = load(overrides)

    def refresh(self) -> bool:
        """Read the file again if it has changed; whether it had. Raises CalendarError, and the old one stays."""
        stamp = _stamp(self._overrides)
        if stamp == self._stamp:
            return False
        self._in_force = self._load(self._overrides)
        self._stamp = stamp
        return True

    def __getattr__(self, name: str) -> Any:
        """What a calendar holds besides its methods (hours, known_until): that of the one in force."""
        return getattr(object.__getattribute__(self, "_in_force"), name)

    @property
    def in_force(self) -> WorkCalendar:
        return self._in_force

    @property
    def day(self) -> timedelta:
        return self._in_force.day

    def is_workday(self, day: date) -> bool:
        return self._in_force.is_workday(day)

    def is_working(self, moment: datetime) -> bool:
        return self._in_force.is_working(moment)

    def opens(self, moment: datetime) -> datetime:
        return self._in_force.opens(moment)

    def add(self, moment: datetime, work: timedelta) -> datetime:
        return self._in_force.add(moment, work)

    def add_days(self, moment: datetime, days: float) -> datetime:
        return self._in_force.add_days(moment, days)

    def between(self, start: datetime, end: datetime) -> timedelta:
        return self._in_force.between(start, end)

    def closing(self, day: date) -> datetime:
        return self._in_force.closing(day)

    def certain(self, moment: datetime) -> bool:
        return self._in_force.certain(moment)


def _stamp(file: Path) -> Stamp:
    """Which file stands there: another one, even of the same size and second, has another number (inode)."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
