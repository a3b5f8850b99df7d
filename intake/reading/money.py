"""Amounts as people say them: 两三百万, 50-80万, 不超过三百万, 300多万, 500万到1000万 → a Money range in 元.

The whole text must be an amount: 「50万以内能申请什么政策?」 is a question and stays unread. A number without a unit
counts in 万元, the unit the forms ask in, unless it is too large to be meant so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from intake.display import show_money
from intake.models import Option, Read, Saying, Unread
from intake.reading.numerals import NUMERAL, number
from intake.reading.plain import tight
from intake.values import Money

EXAMPLE_VALUES = {"example": "50-80"}
WAN = Decimal(10_000)
LARGEST = Decimal(10) ** 14
"""元; a hundred times the city's yearly output: more is a slip of the keyboard."""
BARE_IN_YUAN_FROM = Decimal(10_000)

_LEAD = re.compile(
    r"^(?:我们|公司|单位|总|大体|目前|暂定|初步|计划|预计|打算|准备|想|希望|需要|拟|投入|投资|出|预算|资金|经费|费用|金额|融资|贷款|控制|"
    r"人民币|rmb|cny|¥|在|为|是|:|的)+"
)
_TRAIL = re.compile(r"(?:之间|整|的样子|这样|吧|人民币|rmb|每年|/年|一年)+$")
_AT_MOST = re.compile(r"^(?:不超过|不到|不超|不高于|不大于|不多于|最多|至多|顶多|小于|低于|少于|上限|封顶|<=?|≤)")
_AT_MOST_END = re.compile(r"(?:及?以内|之内|及?以下|封顶|打住|内)$")
_AT_LEAST = re.compile(r"^(?:不低于|不少于|不小于|至少|最少|起码|超过|大于|高于|多于|下限|>=?|≥)")
_AT_LEAST_END = re.compile(r"(?:及?以上|往上|起步|起)$")
_ABOUT = re.compile(r"^(?:大概|大约|约|差不多|将近|近)")
_ABOUT_END = re.compile(r"(?:左右|上下|出头)$")
_YUAN = re.compile(r"(?:[元圆]整?|块钱|块|rmb|人民币)+$")
_SEPARATOR = re.compile(r"(?:-+|~+|–|—+|至|到)")
_BOTH_ENDS = re.compile(r"^(?:(.+?)(?:及)?以上,?(.+?)(?:及)?以下|(?:不低于|至少)(.+?),?(?:不超过|不高于|最多)(.+))$")
_FOREIGN = re.compile(r"美元|美金|欧元|日元|英镑|港币|港元|usd|eur|jpy|\$|€|£")
_VAGUE = re.compile(
    r"[几数上][十百千万亿]+|几[个十百千万亿]*|上[百千万亿]+|看情况|没想好|没定|还没定|待定|不确定|不清楚|不知道|再说|随便"
)
_NEIGHBOURS = re.compile(r"(?<![零一二三四五六七八九])([一二两三四五六七八九])([二两三四五六七八九])(?=[十百千万亿])")
_MORE = re.compile(rf"^({NUMERAL}*?[十百千0-9])[几多余来]([万亿千]*)$")
_ONES = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class _Amount:
    low: Decimal
    high: Decimal
    scaled: bool
    yuan: bool


def read_money(text: str, unit: Decimal = WAN) -> Read | Unread:
    """Read(Money in 元), or error.money.*; `unit` is what a bare number counts, in 元."""
    said = tight(text).lower().replace(",", "")
    if not said:
        return _error("empty")
    if _FOREIGN.search(said):
        return _error("foreign")
    said = _TRAIL.sub("", _LEAD.sub("", _kept_pairs(text)))
    if said.startswith("-") and _amount(said[1:]):
        return _error("not_positive")
    if _VAGUE.fullmatch(_YUAN.sub("", said)):
        return _error("vague")
    money = _range(said, unit)
    return _checked(money, said, unit) if money is not None else _error("not_an_amount")


def _kept_pairs(text: str) -> str:
    """Thousands separators go; a comma that parts two amounts (不低于500万,不超过1000万) stays."""
    joined = re.sub(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))", "", tight(text).lower())
    return joined.replace("w", "万")


def _checked(money: Money, said: str, unit: Decimal) -> Read | Unread:
    if any(end is not None and end <= 0 for end in (money.low, money.high)):
        return _error("not_positive")
    if any(end is not None and end > LARGEST for end in (money.low, money.high)):
        return _error("too_large")
    return Read(money, show_money(money), _warnings(said, unit))


def _warnings(said: str, unit: Decimal) -> tuple[Saying, ...]:
    if re.search(r"[万亿元块]", said):
        return ()
    largest = max((Decimal(digits) for digits in re.findall(r"[0-9]+(?:\.[0-9]+)?", said)), default=Decimal(0))
    in_yuan = largest >= BARE_IN_YUAN_FROM or unit == 1
    return (Saying("warning.money.taken_as_yuan" if in_yuan else "warning.money.taken_as_wan"),)


