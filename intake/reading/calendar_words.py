"""The parts of the calendar people name (明年6月底, 2027年一季度, 月底, 下周五, 春节) as first and last day."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Grain = Literal["day", "end", "holiday", "period"]
"""What 「前」 does with it: to the day itself, to the end of it, to the day before it, to the day before it starts."""


class NoSuchDay(ValueError):  # noqa: N818  # a slip of the person who writes, said back as such
    """The words name a day the calendar does not have: 2月30日, 13月."""


@dataclass(frozen=True, slots=True)
class Named:
    """A named stretch of days; `floating` where no year was said, so that a past one means the next."""

    start: date
    end: date
    grain: Grain = "period"
    floating: bool = False


# First day of the lunar year (GB/T 33661); beyond these the words are left unread rather than guessed.
_SPRING = {
    2026: date(2026, 2, 17),
    2027: date(2027, 2, 6),
    2028: date(2028, 1, 26),
    2029: date(2029, 2, 13),
    2030: date(2030, 2, 3),
    2031: date(2031, 1, 23),
}
_FIXED = {"元旦": (1, 1), "五一": (5, 1), "劳动节": (5, 1), "国庆": (10, 1), "国庆节": (10, 1)}
_YEAR = r"(?:(?P<y4>20[0-9]{2})年?|(?P<y2>[2-9][0-9])年|(?P<yw>今年|本年|当年|明年|后年|去年|前年))"
_ISO = re.compile(
    r"(?P<y>20[0-9]{2})"
    r"(?:[-/.](?P<m>[0-9]{1,2})(?:[-/.](?P<d>[0-9]{1,2}))?|(?P<mm>[0-9]{2})(?P<dd>[0-9]{2})?)[日号]?"
)
_SHORT = re.compile(r"(?P<m>[0-9]{1,2})[/.](?P<d>[0-9]{1,2})")
_NAMED = re.compile(
    rf"{_YEAR}?度?(?:(?P<holiday>元旦|五一|劳动节|国庆节?|春节)节?|(?P<edge>年?[初中底末])|(?P<half>[上下])半年"
    r"|(?:第?(?P<q>[1-4])季度?|[Qq](?P<qq>[1-4]))(?P<qedge>[初末底])?"
    r"|(?P<m>[0-9]{1,2})月份?(?:(?P<d>[0-9]{1,2})[日号]?|(?P<medge>初|上旬|中旬|下旬|中|底|末))?|(?P<all>全年|年度|内)?)"
)
_NEAR = re.compile(
    r"(?:(?P<month>本|这个?|当|下个?)月|(?P<monthend>月)(?=[底末]))(?P<medge>初|上旬|中旬|下旬|中|底|末)?"
    r"|(?P<quarter>本|这个?|下个?)季度?(?P<qedge>[初末底])?|(?P<week>本|这|下)(?:周|星期|礼拜)(?P<wd>[1-6日天])?"
    r"|(?P<day>今天|明天|后天|大后天)"
)
_FIRST, _MIDDLE, _LAST = (1, 10), (11, 20), (21, 31)
_MONTH_EDGES = {
    "初": _FIRST,
    "上旬": _FIRST,
    "中": _MIDDLE,
    "中旬": _MIDDLE,
    "下旬": _LAST,
    "底": _LAST,
    "末": _LAST,
}
_YEAR_EDGES = {"初": (1, 3), "中": (6, 7), "底": (12, 12), "末": (12, 12)}
_ENDS = frozenset(("底", "末", "下旬", "中旬", "上旬"))


def named(said: str, today: date) -> Named | None:
    """The stretch the whole text names, or None; NoSuchDay where it names a day that does not exist."""
    return _iso(said, today) or _near(said, today) or _by_name(said, today)


def day(year: int, month: int, number: int) -> date:
    """That day, or NoSuchDay."""
    try:
        return date(year, month, number)
    except ValueError as error:
        raise NoSuchDay(f"{year}-{month}-{number}") from error


def months(year: int, first: int, last: int) -> tuple[date, date]:
    """First day of the first month to last day of the last."""
    return day(year, first, 1), day(year, last, _length(year, last))


def _length(year: int, month: int) -> int:
    if not 1 <= month <= 12:
        raise NoSuchDay(f"{year}-{month}")
    return monthrange(year, month)[1]


def _iso(said: str, today: date) -> Named | None:
    match = _ISO.fullmatch(said)
    if match and (match["m"] or match["mm"]):
        year, month = int(match["y"]), int(match["m"] or match["mm"])
        number = match["d"] or match["dd"]
        return _one(day(year, month, int(number))) if number else Named(*months(year, month, month))
    short = _SHORT.fullmatch(said)
    return _next_day(int(short["m"]), int(short["d"]), today) if short else None


def _one(when: date) -> Named:
    return Named(when, when, "day")


def _next_day(month: int, number: int, today: date) -> Named:
    """A day without a year is the next one to come; 29 February may be some years away."""
    day(2028, month, number)
    for year in range(today.year, today.year + 9):
        if number <= _length(year, month) and date(year, month, number) >= today:
            return Named(date(year, month, number), date(year, month, number), "day", floating=True)
    raise NoSuchDay(f"{month}-{number}")


def _near(said: str, today: date) -> Named | None:
    match = _NEAR.fullmatch(said)
    if match is None:
        return None
    if match["day"]:
        return _one(today + timedelta(days={"今天": 0, "明天": 1, "后天": 2, "大后天": 3}[match["day"]]))
    if match["week"]:
        return _week(match["week"] == "下", match["wd"], today)
    if match["quarter"]:
        return _next_quarter(match["quarter"].startswith("下"), match["qedge"], today)
    ahead = bool(match["month"] and match["month"].startswith("下"))
    index = today.year * 12 + today.month - 1 + ahead
    return _month(index // 12, index % 12 + 1, match["medge"])


def _week(following: bool, weekday: str | None, today: date) -> Named:
    monday = today - timedelta(days=today.weekday()) + timedelta(days=7 * following)
    if weekday is None:
        return Named(monday, monday + timedelta(days=6))
    return _one(monday + timedelta(days=6 if weekday in "日天" else int(weekday) - 1))


def _next_quarter(following: bool, edge: str | None, today: date) -> Named:
    index = today.year * 4 + (today.month - 1) // 3 + following
    return _quarter(index // 4, index % 4 + 1, edge)


def _quarter(year: int, number: int, edge: str | None) -> Named:
    first = number * 3 - 2
    if edge == "初":
        return Named(*months(year, first, first))
    if edge:
        return Named(*months(year, first + 2, first + 2), "end")
    return Named(*months(year, first, first + 2))


def _month(year: int, month: int, edge: str | None) -> Named:
    if edge is None:
        return Named(*months(year, month, month))
    first, last = _MONTH_EDGES[edge]
    grain: Grain = "end" if edge in _ENDS else "period"
    return Named(day(year, month, first), day(year, month, min(last, _length(year, month))), grain)


def _by_name(said: str, today: date) -> Named | None:
    match = _NAMED.fullmatch(said)
    if match is None or not said or _needs_year(match):
        return None
    year = _year(match, today)
    if year is not None:
        return _within(match, year)
    if match["m"] and match["d"]:
        return _next_day(int(match["m"]), int(match["d"]), today)
    for candidate in (today.year, today.year + 1):
        found = _within(match, candidate)
        if found is not None and found.end >= today:
            return Named(found.start, found.end, found.grain, floating=True)
    return found


def _needs_year(match: re.Match[str]) -> bool:
    """底, 中 and 内 alone name nothing; 年底 does."""
    edge = match["edge"] or ""
    return not _has_year(match) and (bool(match["all"]) or (edge != "" and not edge.startswith("年")))


def _has_year(match: re.Match[str]) -> bool:
    return bool(match["y4"] or match["y2"] or match["yw"])


def _year(match: re.Match[str], today: date) -> int | None:
    if match["y4"]:
        return int(match["y4"])
    if match["y2"]:
        return 2000 + int(match["y2"])
    words = {"今年": 0, "本年": 0, "当年": 0, "明年": 1, "后年": 2, "去年": -1, "前年": -2}
    return today.year + words[match["yw"]] if match["yw"] else None


def _within(match: re.Match[str], year: int) -> Named | None:
    if match["holiday"]:
        return _holiday(match["holiday"], year)
    if match["edge"]:
        first, last = _YEAR_EDGES[match["edge"][-1]]
        return Named(*months(year, first, last), "end" if match["edge"][-1] in _ENDS else "period")
    if match["half"]:
        return Named(*(months(year, 1, 6) if match["half"] == "上" else months(year, 7, 12)))
    if match["q"] or match["qq"]:
        return _quarter(year, int(match["q"] or match["qq"]), match["qedge"])
    if match["m"] and match["d"]:
        return _one(day(year, int(match["m"]), int(match["d"])))
    if match["m"]:
        return _month(year, int(match["m"]), match["medge"])
    return Named(*months(year, 1, 12))


def _holiday(name: str, year: int) -> Named | None:
    when = _SPRING.get(year) if name == "春节" else date(year, *_FIXED[name])
    return Named(when, when, "holiday") if when else None
