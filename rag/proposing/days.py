"""Days as documents write them: 2026年1月15日, 二〇二六年一月十五日, 2026-01-15, 2026.1.15 → YYYY-MM-DD."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0, "Ｏ": 0, "O": 0}
_B = r"[ \t\u00a0\u3000]{0,3}"
_YEAR = r"(?:(?:19|20|21)[0-9]{2}|[一二][〇零○ＯO一二三四五六七八九]{3})"
_SMALL = r"(?:[0-9]{1,2}|[一二三]?十[一二三四五六七八九]?|[一二三四五六七八九])"
DAY = (
    rf"{_YEAR}{_B}年{_B}{_SMALL}{_B}月{_B}{_SMALL}{_B}日"
    rf"|(?:19|20|21)[0-9]{{2}}[-./][0-9]{{1,2}}[-./][0-9]{{1,2}}(?![0-9])"
)
"""A pattern of one whole day, without groups."""

_DAY = re.compile(rf"(?<![0-9])(?:{DAY})")
_PARTS = re.compile(rf"({_YEAR}){_B}[年./-]{_B}({_SMALL}){_B}[月./-]{_B}({_SMALL})")


@dataclass(frozen=True, slots=True)
class Day:
    """A day and where it is written."""

    iso: str
    start: int
    end: int


def read_day(written: str) -> str | None:
    """The day that `written` begins with, as YYYY-MM-DD; None where it is none (2026年2月30日)."""
    parts = _PARTS.match(written)
    if parts is None:
        return None
    year, month, day = (_number(part) for part in parts.groups())
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def days_in(text: str, start: int = 0, end: int | None = None) -> Iterator[Day]:
    """Every day written in text[start:end], in order."""
    for found in _DAY.finditer(text, start, len(text) if end is None else end):
        if iso := read_day(found[0]):
            yield Day(iso, found.start(), found.end())


def days_after(iso: str, count: int) -> str | None:
    try:
        return (date.fromisoformat(iso) + timedelta(days=count)).isoformat()
    except OverflowError:
        return None


def last_of_years(iso: str, years: int, months: int = 0) -> str | None:
    """The last of so many years (and months) that begin on a day: 2026-02-01 and 3 years → 2029-01-31."""
    begin = date.fromisoformat(iso)
    whole = begin.year * 12 + begin.month - 1 + years * 12 + months
    year, month = divmod(whole, 12)
    if not 1900 <= year <= 2199:
        return None
    last = monthrange(year, month + 1)[1]
    return (date(year, month + 1, min(begin.day, last)) - timedelta(days=1)).isoformat()


def small_number(written: str) -> int:
    """十二, 三十, 两 or 12 as a number."""
    return 2 if written == "两" else _number(written)


def _number(written: str) -> int:
    if written.isascii() and written.isdigit():
        return int(written)
    if "十" in written:
        tens, _, ones = written.partition("十")
        return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)
    return int("".join(str(_DIGITS[c]) for c in written))
