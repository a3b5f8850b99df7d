"""Numbers, amounts, shares, dates and terms in a sentence, in digits or in Chinese numerals, each with its unit. Pure.

`rag.citations.figures` compares how figures are written; this compares what they say, 「三年」 and 「两成」 as well.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

_DIGITS = {sign: place for place, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "半": 0}
_TENS = {"十": 10, "百": 100, "千": 1000}
_GREAT = {"万": 10_000, "亿": 100_000_000}
_HAN = "零〇一二两三四五六七八九十百千万亿"
_UNIT = (
    r"个?工作日|自然日|个?月份?|年度?|[日号天周岁]|小时|季度|分钟|人次|平方米|平米|亩|元|块|%|‰|倍|成|折"
    r"|[人名家户项次个台套件批期级档类条款位届]"
)
_DATE = re.compile(r"(?:([0-9]{4})年)?([0-9]{1,2})月(?:([0-9]{1,2})[日号])?(?![0-9]*个)|([0-9]{4})年(?![0-9])")
_NUMBER = re.compile(
    rf"(?P<of>百分之|千分之|万分之)?(?P<number>[0-9]+(?:,[0-9]{{3}})*(?:\.[0-9]+)?|[{_HAN}]+|半)(?P<great>[十百千万亿]*)"
    rf"(?P<unit>{_UNIT})?"
)
_SAME = {"工作日": "工作日", "个工作日": "工作日", "月": "月", "个月": "月", "月份": "月", "个月份": "月", "年度": "年",
         "号": "日", "块": "元", "平米": "平方米"}  # fmt: skip
_NOT_A_NUMBER = re.compile(
    r"一次性|一律|一致|一般|一定|一并|一体|一方|一起|统一|唯一|(?<![0-9一二两三四五六七八九十百千])万元以|同一|第一时间|(?<![0-9])十分|千方百计|一些|进一步"
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """`value` with its `unit` ("" where none is said). A date is its parts: 2025-5-1, -5-1, 2025-5-."""

    value: str
    unit: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A quantity and where it stands in the text as `bare` has it."""

    quantity: Quantity
    start: int
    end: int


def bare(text: str) -> str:
    """The text in the form that figures are read in: folded, without white space, in lower case."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()


def figures_in(text: str) -> list[Figure]:
    """What a text says in numbers, and where in its `bare` form; dates first."""
    masked = _NOT_A_NUMBER.sub(_mask, bare(text))
    return [*_dates(masked), *_numbers(_DATE.sub(_mask, masked))]


def quantities(text: str) -> list[Quantity]:
    """What a text says in numbers."""
    return [figure.quantity for figure in figures_in(text)]


def _mask(match: re.Match[str]) -> str:
    return "・" * len(match.group())


def stated(quantity: Quantity, quoted: list[Quantity]) -> bool:
    """Whether a quotation says so too: the same value with the same unit, or a date that is a part of one there."""
    if quantity.unit == "date":
        return any(other.unit == "date" and _part_of(quantity.value, other.value) for other in quoted)
    return any(
        other.value == quantity.value and (other.unit == quantity.unit or not quantity.unit)
        for other in quoted
        if other.unit != "date"
    )


def _part_of(date: str, other: str) -> bool:
    return all(not mine or mine == theirs for mine, theirs in zip(date.split("-"), other.split("-"), strict=True))


def _dates(text: str) -> Iterator[Figure]:
    for match in _DATE.finditer(text):
        year, month, day, alone = match.groups()
        parts = (year or alone or "", str(int(month)) if month else "", str(int(day)) if day else "")
        yield Figure(Quantity("-".join(parts), "date"), *match.span())


def _numbers(text: str) -> Iterator[Figure]:
    for match in _NUMBER.finditer(text):
        unit, of = match["unit"] or "", match["of"]
        if not match["number"][0].isdigit() and not unit and not of and len(match["number"]) < 2:
            continue  # 「一」 by itself is part of a word far more often than a number
        value = _value(match["number"]) * _scale(match["great"])
        if of:
            unit = {"百分之": "%", "千分之": "‰", "万分之": "万分"}[of]
        if unit == "成":
            value, unit = value * 10, "%"
        yield Figure(Quantity(format(value.normalize(), "f"), _SAME.get(unit, unit)), *match.span())


def _scale(great: str) -> Decimal:
    scale = Decimal(1)
    for sign in great:
        scale *= _TENS.get(sign) or _GREAT[sign]
    return scale


def _value(number: str) -> Decimal:
    if number == "半":
        return Decimal("0.5")
    try:
        return Decimal(number.replace(",", ""))
    except InvalidOperation:
        return Decimal(_han(number))


def _han(number: str) -> int:
    """三百五十 → 350; 二〇二五 → 2025."""
    if not any(sign in _TENS or sign in _GREAT for sign in number):
        return int("".join(str(_DIGITS[sign]) for sign in number))
    whole = part = digit = 0
    for sign in number:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign in _TENS:
            part, digit = part + (digit or 1) * _TENS[sign], 0
        else:
            whole, part, digit = (whole + part + digit or 1) * _GREAT[sign], 0, 0
    return whole + part + digit