def _range(said: str, unit: Decimal) -> Money | None:
    both = _BOTH_ENDS.match(said)
    if both:
        first, second = (part for part in both.groups() if part)
        return _between(first, second, unit)
    bounded = _bounded(said, unit)
    if bounded is not None:
        return bounded
    about = bool(_ABOUT.match(said) or _ABOUT_END.search(said))
    return _plain_range(_ABOUT_END.sub("", _ABOUT.sub("", said)), unit, about)


def _bounded(said: str, unit: Decimal) -> Money | None:
    for start, end, upper in ((_AT_MOST, _AT_MOST_END, True), (_AT_LEAST, _AT_LEAST_END, False)):
        core = end.sub("", start.sub("", said))
        if core == said:
            continue
        amount = _amount(_ABOUT.sub("", core))
        if amount is None:
            return None
        low, high = _in_yuan(amount, unit)
        return Money(low=None, high=high) if upper else Money(low=low, high=None)
    return None


def _plain_range(said: str, unit: Decimal, about: bool) -> Money | None:
    for separator in _SEPARATOR.finditer(said):
        money = _between(said[: separator.start()], said[separator.end() :], unit)
        if money is not None:
            return money
    amount = _amount(said)
    if amount is None:
        return None
    low, high = _in_yuan(amount, unit)
    return Money(low=low, high=high, approx=about)


def _between(first: str, second: str, unit: Decimal) -> Money | None:
    """Two ends; the first takes its unit from the second where it names none (50-80万). Reversed ends are swapped."""
    one, other = _amount(first), _amount(second)
    if one is None or other is None:
        return None
    if not one.scaled and not one.yuan:
        scale = _scale(second)
        one = _Amount(one.low * scale, one.high * scale, other.scaled, other.yuan)
    low, high = sorted((_in_yuan(one, unit)[0], _in_yuan(other, unit)[1]))
    return Money(low=low, high=high)


def _scale(said: str) -> Decimal:
    core = _YUAN.sub("", said)
    return {"万": WAN, "亿": WAN * WAN}.get(core[-1:], Decimal(1))


def _in_yuan(amount: _Amount, unit: Decimal) -> tuple[Decimal, Decimal]:
    bare = not amount.scaled and not amount.yuan and amount.high < BARE_IN_YUAN_FROM
    factor = unit if bare else Decimal(1)
    return amount.low * factor, amount.high * factor


def _amount(said: str) -> _Amount | None:
    core = _YUAN.sub("", re.sub(r"^¥", "", said))
    yuan, scaled = core != said, bool(re.search(r"[万亿萬億]", core))
    ends = _spoken_range(core) or _more_than(core)
    if ends is None:
        value = number(core)
        ends = (value, value) if value is not None else None
    return _Amount(ends[0], ends[1], scaled, yuan) if ends else None


def _spoken_range(core: str) -> tuple[Decimal, Decimal] | None:
    """两三百万 and 七八十万: two neighbouring digits before a unit are the two ends."""
    pair = _NEIGHBOURS.search(core)
    if pair is None or not _are_ends(pair.group(1), pair.group(2)):
        return None
    low = number(core[: pair.start(2)] + core[pair.end(2) :])
    high = number(core[: pair.start(1)] + core[pair.end(1) :])
    return (low, high) if low is not None and high is not None and low < high else None


def _are_ends(first: str, second: str) -> bool:
    low, high = (_ONES.index(character.replace("两", "二")) for character in (first, second))
    return high - low == 1 or (low, high) == (3, 5)


def _more_than(core: str) -> tuple[Decimal, Decimal] | None:
    """300多万 is 300 to 400万, 十几万 is 10 to 20万: up to the next of the last place named."""
    match = _MORE.match(core)
    value = number(match.group(1)) if match else None
    if match is None or value is None or value <= 0:
        return None
    scale = number(f"一{match.group(2)}") if match.group(2) else Decimal(1)
    if scale is None:
        return None
    zeros = len(str(int(value))) - len(str(int(value)).rstrip("0"))
    return value * scale, (value + Decimal(10) ** zeros) * scale


def band_of(money: Money, options: tuple[Option, ...]) -> Option | None:
    """The band an amount falls in: the one that holds all of it, otherwise the one its upper end reaches."""
    bands = [option for option in options if option.low is not None]
    if money.low is not None and money.high in (None, money.low):
        return next((band for band in bands if _holds(band, money.low)), None)
    top = money.high if money.high is not None else Decimal(0)
    return next((band for band in bands if _reaches(band, top)), None)


def _holds(band: Option, amount: Decimal) -> bool:
    return band.low is not None and band.low <= amount and (band.high is None or amount < band.high)


def _reaches(band: Option, top: Decimal) -> bool:
    return band.low is not None and band.low < top and (band.high is None or top <= band.high)


def _error(name: str) -> Unread:
    return Unread(Saying(f"error.money.{name}", EXAMPLE_VALUES))
