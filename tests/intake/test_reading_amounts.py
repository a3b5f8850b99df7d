"""Amounts and dates: what people say, and the properties that hold for any of it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.formbook import Formbook
from intake.models import Read, Unread
from intake.reading.dates import plus_months, read_date
from intake.reading.money import band_of, read_money
from intake.reading.numerals import number
from intake.values import DateSpan, Money

TODAY = date(2026, 11, 20)
WAN = Decimal(10_000)


def _money(text: str) -> Money:
    read = read_money(text)
    assert isinstance(read, Read), (text, read)
    assert isinstance(read.value, Money)
    return read.value


def _span(text: str, today: date = TODAY) -> DateSpan:
    read = read_date(text, today)
    assert isinstance(read, Read), (text, read)
    assert isinstance(read.value, DateSpan)
    return read.value


def _spoken(value: int) -> str:
    """A number below ten thousand as it is said in Chinese: the other direction, written apart from the reader."""
    digits, places = "零一二三四五六七八九", ("千", "百", "十", "")
    said, pending_zero = "", False
    for digit, place in zip(f"{value:04d}", places, strict=True):
        if digit == "0":
            pending_zero = bool(said)
            continue
        said += ("零" if pending_zero else "") + digits[int(digit)] + place
        pending_zero = False
    return said or "零"


@given(st.integers(1, 9999))
def test_any_number_below_ten_thousand_is_read_as_it_is_said(value: int) -> None:
    assert number(_spoken(value)) == value
    assert _money(f"{_spoken(value)}万") == Money(low=value * WAN, high=value * WAN)


@given(st.integers(1, 9999), st.integers(0, 9999))
def test_yi_and_wan_add_up(yi: int, wan: int) -> None:
    said = f"{yi}亿{wan}万" if wan else f"{yi}亿"
    assert number(said) == Decimal(yi) * WAN * WAN + wan * WAN


@given(st.integers(1, 900), st.integers(1, 99), st.sampled_from(["-", "到", "至", "~", "～", "—"]))
def test_a_range_takes_its_unit_from_its_second_end(low: int, more: int, separator: str) -> None:
    assert _money(f"{low}{separator}{low + more}万") == Money(low=low * WAN, high=(low + more) * WAN)


@given(st.integers(1, 5000))
def test_bounds_leave_one_end_open(amount: int) -> None:
    assert _money(f"不超过{amount}万") == Money(low=None, high=amount * WAN) == _money(f"{amount}万以内")
    assert _money(f"不低于{amount}万") == Money(low=amount * WAN, high=None) == _money(f"{amount}万以上")


@given(st.text(alphabet="0123456789一二两三十百千万亿点半多几-到至以内上不超过约元w%年 .,零〇", max_size=16))
def test_any_text_is_an_amount_in_order_or_has_a_key(text: str) -> None:
    read = read_money(text)
    if isinstance(read, Unread):
        assert read.error.key.startswith("error.money.")
        return
    assert isinstance(read.value, Money)
    assert all(end is None or end > 0 for end in (read.value.low, read.value.high))


def test_two_neighbouring_digits_are_a_range() -> None:
    read = read_money("两三百万")
    assert isinstance(read, Read)
    assert read.value == Money(low=200 * WAN, high=300 * WAN)
    assert read.echo.key == "show.money.range"
    assert read.echo.values == {"low": "200", "high": "300"}


def test_a_missing_unit_is_said_to_be_assumed() -> None:
    for text, key in (("300", "warning.money.taken_as_wan"), ("500000", "warning.money.taken_as_yuan")):
        read = read_money(text)
        assert isinstance(read, Read)
        assert [warning.key for warning in read.warnings] == [key]


@pytest.mark.parametrize(
    ("text", "band"),
    [
        ("两三百万", "100_300"),
        ("50-80万", "50_100"),
        ("不超过三百万", "100_300"),
        ("100万", "100_300"),
        ("99万", "50_100"),
        ("5万", "lt10"),
        ("2000万以上", "gt1000"),
        ("50到200万", "100_300"),
    ],
)
def test_an_amount_finds_its_band(book: Formbook, text: str, band: str) -> None:
    options = book.form("technology").step("budget_band").options
    found = band_of(_money(text), options)
    assert found is not None
    assert found.code == band


@given(st.dates(TODAY, date(2031, 11, 20)))
def test_a_day_is_read_in_every_common_writing(when: date) -> None:
    expected = DateSpan(start=when, end=when)
    writings = (
        when.isoformat(),
        f"{when:%Y%m%d}",
        f"{when.year}年{when.month}月{when.day}日",
        f"{when.year}/{when.month}/{when.day}",
        f"{when.year}.{when.month}.{when.day}",
    )
    for text in writings:
        assert _span(text) == expected
    assert _span(f"{writings[0]}前") == DateSpan(start=TODAY, end=when)


@given(st.dates(date(2026, 1, 1), date(2030, 12, 31)), st.integers(1, 50))
def test_months_ahead_end_on_that_day_or_the_last_of_the_month(today: date, count: int) -> None:
    span = _span(f"{count}个月内", today)
    assert span.start == today
    assert span.end == plus_months(today, count)
    assert (span.end.year * 12 + span.end.month) - (today.year * 12 + today.month) == count
    assert span.end.day == today.day or (span.end + timedelta(days=1)).day == 1


@given(st.dates(date(2026, 1, 1), date(2030, 12, 31)), st.integers(1, 12))
def test_a_month_without_a_year_is_the_next_to_come(today: date, month: int) -> None:
    span = _span(f"{month}月", today)
    assert span.start.month == month
    assert today <= span.end
    assert span.end < plus_months(today, 13)


@given(
    st.text(alphabet="0123456789年月日底前内后个半季度Q明今下一二三四十上至到-/.春节", max_size=14),
    st.dates(date(2026, 1, 1), date(2030, 12, 31)),
)
def test_any_text_is_a_time_to_come_or_has_a_key(text: str, today: date) -> None:
    read = read_date(text, today)
    if isinstance(read, Unread):
        assert read.error.key.startswith("error.date.")
        return
    assert isinstance(read.value, DateSpan)
    assert today <= read.value.end <= plus_months(today, 60)


def test_a_day_the_calendar_lacks_is_named_as_such() -> None:
    for text in ("2027年2月29日", "6月31日", "2027年13月", "2月30日"):
        read = read_date(text, TODAY)
        assert isinstance(read, Unread)
        assert read.error.key == "error.date.no_such_day"


def test_the_29th_of_february_is_found_years_ahead() -> None:
    assert _span("2月29日") == DateSpan(start=date(2028, 2, 29), end=date(2028, 2, 29))


def test_policy_questions_are_neither_amounts_nor_dates() -> None:
    for text in ("50万以内能申请什么政策?", "贷款300万需要抵押吗"):
        assert isinstance(read_money(text), Unread)
    for text in ("半年内能申请几次科技券?", "2027年的高企认定几月开始?"):
        assert isinstance(read_date(text, TODAY), Unread)
