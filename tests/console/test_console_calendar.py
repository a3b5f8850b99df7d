"""Working hours and exceptional days: written whole or not at all, in force at once, and kept with their history."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SHANGHAI
from bot.console import calendar_file
from bot.console.calendar_file import Overrides, as_toml, read_overrides, write_overrides, write_text
from bot.console.chores import console_chores, put_calendar_back
from bot.console.register_forms import stamp_of
from bot.console.store.settings_rows import SettingsRows
from bot.housekeeping import Housekeeping
from intake.followed_calendar import FollowedCalendar
from intake.worktime import CalendarError, Interval, Override, load_calendar, read_calendar_file
from tests.support.consoles import Console, Person

SATURDAY = date(2026, 3, 7)


@pytest.fixture
def boss(console: Console) -> Person:
    return console.staff("boss")


def present(console: Console) -> Overrides:
    return read_overrides(console.parts.calendar_file)


def hours(console: Console, *pairs: tuple[str, str], known_until: str = "") -> dict[str, Any]:
    fields = {"stamp": stamp_of(present(console)), "known_until": known_until}
    for number, (opens, closes) in enumerate(pairs):
        fields |= {f"opens{number}": opens, f"closes{number}": closes}
    return fields


def a_day(console: Console, day: str, works: str = "yes", **more: str) -> dict[str, Any]:
    return {"stamp": stamp_of(present(console)), "day": day, "works": works, **more}


def test_a_day_counts_for_everything_at_once(console: Console, boss: Person) -> None:
    needs = console.bureau.needs
    monday = datetime(2026, 3, 6, 17, 0, tzinfo=SHANGHAI)
    before = needs.timing.announced("policy_help", "normal", monday)
    assert boss.post("/calendar/days", a_day(console, "2026-03-07", note="调休")).status_code == 303
    after = needs.timing.announced("policy_help", "normal", monday)
    assert before.first.date() == date(2026, 3, 9)
    assert after.first.date() == SATURDAY
    assert needs.timing.calendar.is_workday(SATURDAY)
    assert "调休" in boss.get("/calendar").text
    assert read_overrides(console.parts.calendar_file).days == (Override(day=SATURDAY, works=True, note="调休"),)


def test_a_holiday_of_several_days_is_one_entry_and_each_day_can_go(console: Console, boss: Person) -> None:
    assert boss.post("/calendar/days", a_day(console, "2026-03-09", "no", last_day="2026-03-11")).status_code == 303
    calendar = console.bureau.needs.timing.calendar
    assert [calendar.is_workday(date(2026, 3, day)) for day in (9, 10, 11, 12)] == [False, False, False, True]
    gone = {"stamp": stamp_of(present(console)), "day": "2026-03-10"}
    assert boss.post("/calendar/days/remove", gone).status_code == 303
    assert [calendar.is_workday(date(2026, 3, day)) for day in (9, 10, 11)] == [False, True, False]


def test_hours_count_at_once_and_the_shipped_ones_are_not_written(console: Console, boss: Person) -> None:
    early = hours(console, ("08:30", "11:30"), ("13:00", "17:00"), known_until="2027")
    assert boss.post("/calendar/hours", early).status_code == 303
    calendar = console.bureau.needs.timing.calendar
    assert calendar.is_working(datetime(2026, 3, 2, 8, 45, tzinfo=SHANGHAI))
    assert calendar.known_until == 2027
    shipped = hours(console, ("09:00", "12:00"), ("13:30", "17:30"))
    assert boss.post("/calendar/hours", shipped).status_code == 303
    assert present(console) == Overrides()
    assert not calendar.is_working(datetime(2026, 3, 2, 8, 45, tzinfo=SHANGHAI))


@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [("", ""), ("13:30", "17:30")],
        [("12:00", "09:00")],
        [("09:00", "09:00")],
        [("09:00", "")],
        [("09:00", "13:00"), ("12:00", "17:00")],
        [("13:30", "17:30"), ("09:00", "12:00")],
        [("nine", "five")],
        [("09:00", "25:00")],
    ],
)
def test_hours_that_cannot_be_change_nothing(console: Console, boss: Person, pairs: list[tuple[str, str]]) -> None:
    assert boss.post("/calendar/hours", hours(console, *pairs)).status_code == 422
    assert not console.parts.calendar_file.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"day": ""},
        {"day": "soon"},
        {"day": "2026-03-09", "last_day": "2026-03-08"},
        {"day": "2026-03-09", "last_day": "2027-03-09"},
        {"day": "1999-01-01"},
        {"day": "2041-01-01"},
        {"day": "2026-03-09", "works": "maybe"},
        {"day": "2026-03-09", "note": "\x07"},
        {"day": "2026-03-09", "note": "长" * 61},
    ],
)
def test_days_that_cannot_be_change_nothing(console: Console, boss: Person, fields: dict[str, str]) -> None:
    filled = {**a_day(console, "2026-03-09"), **fields}
    assert boss.post("/calendar/days", filled).status_code == 422
    assert not console.parts.calendar_file.exists()


def test_two_administrators_do_not_undo_each_other(console: Console, boss: Person) -> None:
    mine, theirs = a_day(console, "2026-03-07"), a_day(console, "2026-03-14")
    assert boss.post("/calendar/days", theirs).status_code == 303
    assert boss.post("/calendar/days", mine).status_code == 409
    assert [day.day for day in present(console).days] == [date(2026, 3, 14)]


def test_every_change_has_its_line_in_the_history(console: Console, boss: Person) -> None:
    boss.post("/calendar/days", a_day(console, "2026-03-07", note="补班"))
    page = console.staff("audit").get("/history?what=calendar").text
    assert "2026-03-07 + 补班" in page
    assert "吴管" in page


def test_where_the_file_cannot_be_written_nothing_is_kept(
    console: Console, boss: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise CalendarError("no space left")

    monkeypatch.setattr("bot.console.calendar_pages.write_overrides", full)
    refused = boss.post("/calendar/days", a_day(console, "2026-03-07"))
    assert (refused.status_code, "没有改动" in refused.text) == (422, True)
    assert SettingsRows(console.bureau.engine).of("calendar") is None
    assert "2026-03-07 +" not in boss.get("/history?what=calendar").text


def test_a_file_edited_by_hand_is_followed_and_a_broken_one_is_not(console: Console, boss: Person) -> None:
    file, calendar = console.parts.calendar_file, console.bureau.needs.timing.calendar
    house = Housekeeping(console_chores(console.parts))
    file.write_text("[[days]]\nday = 2026-03-07\nworks = true\n", "utf-8")
    assert not calendar.is_workday(SATURDAY)
    assert house.run_once(console.bureau.clock.now())["calendar"] == 1
    assert calendar.is_workday(SATURDAY)
    file.write_text("[[days]]\nday = soon\n", "utf-8")
    assert house.run_once(console.bureau.clock.now())["calendar"] == 0  # logged, and tried again
    assert calendar.is_workday(SATURDAY)
    broken = boss.get("/calendar")
    assert (broken.status_code, "不能用" in broken.text) == (422, True)
    file.unlink()
    assert house.run_once(console.bureau.clock.now())["calendar"] == 1
    assert not calendar.is_workday(SATURDAY)


def test_the_file_comes_back_with_a_restored_database(console: Console, boss: Person) -> None:
    boss.post("/calendar/days", a_day(console, "2026-03-07"))
    console.parts.calendar_file.unlink()
    console.parts.take_calendar()
    assert not console.bureau.needs.timing.calendar.is_workday(SATURDAY)
    assert put_calendar_back(console.parts)
    assert console.bureau.needs.timing.calendar.is_workday(SATURDAY)
    assert not put_calendar_back(console.parts)


def test_a_broken_text_leaves_the_file_as_it_was_and_no_draft_behind(tmp_path: Path) -> None:
    file = tmp_path / "calendar.toml"
    write_overrides(file, Overrides(days=(Override(day=SATURDAY, works=True),)))
    before = file.read_text("utf-8")
    with pytest.raises(CalendarError, match=r"calendar\.toml"):
        write_text(file, "hours = 3")
    assert file.read_text("utf-8") == before
    assert [path.name for path in tmp_path.iterdir()] == ["calendar.toml"]


notes = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=60)
days = st.builds(Override, day=st.dates(date(2020, 1, 1), date(2040, 12, 31)), works=st.booleans(), note=notes)


@given(st.lists(days, max_size=20, unique_by=lambda day: day.day), st.none() | st.integers(2020, 2040))
def test_whatever_is_set_is_read_back_as_it_was(listed: list[Override], known: int | None) -> None:
    ordered = tuple(sorted(listed, key=lambda day: day.day))
    wanted = Overrides((Interval(opens=time(8, 5), closes=time(11, 59)),), ordered, known)
    import tomllib

    read = calendar_file.CalendarFile.model_validate(tomllib.loads(as_toml(wanted)))
    assert Overrides(read.hours, read.days, read.known_until) == wanted


def test_reckoning_while_the_calendar_changes_is_by_one_or_by_the_other(tmp_path: Path) -> None:
    file = tmp_path / "calendar.toml"
    followed = FollowedCalendar(file)
    monday = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)
    plain = load_calendar(None).add_days(monday, 10)
    write_overrides(file, Overrides(days=tuple(Override(day=date(2026, 3, day), works=False) for day in range(3, 9))))
    changed = load_calendar(file).add_days(monday, 10)
    seen: set[datetime] = set()
    stop = threading.Event()

    def reckon() -> None:
        while not stop.is_set():
            seen.add(followed.add_days(monday, 10))

    readers = [threading.Thread(target=reckon) for _ in range(4)]
    for reader in readers:
        reader.start()
    assert followed.refresh() is True
    seen.add(followed.add_days(monday, 10))
    stop.set()
    for reader in readers:
        reader.join()
    assert seen <= {plain, changed}
    assert changed in seen
    assert followed.refresh() is False


def test_a_followed_calendar_answers_like_the_one_in_force(tmp_path: Path) -> None:
    followed, plain = FollowedCalendar(tmp_path / "none.toml"), load_calendar(None)
    moment = datetime(2026, 3, 7, 12, 30, tzinfo=SHANGHAI)
    asked: list[Callable[[Any], Any]] = [
        lambda c: c.day,
        lambda c: c.hours,
        lambda c: c.known_until,
        lambda c: c.is_workday(SATURDAY),
        lambda c: c.is_working(moment),
        lambda c: c.opens(moment),
        lambda c: c.add(moment, c.day),
        lambda c: c.add_days(moment, 1.5),
        lambda c: c.between(moment, c.opens(moment)),
        lambda c: c.closing(SATURDAY),
        lambda c: c.certain(moment),
    ]
    assert [ask(followed) for ask in asked] == [ask(plain) for ask in asked]
    with pytest.raises(AttributeError):
        _ = followed.nothing_of_the_kind


def test_the_shipped_file_says_hours() -> None:
    from intake.worktime import CALENDAR_FILE

    assert read_calendar_file(CALENDAR_FILE).hours
