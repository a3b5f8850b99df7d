"""Working hours, and the days that differ from what the published holidays say. Every deadline is reckoned by them."""

from __future__ import annotations

import calendar as months
from dataclasses import replace
from datetime import date, time, timedelta
from itertools import pairwise
from typing import Any

from starlette.responses import Response

from bot.console.calendar_file import KEY, Overrides, as_toml, read_overrides, shipped_hours, write_overrides
from bot.console.register_forms import Typed, check_stamp, read_day, read_number, stamp_of
from bot.console.rules import ADMINS, Routes
from bot.console.store.settings_rows import SettingsRows
from bot.console.visit import Declined, Visit
from intake.cases import Role
from intake.worktime import CalendarError, Interval, Override

routes = Routes()

INTERVALS = 3
MOST_DAYS = 400
LONGEST_NOTE = 60
FIRST_YEAR, LAST_YEAR = 2020, 2040


@routes.rule("/calendar")
def calendar(visit: Visit) -> Response:
    return _page(visit)


@routes.rule("/calendar/hours", "POST", roles=ADMINS)
def change_hours(visit: Visit) -> Response:
    before, typed = _present(visit), Typed()
    check_stamp(visit, before)
    hours = [found for number in range(INTERVALS) if (found := _interval(visit, typed, number)) is not None]
    known = read_number(visit, typed, "known_until", 0, LAST_YEAR)
    if any(earlier.closes >= later.opens for earlier, later in pairwise(hours)):
        typed.wrong("hours", "hours_order")
    if typed.errors:
        return _page(visit, typed, status=422)
    wanted = () if tuple(hours) == shipped_hours() else tuple(hours)
    _keep(visit, before, replace(before, hours=wanted, known_until=known or None))
    return visit.go("/calendar", "calendar_saved")


@routes.rule("/calendar/days", "POST", roles=ADMINS)
def add_day(visit: Visit) -> Response:
    """A day that is worked, or is not; up to a last day, so that a holiday is one entry."""
    before, typed = _present(visit), Typed()
    check_stamp(visit, before)
    first = read_day(visit, typed, "day")
    last = read_day(visit, typed, "last_day") or first
    note = typed.values["note"] = visit.line("note", LONGEST_NOTE)
    works = typed.values["works"] = visit.line("works")
    if first is None or last is None:
        typed.wrong("day", "day")
    elif not first <= last <= first + timedelta(days=60) or not FIRST_YEAR <= first.year <= last.year <= LAST_YEAR:
        typed.wrong("last_day", "day_order")
    if works not in {"yes", "no"}:
        typed.wrong("works", "choose_one")
    if first is None or last is None or typed.errors:
        return _page(visit, typed, status=422)
    new = {day: Override(day=day, works=works == "yes", note=note) for day in _each(first, last)}
    kept = {override.day: override for override in before.days} | new
    if len(kept) > MOST_DAYS:
        raise Declined(422, "too_many_days")
    _keep(visit, before, replace(before, days=tuple(kept[day] for day in sorted(kept))))
    return visit.go("/calendar", "calendar_saved")


@routes.rule("/calendar/days/remove", "POST", roles=ADMINS)
def remove_day(visit: Visit) -> Response:
    before = _present(visit)
    check_stamp(visit, before)
    gone = visit.line("day")
    _keep(visit, before, replace(before, days=tuple(day for day in before.days if day.day.isoformat() != gone)))
    return visit.go("/calendar", "calendar_saved")


def _present(visit: Visit) -> Overrides:
    try:
        return read_overrides(visit.desk.parts.calendar_file)
    except CalendarError as error:
        raise Declined(422, "calendar_broken", fault=str(error)[:300]) from error


def _keep(visit: Visit, before: Overrides, after: Overrides) -> None:
    """Row, history and file together; then everything that reckons goes by it, in this process at once."""
    parts = visit.desk.parts

    def write() -> None:
        write_overrides(parts.calendar_file, after)

    kept, change = {"toml": as_toml(after)}, (before.row(), after.row())
    try:
        SettingsRows(parts.engine).put(KEY, kept, change, visit.who.actor, parts.clock.now(), write)
    except CalendarError as error:
        raise Declined(422, "calendar_broken", fault=str(error)[:300]) from error
    parts.take_calendar()


def _interval(visit: Visit, typed: Typed, number: int) -> Interval | None:
    opens, closes = (_clock(visit, typed, f"{name}{number}") for name in ("opens", "closes"))
    if opens is None and closes is None:
        if number == 0:
            typed.wrong("hours", "hours_missing")
        return None
    if opens is None or closes is None or opens >= closes:
        typed.wrong("hours", "hours_order")
        return None
    return Interval(opens=opens, closes=closes)


def _clock(visit: Visit, typed: Typed, name: str) -> time | None:
    value = typed.values[name] = visit.line(name)
    try:
        return time.fromisoformat(value).replace(second=0, microsecond=0, tzinfo=None) if value else None
    except ValueError:
        typed.wrong("hours", "clock")
        return None


def _each(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _page(visit: Visit, typed: Typed | None = None, *, status: int = 200) -> Response:
    parts, overrides = visit.desk.parts, _present(visit)
    present, today = parts.needs.timing.calendar, parts.clock.today()
    hours = overrides.hours or shipped_hours()
    context: dict[str, Any] = {
        "overrides": overrides,
        "typed": (typed or Typed()).over(_values(hours, overrides)),
        "stamp": stamp_of(overrides),
        "today": today,
        "months": [_month(visit, day) for day in _next_months(today, 3)],
        "known_until": present.known_until,
        "certain": present.known_until >= today.year,
        "changes": visit.desk.changes(visit.request, KEY, KEY),
        "labels": visit.desk.labels(visit.request),
        "editable": visit.who.has(Role.ADMIN),
        "intervals": INTERVALS,
    }
    return visit.page("calendar.html", status=status, **context)


def _values(hours: tuple[Interval, ...], overrides: Overrides) -> dict[str, Any]:
    values: dict[str, Any] = {"day": "", "last_day": "", "works": "no", "note": ""}
    values["known_until"] = str(overrides.known_until or "")
    for number in range(INTERVALS):
        hour = hours[number] if number < len(hours) else None
        values[f"opens{number}"] = f"{hour.opens:%H:%M}" if hour else ""
        values[f"closes{number}"] = f"{hour.closes:%H:%M}" if hour else ""
    return values


def _next_months(today: date, count: int) -> list[date]:
    first = today.replace(day=1)
    found = [first]
    while len(found) < count:
        first = (first + timedelta(days=32)).replace(day=1)
        found.append(first)
    return found


def _month(visit: Visit, first: date) -> dict[str, Any]:
    """A month in weeks from Monday; each day with whether it is worked and whether that is out of the ordinary."""
    works = visit.desk.parts.needs.timing.calendar.is_workday
    weeks = months.Calendar().monthdatescalendar(first.year, first.month)

    def shown(day: date) -> dict[str, Any]:
        usual = day.weekday() < 5
        return {"day": day, "inside": day.month == first.month, "works": works(day), "odd": works(day) != usual}

    return {"first": first, "weeks": [[shown(day) for day in week] for week in weeks]}
