"""What a number of an XLSX cell says: a whole number, a decimal, or, by its format, a date, a month or a time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

_BUILT_IN_MONTHS = {"17", "55"}
_BUILT_IN_TIMES = {"18", "19", "20", "21", "32", "33", "34", "35", "45", "46", "47"}
_BUILT_IN_DATES = {
    str(number) for number in (14, 15, 16, 22, *range(27, 32), 36, *range(50, 55), *range(56, 59))
}  # ECMA-376 part 1, 18.8.30, with the formats of zh-cn
_SILENT = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]|General|AM/PM|A/P', re.IGNORECASE)
_LONGEST = 15
"""Digits that a number of a workbook keeps: it is a double."""
_LAST_DAY = 2_958_465  # 9999-12-31


@dataclass(frozen=True, slots=True)
class Formats:
    """The number format of each style by its index, the codes of formats of the file's own, and the first day."""

    styles: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)
    from_1904: bool = False

    def kind(self, style: str) -> str:
        """date, month, time or number."""
        known = style.isdecimal() and int(style) < len(self.styles)
        identifier = self.styles[int(style)] if known else "0"
        if identifier in self.codes:
            return kind_of_code(self.codes[identifier])
        if identifier in _BUILT_IN_MONTHS:
            return "month"
        if identifier in _BUILT_IN_TIMES:
            return "time"
        return "date" if identifier in _BUILT_IN_DATES else "number"


def kind_of_code(code: str) -> str:
    """What a format code makes of a number: yyyy-mm-dd is a date, yyyy"年"m"月" a month, h:mm a time, 0.00 a number."""
    letters = _SILENT.sub("", code.split(";")[0]).lower()
    if "d" in letters or ("y" in letters and "m" not in letters):
        return "date"
    if "y" in letters:
        return "month"
    return "time" if re.search(r"[hms]", letters) else "number"


def number_text(value: str, style: str, formats: Formats) -> tuple[str, str]:
    """The words of a number and their kind. Raises ValueError for what is no number.

    A number of more than 15 digits has lost some of them, and is "long"; a date that no calendar has is an "error".
    """
    try:
        number = Decimal(value.strip())
    except InvalidOperation as fault:
        raise ValueError(value) from fault
    if not number.is_finite():
        raise ValueError(value)
    kind = formats.kind(style)
    if kind in ("date", "month"):
        return _day(number, kind, formats.from_1904)
    return _plain(number), kind if abs(number) < Decimal(10) ** _LONGEST else "long"


def _day(number: Decimal, kind: str, from_1904: bool) -> tuple[str, str]:
    if not 1 <= number <= _LAST_DAY:
        return str(number), "error"
    whole = int(number)
    if from_1904:
        day = date(1904, 1, 1) + timedelta(days=whole)
    else:
        # The format counts a 29 February 1900 that never was.
        day = date(1899, 12, 31 if whole < 60 else 30) + timedelta(days=whole)
    return (day.isoformat()[:7] if kind == "month" else day.isoformat()), kind


def _plain(number: Decimal) -> str:
    if abs(number.adjusted()) > 400:
        return str(number)
    rounded = number if number == number.to_integral_value() else Decimal(f"{number:.15g}")
    return format(rounded.normalize(), "f")
