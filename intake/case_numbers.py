"""Case numbers and query codes: random, without look-alikes, and a number's slip of the hand is noticed.

KC26-7K2M9-4: prefix, year, five random characters, a check character. The alphabet is letters without I O Q Z and the
digits 2–9, 30 in all. 30 is no prime, so weights modulo 30 cannot catch both a wrong character and two swapped ones;
the check is computed modulo the prime 31 instead, and a body whose check would be the 31st value is drawn again.
23.5 million numbers a year; being random, they tell nobody how many cases there are.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator

from intake.reading.plain import plain

ALPHABET = "ABCDEFGHJKLMNPRSTUVWXY23456789"
PREFIX = "KC"
Choose = Callable[[str], str]
"""Draws one character of a string; `secrets.choice` unless a test draws."""

CODE_LENGTH = 6
"""A query code: 30^6 = 7.3·10^8, about 29.4 bits. That is enough because it is asked for together with the number, and
guessed only through a look-up that allows few tries: at 20 an hour, a year finds one case's code with 0.02 %."""

_BODY = 5
_MODULUS = 31
_WEIGHTS = (3, 9, 27, 19, 26, 16, 17)
"""Powers of 3 modulo 31: none is 0 and no neighbours are equal (the check character's own weight is 1), so one wrong
character and two swapped neighbours always change the sum. 0 and 1 stand in the year only, so 1 may share A's value."""
_VALUES = {character: value for value, character in enumerate(ALPHABET)} | {"0": 30, "1": 0}
_SHAPE = re.compile(rf"KC([0-9]{{2}})([{ALPHABET}]{{{_BODY}}})([{ALPHABET}])")
_SEPARATORS = re.compile(r"[\s\-‐-―−·._/]+")
_IN_TEXT = re.compile(r"(?<![0-9A-Za-z])KC[\s\-‐-―−·._/]*(?:[0-9A-Za-z][\s\-‐-―−·._/]*){7}[0-9A-Za-z](?![0-9A-Za-z])")
_FOREIGN = str.maketrans("0OQ1IZ", "DDDLL2")
_YEAR_FOREIGN = str.maketrans("OQDILZSB", "00011258")
_LOOKALIKES = ("B8", "S5", "G6", "UV", "27", "MN", "DP", "CG", "EF", "VY", "3B", "KX", "4A")


def case_number(year: int, choose: Choose = secrets.choice) -> str:
    """A new number for a case of that year (the last two digits count). Whether it is free, the store must say."""
    while True:
        body = "".join(choose(ALPHABET) for _ in range(_BODY))
        check = _check(f"{year % 100:02d}{body}")
        if check is not None:
            return f"{PREFIX}{year % 100:02d}-{body}-{check}"


def valid_number(text: str) -> str | None:
    """The number as it is stored, from what somebody typed: lower case, full width, spaces, no hyphens. Else None."""
    shape = _SHAPE.fullmatch(_squeezed(text))
    if shape is None or _check(shape[1] + shape[2]) != shape[3]:
        return None
    return f"{PREFIX}{shape[1]}-{shape[2]}-{shape[3]}"


def numbers_in(text: str) -> tuple[str, ...]:
    """The valid numbers that a sentence names, in its order, each once."""
    found = (valid_number(match.group()) for match in _IN_TEXT.finditer(plain(text).upper()))
    return tuple(dict.fromkeys(number for number in found if number is not None))


def suggestions(text: str, most: int = 3) -> tuple[str, ...]:
    """Valid numbers one slip away from a number that does not check: a look-alike, or two neighbours swapped.

    Only candidates: whether such a case exists and may be seen is for the caller to find out before showing one.
    """
    typed = _squeezed(text)
    if len(typed) != len(PREFIX) + 2 + _BODY + 1 or valid_number(typed) is not None:
        return ()
    near = (valid_number(other) for other in _one_slip_away(typed))
    return tuple(dict.fromkeys(number for number in near if number is not None))[:most]


def query_code(choose: Choose = secrets.choice) -> str:
    """A new code that, with the case number, shows a case to somebody who is not signed in."""
    return "".join(choose(ALPHABET) for _ in range(CODE_LENGTH))


def same_code(typed: str, stored: str) -> bool:
    """Whether a typed code is the stored one, whatever its case and width. Takes equally long for any wrong code."""
    given = _squeezed(typed).encode("utf-8", "surrogatepass")
    return bool(stored) and secrets.compare_digest(given, stored.encode())


def _check(payload: str) -> str | None:
    """The check character of year and body; None where it would be the value that no character has."""
    total = sum(_VALUES[character] * weight for character, weight in zip(payload, _WEIGHTS, strict=True))
    value = -total % _MODULUS
    return ALPHABET[value] if value < len(ALPHABET) else None


def _squeezed(text: str) -> str:
    return _SEPARATORS.sub("", plain(text).upper())


def _one_slip_away(typed: str) -> Iterator[str]:
    """The number without the characters no number has, then with one look-alike or two neighbours exchanged."""
    mended = typed[:2] + typed[2:4].translate(_YEAR_FOREIGN) + typed[4:].translate(_FOREIGN)
    yield mended
    for place in range(4, len(mended)):
        for pair in _LOOKALIKES:
            if mended[place] in pair:
                other = pair.replace(mended[place], "")
                yield mended[:place] + other + mended[place + 1 :]
    for place in range(2, len(mended) - 1):
        yield mended[:place] + mended[place + 1] + mended[place] + mended[place + 2 :]
