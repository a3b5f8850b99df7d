"""Deadlines as people say them: 年底前, 半年内, 2027年一季度, 3-6个月, 截止到明年6月 → a range of days, given today.

「前」 after a month, quarter or year ends the day before it begins (6月前 is by 31 May), after a day or 底 it
includes it; the echo shows the days, so that a person who meant otherwise can say so.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from intake.display import show_dates
from intake.models import Read, Saying, Unread
from intake.reading.calendar_words import Named, NoSuchDay, day, months, named
from intake.reading.numerals import number
from intake.reading.plain import tight
from intake.values import DateSpan

YEARS_AHEAD = 5
_LEAD = re.compile(
    r"^(?:我们|公司|希望|期望|计划|预计|争取|打算|大概|大约|最好|力争|应该|时间|是|在|于|:|未来|接下来的?)+"
)
_TRAIL = re.compile(r"(?:完成|完工|结束|到位|到岗|上线|交付|投产|入驻|用款|开始|就行|即可|左右|吧|的时候|期间|之间)+$")
_BY = re.compile(r"^(?:截止到?|截至到?|最晚到?|最迟到?|不晚于|不迟于|到)")
_BEFORE = re.compile(r"(?:之前|以前|前)$")
_WITHIN = re.compile(r"(?:之内|以内|内)$")
_AFTER = re.compile(r"(?:之后|以后|后)$")
_SEPARATOR = re.compile(r"至|到|~|-|—|–")
_VAGUE = re.compile(
    r"尽快|越快越好|尽早|待定|看情况|年后|近期|最近|随时|长期|长期有效|不确定|不清楚|没想好|还没定|不急|再说|以后"
)
_SPAN = re.compile(r"(?P<n>[0-9]+)?(?P<half>半)?(?P<unit>个月|年|个?周|个?星期|个?礼拜|天|日|个季度)(?P<plus>半)?")
_COUNTS = re.compile(r"(?P<a>[0-9]+)[-~—至到](?P<b>[0-9]+)(?P<unit>个月|年|周|天)")
_SPOKEN_PAIR = re.compile(
    r"(?<![〇零一二三四五六七八九十])(一[二两]|[二两]三|三[四五]|四五|五六|六七|七八|八九)"
    r"(?=个月|年|周|个?星期|天)"
)
_MONTH_PAIR = re.compile(r"(?<![〇零一二三四五六七八九十])([一二三四五六七八][二三四五六七八九])月份?")
_NUMERAL = re.compile(
    r"[〇零一二两三四五六七八九十]+(?=[年月日号周天]|个|季|星期|礼拜|$|[至到-])|(?<=[周期拜])[一二三四五六]"
)
_DIGITS = dict(zip("〇零一二三四五六七八九", "00123456789", strict=True))


def read_date(text: str, today: date, years_ahead: int = YEARS_AHEAD) -> Read | Unread:
    """Read(DateSpan) that ends today or later and within `years_ahead` years, or error.date.*."""
    said = _arabic(tight(text))
    if not said:
        return _error("empty", today)
    said = _TRAIL.sub("", _LEAD.sub("", said))
    if _VAGUE.fullmatch(said):
        return _error("vague", today)
    try:
        span = _span(said, today)
    except NoSuchDay:
        return _error("no_such_day", today)
    except OverflowError:
        return _error("too_far", today)
    return _checked(span, today, years_ahead) if span else _error("not_a_date", today)


def _checked(span: tuple[date, date], today: date, years_ahead: int) -> Read | Unread:
    start, end = span
    if end < today:
        return _error("past", today)
    if end > plus_months(today, 12 * years_ahead):
        return _error("too_far", today)
    value = DateSpan(start=start, end=end)
    return Read(value, show_dates(value))


def _span(said: str, today: date) -> tuple[date, date] | None:
    by = _BY.sub("", said)
    if by != said:
        found = _span(by, today)
        return (today, found[1]) if found else None
    for suffix, bounded in ((_BEFORE, _before), (_WITHIN, _within), (_AFTER, _after)):
        core = suffix.sub("", said)
        if core != said:
            return bounded(core, today)
    return _bare(said, today)


def _bare(said: str, today: date) -> tuple[date, date] | None:
    found = named(said, today)
    if found:
        return found.start, found.end
    counted = _counted(said, today)
    if counted:
        return counted
    length = _length(said, today)
    return (today, length) if length else _from_to(said, today)


def _before(core: str, today: date) -> tuple[date, date] | None:
    found = named(core, today)
    if found is None:
        return None
    end = found.end if found.grain in ("day", "end") else found.start - timedelta(days=1)
    if end < today and found.floating:
        end = plus_months(end, 12)
    return min(today, end), end


def _within(core: str, today: date) -> tuple[date, date] | None:
    counted = _counted(core, today)
    end = counted[1] if counted else _length(core, today)
    if end is None:
        found = named("年底" if core in ("年", "本年度") else core, today)
        end = found.end if found else None
    return (min(today, end), end) if end else None


def _after(core: str, today: date) -> tuple[date, date] | None:
    """半年后 is that day; 2027年6月以后 has no end, which a deadline needs, and stays unread."""
    end = _length(core, today)
    return (end, end) if end else None


def _from_to(said: str, today: date) -> tuple[date, date] | None:
    for separator in _SEPARATOR.finditer(said):
        first, second = said[: separator.start()], said[separator.end() :]
        start = named(first, today) or named(first + _unit(second), today)
        end = _end_of(second, start, today) if start else None
        if start and end and start.start <= end:
            return start.start, end
    return None


def _unit(said: str) -> str:
    return "月" if said.endswith(("月", "月份")) else ""


def _end_of(second: str, start: Named, today: date) -> date | None:
    """The second end takes its year (and month) from the first where it names none."""
    partial = re.fullmatch(r"(?:(?P<m>[0-9]{1,2})月份?)?(?:(?P<d>[0-9]{1,2})[日号])?", second)
    if partial is None or not second:
        found = named(second, today)
        return found.end if found else None
    year, month = start.start.year, int(partial["m"] or start.start.month)
    if month < start.start.month:
        year += 1
    return day(year, month, int(partial["d"])) if partial["d"] else months(year, month, month)[1]


def _counted(said: str, today: date) -> tuple[date, date] | None:
    match = _COUNTS.fullmatch(said)
    if match is None:
        return None
    first, last = (_length(match[end] + match["unit"], today) for end in ("a", "b"))
    return (first, last) if first and last and first <= last else None


def _length(said: str, today: date) -> date | None:
    """Today plus a length of time: 3个月, 半年, 一年半, 一个半月, 90天. 27年 is a year's name and not a length."""
    match = _SPAN.fullmatch(said.replace("个半月", "个月半"))
    if match is None or not (match["n"] or match["half"]):
        return None
    unit = match["unit"].removeprefix("个")
    count = int(match["n"] or 0)
    halves = count * 2 + bool(match["half"]) + bool(match["plus"])
    if unit in ("周", "星期", "礼拜"):
        return today + timedelta(days=halves * 7 // 2)
    if unit in ("天", "日"):
        return today + timedelta(days=count)
    if unit == "年":
        return plus_months(today, halves * 6) if count < 20 else None
    if unit == "季度":
        return plus_months(today, count * 3)
    return plus_months(today, halves // 2) + timedelta(days=15 * (halves % 2))


def plus_months(start: date, count: int) -> date:
    """The same day so many months later, or the last day of that month where it has none."""
    index = start.year * 12 + start.month - 1 + count
    last = months(index // 12, index % 12 + 1, index % 12 + 1)[1]
    return last.replace(day=min(start.day, last.day))


def _arabic(said: str) -> str:
    """Spoken numbers become digits, year by year or by value; 两三个月 becomes 2-3个月; names like 五一 stay."""
    said = said.replace("半个月", "15天").replace("年半内", "年半")
    said = _MONTH_PAIR.sub(lambda m: f"{_value(m[1][0])}月至{_value(m[1][1])}月", said)
    said = _SPOKEN_PAIR.sub(lambda m: f"{_value(m[1][0])}-{_value(m[1][1])}", said)
    kept = said.replace("五一", "\0")
    return _NUMERAL.sub(lambda m: _value(m[0]), kept).replace("\0", "五一")


def _value(said: str) -> str:
    if len(said) >= 2 and all(character in _DIGITS for character in said):
        return "".join(_DIGITS[character] for character in said)
    value = number(said)
    return said if value is None else str(int(value))


def _error(name: str, today: date) -> Unread:
    return Unread(Saying(f"error.date.{name}", {"year": str(today.year + 1), "years": str(YEARS_AHEAD)}))
