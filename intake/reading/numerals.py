"""Numbers as Chinese writes them: 120, 1.2亿, 1亿2000万, 两百五十万, 一点二亿, 一万五, 壹佰万, 半亿 → Decimal."""

from __future__ import annotations

import re
from decimal import Decimal

_FINANCIAL = str.maketrans("壹贰貳叁参肆伍陆陸柒捌玖拾佰仟萬億〇两兩", "一二二三三四五六六七八九十百千万亿零二二")
_DIGITS = {character: number for number, character in enumerate("零一二三四五六七八九")}
_PLACES = {"十": Decimal(10), "百": Decimal(100), "千": Decimal(1000)}
_SCALES = {"万": Decimal(10_000), "亿": Decimal(100_000_000)}
_UNITS = {**_PLACES, **_SCALES}
_WORD = re.compile(
    r"[0-9]+(?:\.[0-9]+)?|[零一二三四五六七八九]*点[零一二三四五六七八九]+|[零一二三四五六七八九半]+|[十百千万亿]"
)

NUMERAL = r"[0-9.零〇一二三四五六七八九十百千万亿两兩半点壹贰貳叁参肆伍陆陸柒捌玖拾佰仟萬億]"
"""One character of a numeral, for use inside other patterns."""


def number(text: str) -> Decimal | None:
    """The whole text as one number, or None. 一万五 is 15,000 and 一亿二 is 1.2亿, as they are said."""
    text = text.translate(_FINANCIAL).replace("个亿", "亿").replace("个万", "万")
    words = _WORD.findall(text)
    if not words or "".join(words) != text or set(text) <= _SCALES.keys():
        return None
    return _evaluate(words)


def _evaluate(words: list[str]) -> Decimal | None:
    """Sections as they are said: places gather in a section, 万 closes it, 亿 closes all before it."""
    total = Decimal(0)
    section: Decimal | None = None
    current: Decimal | None = None
    smallest: Decimal | None = None
    for word in words:
        if word not in _UNITS:
            if current is not None:
                return None
            current = _digits(word)
            continue
        smallest = _UNITS[word]
        if word in _PLACES:
            section = (section or 0) + (Decimal(1) if current is None else current) * smallest
        else:
            total, section = _closed(word, total, section, current), None
        current = None
    return total + (section or 0) + _tail(words, current, smallest)


def _closed(word: str, total: Decimal, section: Decimal | None, current: Decimal | None) -> Decimal:
    said = None if section is None and current is None else (section or Decimal(0)) + (current or 0)
    if word == "亿":
        before = total + (said or 0)
        return (Decimal(1) if said is None and not total else before) * _SCALES[word]
    return total + (Decimal(1) if said is None else said) * _SCALES[word]


def _tail(words: list[str], current: Decimal | None, smallest: Decimal | None) -> Decimal:
    """A last bare digit after a unit stands for the next place (一万五), unless 零 stands before it."""
    if current is None:
        return Decimal(0)
    spoken = len(words[-1]) == 1 and words[-1] in _DIGITS
    if smallest is not None and smallest > 10 and spoken:
        return current * smallest / 10
    return current


def _digits(word: str) -> Decimal:
    if word[0].isascii():
        return Decimal(word)
    if word == "半":
        return Decimal("0.5")
    whole, _, fraction = word.partition("点")
    spelled = "".join(str(_DIGITS[character]) for character in whole if character in _DIGITS) or "0"
    decimals = "".join(str(_DIGITS[character]) for character in fraction)
    return Decimal(f"{spelled}.{decimals}" if decimals else spelled)
