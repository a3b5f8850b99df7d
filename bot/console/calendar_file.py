"""The working calendar's overrides: read from DATA_DIR/calendar.toml, written there whole or not at all.

The file is what the house goes by (intake.worktime.load_calendar reads it, intake.followed_calendar follows it), so an
administrator may as well edit it by hand; the page shows what stands in it.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any

from intake.worktime import CalendarError, CalendarFile, Interval, Override, load_calendar, read_calendar_file

KEY = "calendar"
"""Of its row in settings_rows and its lines in the history."""

HEADING = "# 由工作台「工作时间」页写入；也可手工修改，格式见 intake/data/calendar.toml。改动会自动生效，无需重启。\n"


@dataclass(frozen=True, slots=True)
class Overrides:
    """An administrator's hours (none: those that ship), single days, and the last year whose holidays are known."""

    hours: tuple[Interval, ...] = ()
    days: tuple[Override, ...] = ()
    known_until: int | None = None

    def row(self) -> dict[str, Any]:
        """As it stands in the history."""
        return {
            "hours": [f"{hour.opens:%H:%M}–{hour.closes:%H:%M}" for hour in self.hours],
            "days": [f"{day.day} {'+' if day.works else '-'} {day.note}".rstrip() for day in self.days],
            "known_until": self.known_until,
        }


def read_overrides(file: Path) -> Overrides:
    """What the file says; nothing where there is none. Raises CalendarError where it cannot be read."""
    if not file.exists():
        return Overrides()
    read: CalendarFile = read_calendar_file(file)
    return Overrides(read.hours, tuple(sorted(read.days, key=lambda day: day.day)), read.known_until)


def shipped_hours() -> tuple[Interval, ...]:
    from intake.worktime import CALENDAR_FILE

    return read_calendar_file(CALENDAR_FILE).hours


def write_overrides(file: Path, wanted: Overrides) -> None:
    """Replace the file in one step, after what it would say has been loaded. Raises CalendarError; nothing changed."""
    write_text(file, as_toml(wanted))


def write_text(file: Path, text: str) -> None:
    """As `write_overrides`, of a text that was made there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".calendar-", suffix=".toml")
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        load_calendar(draft)
        draft.replace(file)
    except CalendarError as error:
        raise CalendarError(str(error).replace(draft.name, file.name)) from error
    finally:
        draft.unlink(missing_ok=True)


def as_toml(wanted: Overrides) -> str:
    known = [] if wanted.known_until is None else [f"known_until = {wanted.known_until}\n"]
    return "".join([HEADING, *known, *map(_hours, wanted.hours), *map(_day, wanted.days)])


def _hours(hour: Interval) -> str:
    return f"\n[[hours]]\nopens = {_clock(hour.opens)}\ncloses = {_clock(hour.closes)}\n"


def _day(day: Override) -> str:
    # A JSON string is a TOML basic string (of control characters, which JSON leaves bare, a note has none).
    note = json.dumps(day.note, ensure_ascii=False)
    return f"\n[[days]]\nday = {day.day.isoformat()}\nworks = {str(day.works).lower()}\nnote = {note}\n"


def _clock(at: time) -> str:
    return at.strftime("%H:%M:%S")
