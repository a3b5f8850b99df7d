"""What must not be stored at all: ID-card numbers, bank cards and marks of state secrets. Each has its refusal key.

And what need not be shown or recorded whole: `without_numbers` hides those, and mobile telephone numbers, in a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from intake.models import Saying
from intake.reading.plain import plain

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK = "10X98765432"
_ID_RUN = re.compile(r"(?<![0-9A-Za-z])[1-8][0-9]{5}[ -]?(?:18|19|20)[0-9]{6}[ -]?[0-9]{3}[0-9Xx](?![0-9A-Za-z])")
_CARD_RUN = re.compile(r"(?<![0-9A-Za-z.])[2-6][0-9]{3}(?:[ -]?[0-9]){9,15}(?![0-9A-Za-z])")
# Issuers' prefixes in use: UnionPay 62 and 60, Visa 4, Mastercard 51-55 and 22-27, JCB 35, American Express 34 and 37.
_CARD_PREFIX = re.compile(r"62|60|4|5[1-5]|2[2-7]|35|34|37")
_CARD_LENGTHS = range(15, 20)
_MOBILE = re.compile(r"(?<![0-9])(?:\+?86[ -]?)?(?P<number>1[3-9](?:[ -]?[0-9]){9})(?![0-9])")
_MAIL = re.compile(r"[A-Za-z0-9._%+-]@[A-Za-z0-9-]+\.[A-Za-z]{2}")
_NARROW = {ord("０") + digit: str(digit) for digit in range(10)} | {ord("－"): "-", ord("　"): " ", ord("＋"): "+"}
_NARROW |= {ord("Ｘ"): "X", ord("ｘ"): "x"}
_SECRET_MARK = re.compile(
    r"(?:绝密|机密|秘密)\s*[★☆*]|[【\[<〈《(]\s*(?:绝密|机密|秘密)\s*[】\]>〉》)]"
    r"|密\s*级\s*[::为是]?\s*(?:绝密|机密|秘密)|(?:绝密|机密|秘密)级|绝密(?!性)|(?m:^\s*(?:机密|秘密)\s*$)"
)


def refusals(text: str) -> tuple[Saying, ...]:
    """Why this text cannot be kept: refusal.id_card, refusal.bank_card, refusal.state_secret; empty where it can."""
    text = plain_lines(text)
    found = []
    if any(is_id_card(_squeezed(run.group())) for run in _ID_RUN.finditer(text)):
        found.append(Saying("refusal.id_card"))
    if any(True for _ in _cards(text)):
        found.append(Saying("refusal.bank_card"))
    if _SECRET_MARK.search(text):
        found.append(Saying("refusal.state_secret"))
    return tuple(found)


def without_numbers(text: str) -> str:
    """The text as it may be shown and recorded: 139****8765 for a mobile number; of ID and bank cards nothing is left.

    Landlines stay: they are organisations'. A text without any of these comes back as it is, to the character.
    """
    narrow = text.translate(_NARROW)  # sign for sign, so that places in it are places in the text
    cards = [run for run in _ID_RUN.finditer(narrow) if is_id_card(_squeezed(run.group()))]
    cards += [run for run in _CARD_RUN.finditer(narrow) if _is_bank_card(_squeezed(run.group()))]
    hidden = {run.span(): "*" * len(run.group()) for run in cards}
    for run in _MOBILE.finditer(narrow):
        if not any(start < run.end() and run.start() < end for start, end in hidden):
            number = _squeezed(run["number"])
            hidden[run.span("number")] = f"{number[:3]}****{number[7:]}"
    for (start, end), shown in sorted(hidden.items(), reverse=True):
        text = text[:start] + shown + text[end:]
    return text


def names_contact(text: str) -> bool:
    """True where the text holds a mobile number or an e-mail address: what is public names neither."""
    return _MOBILE.search(text.translate(_NARROW)) is not None or _MAIL.search(plain(text)) is not None


def plain_lines(text: str) -> str:
    """`plain`, line by line, so that a mark on a line of its own is still one."""
    return "\n".join(plain(line) for line in text.splitlines())


def is_id_card(number: str) -> bool:
    """GB 11643: 17 digits with a real birthday, and the check character."""
    number = number.upper()
    if re.fullmatch(r"[0-9]{17}[0-9X]", number) is None or not _is_day(number[6:14]):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _ID_WEIGHTS, strict=True))
    return number[17] == _ID_CHECK[total % 11]


def _is_day(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return digits[:2] in ("18", "19", "20")


def _cards(text: str) -> Iterator[str]:
    for run in _CARD_RUN.finditer(text):
        digits = _squeezed(run.group())
        if _is_bank_card(digits):
            yield digits


def _is_bank_card(digits: str) -> bool:
    known = len(digits) in _CARD_LENGTHS and _CARD_PREFIX.match(digits) is not None
    return known and luhn(digits) and not is_id_card(digits)


def luhn(digits: str) -> bool:
    """ISO/IEC 7812: doubled every second digit from the right, the digits sum to a multiple of ten."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and any(one != other for one, other in pairwise(digits))


def _squeezed(run: str) -> str:
    return run.replace(" ", "").replace("-", "")
