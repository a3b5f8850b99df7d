"""When two copies of a page are the same text: the day it was fetched and its counters do not count. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from hashlib import sha256

_TIME = r"(?:[T ]*(?:上午|下午)?[ ]*[0-9]{1,2}[:时点][0-9]{1,2}(?:[:分][0-9]{1,2}秒?|分)?)?"
_DAY = r"(?P<y>[12][0-9]{3})[年./-](?P<m>[0-9]{1,2})[月./-](?P<d>[0-9]{1,2})[日号]?" + _TIME
_WEEKDAY = r"[ ]*[(]?(?:星期|周)[一二三四五六日天][)]?"
_PLAIN_DAY = re.sub(r"\?P<[ymd]>", "?:", _DAY)
_STAMPED = re.compile(
    r"(?:(?:现在|当前|系统|访问|打印|保存|抓取|采集|下载|浏览|查询|导出)(?:时间|日期)|今天是?|今日)[:,]?[ ]*"
    + _PLAIN_DAY + "(?:" + _WEEKDAY + ")?" + _TIME
)  # fmt: skip
_COUNTED = re.compile(r"(?:浏览|阅读|点击|访问)(?:次数|总数|量|数)[:]?[ ]*[0-9,]+[ ]*次?")
_ONLY_A_DAY = re.compile(_DAY + "(?P<weekday>" + _WEEKDAY + ")?" + _TIME)


def text_key(text: str, fetched: date) -> str:
    """A digest of the text without white space, and without what says when it was fetched: a stamp with its word
    (打印时间：…), a counter (浏览次数：…), a line that is nothing but a day with its weekday, or the day `fetched`.

    A date inside a sentence always counts.
    """
    kept = "\n".join(_counting(unicodedata.normalize("NFKC", text), fetched))
    return sha256(kept.encode("utf-8", "surrogatepass")).hexdigest()


def _counting(text: str, fetched: date) -> Iterator[str]:
    for line in text.splitlines():
        rest = _COUNTED.sub("", _STAMPED.sub("", line)).strip()
        alone = _ONLY_A_DAY.fullmatch(rest)
        if alone is not None and (alone["weekday"] or _is(fetched, alone)):
            continue
        if bare := re.sub(r"\s+", "", rest):
            yield bare


def _is(day: date, found: re.Match[str]) -> bool:
    return (day.year, day.month, day.day) == (int(found["y"]), int(found["m"]), int(found["d"]))
