"""Numbered heads as Chinese documents write them, each read at one offset: 第X章, 第X条, 一、, （一）, 1., （1）, ①."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum


class Rank(IntEnum):
    """How deep a head stands; a head closes every open one of its own rank or deeper."""

    HEADING = 0
    BOOK = 10
    SUBBOOK = 11
    CHAPTER = 12
    PART = 13
    ARTICLE = 20
    FIRST = 30
    SECOND = 31
    THIRD = 32
    FOURTH = 33
    FIFTH = 34


@dataclass(frozen=True, slots=True)
class Mark:
    """A head at text[start:]; its own words begin at `body`. `number` is (12, 1) for 第十二条之一."""

    start: int
    body: int
    rank: Rank
    number: tuple[int, int]
    label: str


_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_CHINESE = "〇零一二两三四五六七八九十百千"
_ARABIC = "0-9０-９"
_BLANK = r"[ \t\u00a0\u2000-\u200a\u3000]"

_STRUCTURE = re.compile(rf"第{_BLANK}?([{_CHINESE}{_ARABIC}]{{1,9}}){_BLANK}?(分编|编|章|节|部分)")
_ARTICLE = re.compile(rf"第([{_CHINESE}{_ARABIC}]{{1,9}})条(?:之([{_CHINESE}{_ARABIC}]{{1,3}}))?")
_ITEMS: tuple[tuple[Rank, re.Pattern[str]], ...] = (
    (Rank.FIRST, re.compile(rf"([{_CHINESE}]{{1,3}}){_BLANK}?[、．.](?![{_CHINESE}]{{1,3}}[、是级类等档线年批次])")),
    (Rank.SECOND, re.compile(rf"[（(]{_BLANK}?([{_CHINESE}]{{1,3}}){_BLANK}?[）)]")),
    (Rank.THIRD, re.compile(rf"([{_ARABIC}]{{1,3}}){_BLANK}?[、．.](?![{_ARABIC}])")),
    (Rank.FOURTH, re.compile(rf"[（(]?{_BLANK}?([{_ARABIC}]{{1,3}}){_BLANK}?[）)]")),
)
_CIRCLES = ((Rank.FIFTH, "①", 20), (Rank.FOURTH, "⑴", 20), (Rank.THIRD, "⒈", 20), (Rank.SECOND, "㈠", 10))
_STRUCTURE_RANKS = {"编": Rank.BOOK, "分编": Rank.SUBBOOK, "章": Rank.CHAPTER, "节": Rank.PART, "部分": Rank.BOOK}
# What follows a cross-reference that happens to stand at a line's start: 第十二条的规定, 第五条第二款, 第三章规定.
_REFERENCE = re.compile(
    r"[的、，,;；。）)》”]|以[上下外内]|第[^条章节编]{1,5}[款项条]|[一二三四五六七八九十]款|中[的规所，]|所[称列述规指]"
    r"|规定|之规定|(?:以?及|和|或者?|与|至|到)(?:第|本|前|其他)"
    rf"|{_BLANK}+(?:、|规定的|所列|第[一二三四五六七八九十]{{1,3}}[款项])"
)
_CIRCLED = "".join(chr(ord(first) + offset) for _, first, count in _CIRCLES for offset in range(count))
STARTERS = f"第（({_CHINESE}0123456789０１２３４５６７８９{_CIRCLED}"


def number(numeral: str) -> int | None:
    """十二, 二十, 一百零三, 二〇, 12 or １２ as a number; None for a string that is none of them."""
    if re.fullmatch(rf"[{_ARABIC}]{{1,9}}", numeral):
        return int(numeral)
    if re.fullmatch(r"[〇零一二三四五六七八九]{2,9}", numeral):
        return int("".join(str(_DIGITS[c]) for c in numeral))
    total, digit = 0, 0
    for character in numeral:
        if character in _UNITS:
            total += (digit or 1) * _UNITS[character]
            digit = 0
        elif character in _DIGITS:
            digit = _DIGITS[character]
        else:
            return None
    return total + digit or None


def read_mark(text: str, at: int) -> Mark | None:
    """The head that begins at this offset, if its form is that of one; whether its number fits is not looked at."""
    if at >= len(text) or text[at] not in STARTERS:
        return None
    if text[at] == "第":
        return _read_structure(text, at) or _read_article(text, at)
    return _read_circle(text, at) or _read_item(text, at)


def _read_structure(text: str, at: int) -> Mark | None:
    found = _STRUCTURE.match(text, at)
    value = number(found[1]) if found else None
    if found is None or value is None or _REFERENCE.match(text, found.end()):
        return None
    return Mark(at, found.end(), _STRUCTURE_RANKS[found[2]], (value, 0), found[0])


def _read_article(text: str, at: int) -> Mark | None:
    found = _ARTICLE.match(text, at)
    value = number(found[1]) if found else None
    sub = (number(found[2]) or 0) if found and found[2] else 0
    if found is None or value is None or _REFERENCE.match(text, found.end()):
        return None
    return Mark(at, found.end(), Rank.ARTICLE, (value, sub), found[0])


def _read_circle(text: str, at: int) -> Mark | None:
    for rank, first, count in _CIRCLES:
        if 0 <= (offset := ord(text[at]) - ord(first)) < count:
            return Mark(at, at + 1, rank, (offset + 1, 0), text[at])
    return None


def _read_item(text: str, at: int) -> Mark | None:
    for rank, pattern in _ITEMS:
        if (found := pattern.match(text, at)) and (value := number(found[1])):
            return Mark(at, found.end(), rank, (value, 0), found[0])
    return None
