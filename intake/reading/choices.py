"""Choices by number, code, label or alias; several at once by separators; yes and no; 其他 with its word beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from intake.models import Option, Read, Saying, Unread
from intake.question_shape import shaped_as_question
from intake.reading.money import band_of, read_money
from intake.reading.plain import tight
from intake.values import Money, Value

OTHER = "other"
_YES = re.compile("是的?|对的?|好的?|可以|同意|愿意|接受|行|嗯|需?要|有|确认|没问题|承诺|已核对|yes|y|ok|true|1")
_NO = re.compile("否|不|不是|不对|不可以|不同意|不愿意|不接受|不行|不需?要|没有|不用|未核对|暂不|no|n|false|2")
_SEPARATORS = re.compile(r"[、，,；;/|\s]+|(?<=\S)(?:和|以及|及|与|还有|\+|&)(?=\S)")
_NUMBERED = re.compile(r"(?:第|选|选择|选项)?([0-9]{1,2})(?:个|项|号|[.、)])?")
_LEAD = re.compile(r"^(?:我们|属于|应该|算|选择|选|就|是|的|大概|可能)+")
_TRAIL = re.compile(r"(?:吧|类|的|方面|这个|那个|这一项)+$")
_DASH = re.compile(r"[‐-―−﹣~—至到]+")
_ALL = frozenset(["全部", "都要", "全选", "都选", "所有"])
_OTHER_WORD = re.compile(r"^(?:其他|其它)\s*[：:，,（(\-]?\s*(.+?)[）)]?$")


def read_choice(text: str, options: Sequence[Option]) -> Read | Unread:
    """Read(code) of exactly one option. Options with money bands also take an amount (两三百万)."""
    if not tight(text):
        return _error("empty", options)
    codes = _codes(text, options)
    if len(codes) == 1:
        return _read(codes[0], options)
    banded = _band(text, options)
    if banded is not None:
        return banded
    other = _other(text, options)
    if other is not None:
        return other
    codes = codes or _mentioned(text, options)
    if len(codes) == 1:
        return _read(codes[0], options)
    return _error("several" if codes else _kind_of_fault(text), options, tuple(codes))


def read_choices(text: str, options: Sequence[Option], least: int = 1, most: int | None = None) -> Read | Unread:
    """Read(tuple of codes in the form's order), between `least` and `most` of them."""
    if not tight(text):
        return _error("empty", options)
    codes, other = _each(text, options)
    if not codes:
        return _error(_kind_of_fault(text), options)
    if len(codes) < least:
        return Unread(Saying("error.choice.too_few", {"min": str(least)}))
    if most is not None and len(codes) > most:
        return Unread(Saying("error.choice.too_many", {"max": str(most), "typed": str(len(codes))}))
    ordered = tuple(option.code for option in options if option.code in codes)
    labels = "、".join(option.label for option in options if option.code in codes)
    return Read(ordered, Saying("show.text", {"text": labels}), also={OTHER: other} if other else {})


def read_yes_no(text: str) -> Read | Unread:
    """Read(True or False) of a plain yes or no."""
    said = tight(text).lower()
    if _YES.fullmatch(said):
        return Read(True, Saying("show.yes"))
    if _NO.fullmatch(said):
        return Read(False, Saying("show.no"))
    return Unread(Saying("error.yes_no.empty" if not said else "error.yes_no.not_in_list"))


def _each(text: str, options: Sequence[Option]) -> tuple[list[str], str | None]:
    """Codes named one by one; where a piece is none of them, those mentioned in the text, unless it is a question."""
    if tight(text) in _ALL:
        return [option.code for option in options if option.code not in (OTHER, "none")], None
    whole = _codes(text, options)
    if whole:
        return whole, None
    codes: list[str] = []
    other: str | None = None
    for piece in filter(None, _SEPARATORS.split(text.strip())):
        named = _codes(piece, options)
        spoken = _other(piece, options)
        if not named and spoken is None:
            return _mentioned(text, options), None
        codes += named or [OTHER]
        other = other or (str(spoken.also[OTHER]) if spoken else None)
    return list(dict.fromkeys(codes)), other


def _codes(text: str, options: Sequence[Option]) -> list[str]:
    """Options the whole text names; a number counts from one."""
    said = _folded(text)
    numbered = _NUMBERED.fullmatch(said)
    exact = [option.code for option in options if said in _names(option)]
    if exact:
        return exact
    if numbered and 1 <= int(numbered[1]) <= len(options):
        return [options[int(numbered[1]) - 1].code]
    bare = _TRAIL.sub("", _LEAD.sub("", said))
    return [option.code for option in options if bare and bare in _names(option)]


def _mentioned(text: str, options: Sequence[Option]) -> list[str]:
    """Options whose label or alias stands in a short text that is not a question; a longer name takes its stretch."""
    if shaped_as_question(text) or len(tight(text)) > 30:
        return []
    names = sorted(((name, o.code) for o in options for name in _names(o) if len(name) > 1), key=lambda n: -len(n[0]))
    rest, codes = _folded(text), []
    for name, code in names:
        if name in rest and code not in (OTHER, "none"):
            codes.append(code)
            rest = rest.replace(name, "\0")
    return list(dict.fromkeys(codes))


def _names(option: Option) -> set[str]:
    return {option.code.lower(), *(_folded(name) for name in (option.label, *option.aliases))}


def _folded(text: str) -> str:
    return _DASH.sub("-", tight(text).lower()).strip("\"'“”「」《》")


def _band(text: str, options: Sequence[Option]) -> Read | None:
    if not any(option.low is not None for option in options):
        return None
    read = read_money(text)
    if not isinstance(read, Read) or not isinstance(read.value, Money):
        return None
    band = band_of(read.value, tuple(options))
    return Read(band.code, read.echo, read.warnings) if band else None


def _other(text: str, options: Sequence[Option]) -> Read | None:
    """「其他:高校科技成果」 answers the choice and its follow-up at once."""
    match = _OTHER_WORD.match(text.strip())
    if match is None or shaped_as_question(text):
        return None
    option = next((option for option in options if option.code == OTHER), None)
    return Read(OTHER, Saying("show.text", {"text": match[1]}), also={OTHER: match[1]}) if option else None


def _kind_of_fault(text: str) -> str:
    return "out_of_range" if re.fullmatch(r"[0-9]+", tight(text)) else "not_in_list"


def _read(code: str, options: Sequence[Option]) -> Read:
    label = next(option.label for option in options if option.code == code)
    value: Value = code
    return Read(value, Saying("show.text", {"text": label}))


def _error(name: str, options: Sequence[Option], codes: tuple[str, ...] = ()) -> Unread:
    example = options[0].label if options else ""
    return Unread(Saying(f"error.choice.{name}", {"example": example, "max": str(len(options))}), candidates=codes)
