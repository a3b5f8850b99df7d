"""Two copies of a page are the same text whenever they were fetched, and another text as soon as a word of it is."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.changes.text_key import text_key

TEXT = "青岛市深海装备扶持办法\n青海规〔2026〕9号\n第一条 一次性奖励66万元。\n自2026年3月2日起施行。\n2026年2月20日\n"
DAY = date(2026, 3, 2)
DAYS = st.dates(date(2020, 1, 1), date(2035, 1, 1))
STAMPS = (
    "打印时间：{d:%Y}-{d:%m}-{d:%d} 10:20:33",
    "今天是{d.year}年{d.month}月{d.day}日 星期三",
    "当前日期: {d:%Y}/{d:%m}/{d:%d}",
    "{d.year}年{d.month}月{d.day}日（星期一）",
    "{d:%Y}-{d:%m}-{d:%d}",
    "来源：青岛市科学技术局 浏览次数：{d.day}",
    "来源：青岛市科学技术局 访问时间：{d:%Y}-{d:%m}-{d:%d} 08:00",
)


@given(st.sampled_from(STAMPS), DAYS, DAYS)
def test_the_day_it_was_fetched_does_not_count(stamp: str, first: date, second: date) -> None:
    keys = {text_key(stamp.format(d=day) + "\n" + TEXT, day) for day in (first, second)}
    assert len(keys) == 1


@given(st.integers(0, len(TEXT) - 1), st.sampled_from("0123456789百甲"))
def test_every_other_character_does(place: int, other: str) -> None:
    changed = TEXT[:place] + other + TEXT[place + 1 :]
    assert (text_key(changed, DAY) == text_key(TEXT, DAY)) is (changed == TEXT)


@pytest.mark.parametrize(
    "line",
    [
        "申报截止2026年3月2日。",
        "自2026年3月2日起施行",
        "发布日期：2026-03-02",
        "2026年3月2日（星期一）17:00截止",
        "2026年3月2日前提交",
    ],
)
def test_a_date_that_says_something_counts_even_on_the_day_it_was_fetched(line: str) -> None:
    later = line.replace("3月2日", "3月9日").replace("03-02", "03-09")
    assert text_key(f"{TEXT}{line}", DAY) != text_key(f"{TEXT}{later}", DAY)


def test_white_space_and_width_do_not_count() -> None:
    assert text_key(TEXT.replace("\n", "\r\n\n　"), DAY) == text_key(TEXT, DAY + timedelta(days=400))
