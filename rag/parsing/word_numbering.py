"""The numbers that Word draws before paragraphs and does not write into them: 第一条, 一、, （一）, 1., ①."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DIGITS = "〇一二三四五六七八九"
_LEGAL = str.maketrans("〇一二三四五六七八九十百千", "零壹贰叁肆伍陆柒捌玖拾佰仟")
_LEVELS = 9


def chinese(number: int) -> str:
    """12 → 十二, 105 → 一百零五; Arabic from 10,000 on."""
    if not 0 < number < 10_000:
        return str(number)
    words, pending = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            words += ("零" if pending else "") + _DIGITS[digit] + name
            pending = False
        else:
            pending = bool(words)
    return re.sub("^一十", "十", words)


def _letters(number: int) -> str:
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1) if 0 < number < 200 else str(number)


def _roman(number: int) -> str:
    words = ""
    for value, name in (
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ):
        count, number = divmod(number, value) if number < 400 else (0, number)
        words += name * count
    return words


def _of(row: str) -> Callable[[int], str]:
    return lambda number: row[number - 1] if 0 < number <= len(row) else str(number)


_FORMATS: dict[str, Callable[[int], str]] = {
    **dict.fromkeys(
        (
            "chineseCounting",
            "chineseCountingThousand",
            "japaneseCounting",
            "taiwaneseCounting",
            "taiwaneseCountingThousand",
        ),
        chinese,
    ),
    **dict.fromkeys(
        ("chineseLegalSimplified", "japaneseLegal", "ideographLegalTraditional"), lambda n: chinese(n).translate(_LEGAL)
    ),
    "ideographDigital": lambda n: "".join(_DIGITS[int(digit)] for digit in str(n)),
    "japaneseDigitalTenThousand": lambda n: "".join(_DIGITS[int(digit)] for digit in str(n)),
    "ideographTraditional": _of("甲乙丙丁戊己庚辛壬癸"),
    "ideographZodiac": _of("子丑寅卯辰巳午未申酉戌亥"),
    "decimalEnclosedCircle": _of("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"),
    "decimalEnclosedCircleChinese": _of("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"),
    "ideographEnclosedCircle": _of("㊀㊁㊂㊃㊄㊅㊆㊇㊈㊉"),
    "decimalFullWidth": lambda n: str(n).translate({48 + d: 0xFF10 + d for d in range(10)}),
    "decimalZero": lambda n: f"{n:02d}",
    "lowerLetter": _letters,
    "upperLetter": lambda n: _letters(n).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda n: _roman(n).upper(),
}


@dataclass(slots=True)
class Level:
    """How one level of a list is numbered."""

    text: str = ""
    form: str = "decimal"
    start: int = 1
    suffix: str = "tab"
    legal: bool = False


@dataclass(slots=True)
class Numbering:
    """The lists of a document and how far each has counted."""

    lists: dict[str, dict[int, Level]] = field(default_factory=dict)
    abstract: dict[str, str] = field(default_factory=dict)
    _counts: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, root: ET.Element | None) -> Numbering:
        numbering = cls()
        if root is None:
            return numbering
        shared = {kind.get(f"{W}abstractNumId", ""): _levels(kind) for kind in root.iter(f"{W}abstractNum")}
        for number in root.iter(f"{W}num"):
            name = number.get(f"{W}numId", "")
            base = _value(number.find(f"{W}abstractNumId"))
            overridden = {int(o.get(f"{W}ilvl", "0") or 0): o for o in number.iter(f"{W}lvlOverride")}
            levels = dict(shared.get(base, {}))
            for place, override in overridden.items():
                own = _levels(override).get(place)
                start = _value(override.find(f"{W}startOverride"))
                level = own or levels.get(place, Level())
                levels[place] = Level(level.text, level.form, _whole(start, level.start), level.suffix, level.legal)
            numbering.lists[name] = levels
            numbering.abstract[name] = name if overridden else base
        return numbering

    def next(self, name: str, place: int) -> str:
        """The number before the next paragraph of this list and level, with the blank after it; "" for none.

        A bullet is 「- 」.
        """
        levels = self.lists.get(name)
        level = levels.get(place) if levels else None
        if levels is None or level is None or not 0 <= place < _LEVELS:
            return ""
        counts = self._counts.setdefault(self.abstract[name], [0] * _LEVELS)
        counts[place] = counts[place] + 1 if counts[place] else level.start
        counts[place + 1 :] = [0] * (_LEVELS - place - 1)
        if level.form == "bullet":
            return "- "
        if level.form == "none" or not level.text:
            return ""

        def drawn(found: re.Match[str]) -> str:
            at = int(found[1]) - 1
            of = levels.get(at, Level())
            value = counts[at] or of.start
            return str(value) if level.legal else _FORMATS.get(of.form, str)(value)

        text = re.sub("%([1-9])", drawn, level.text)
        return text if level.suffix == "nothing" or text[-1] in "、．）)。，：" else text + " "


def _levels(parent: ET.Element) -> dict[int, Level]:
    found = {}
    for level in parent.iter(f"{W}lvl"):
        found[_whole(level.get(f"{W}ilvl"), 0)] = Level(
            _value(level.find(f"{W}lvlText")),
            _value(level.find(f"{W}numFmt")) or "decimal",
            _whole(_value(level.find(f"{W}start")), 1),
            _value(level.find(f"{W}suff")) or "tab",
            level.find(f"{W}isLgl") is not None,
        )
    return found


def _value(element: ET.Element | None) -> str:
    return element.get(f"{W}val", "") if element is not None else ""


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and re.fullmatch("[0-9]{1,6}", text) else otherwise
