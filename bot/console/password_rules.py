"""What a password must be: long, not among the common ones, and not made of its owner's name.

Length and a list of refused passwords, no rules about kinds of characters (NIST SP 800-63B, ASVS 5.0 §6.2). The list
is made here from what people do: digits, rows of keys, years, names and words with the usual endings, and repetitions
of them. Nothing is sent anywhere to look a password up.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bot.console.passwords import LONGEST

SHORTEST = 12
SHORTEST_WITH_CODE = 8

COMMON_FILE = Path(__file__).parent / "common_passwords.toml"
_RUN = 3
_LEET = str.maketrans({"0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
_PLAIN = re.compile(r"[a-z]+[\d!]{0,4}|\d{1,4}[a-z]+|\d+[a-z]{0,4}")
_PLAIN_LONGEST = 14
"""A word with a few digits, or a number: what a password of that length must not be, whatever the word is."""

_YEAR = re.compile(r"(?:19|20)\d\d(?:[01]?\d(?:[0-3]?\d)?)?")


@dataclass(frozen=True, slots=True)
class Common:
    """What passwords are made of: words by their first letter, rows of keys both ways, and some as they are."""

    words: Mapping[str, tuple[str, ...]]
    rows: tuple[str, ...]
    exact: frozenset[str]


def weakness(password: str, *, account: str, name: str, with_code: bool) -> str | None:
    """Why this may not be a password, as a key of `password.<key>`; None where it may."""
    if len(password) < (SHORTEST_WITH_CODE if with_code else SHORTEST):
        return "too_short_with_code" if with_code else "too_short"
    if len(password) > LONGEST:
        return "too_long"
    folded = _folded(password)
    own = {word for word in (_folded(account), _folded(name)) if len(word) >= 2}
    if is_common(password) or (len(folded) <= _PLAIN_LONGEST and _PLAIN.fullmatch(folded)):
        return "common"
    if any(word in folded and len(folded) - len(word) * folded.count(word) < SHORTEST_WITH_CODE for word in own):
        return "own_name"
    return None


def is_common(password: str) -> bool:
    """Whether it is made of common words, rows of keys, years and repetitions, and little else."""
    folded = _folded(password)
    spellings = {folded, folded.translate(_LEET)}
    return folded in _common().exact or any(_left(spelling) <= _allowed(spelling) for spelling in spellings)


def _allowed(text: str) -> int:
    """How many characters of one's own a password of this length may have and still count as common."""
    return max(2, len(text) // 3)


def _left(text: str) -> int:
    """How many characters remain when everything that anybody would guess is taken out."""
    left = len(text)
    at = 0
    while at < len(text):
        step = _guessed(text, at)
        left -= step
        at += step or 1
    return left


def _guessed(text: str, at: int) -> int:
    """The length of the longest guessable piece that begins there."""
    longest = 0
    if year := _YEAR.match(text, at):
        longest = len(year[0])
    same = len(text[at:]) - len(text[at:].lstrip(text[at]))
    if same >= _RUN:
        longest = max(longest, same)
    return max(longest, _word(text, at), _row(text, at), _again(text, at))


def _word(text: str, at: int) -> int:
    return max((len(word) for word in _common().words.get(text[at], ()) if text.startswith(word, at)), default=0)


@lru_cache(maxsize=1)
def _common() -> Common:
    file = tomllib.loads(COMMON_FILE.read_text("utf-8"))
    words: dict[str, list[str]] = {}
    for word in file["words"].split():
        words.setdefault(word[0], []).append(word)
    rows = [str(row) for row in file["rows"]]
    both = (*rows, *(row[::-1] for row in rows))
    return Common({letter: tuple(found) for letter, found in words.items()}, both, frozenset(file["exact"].split()))


def _row(text: str, at: int) -> int:
    """A run along a row of keys, either way."""
    longest = 0
    for length in range(len(text) - at, _RUN - 1, -1):
        piece = text[at : at + length]
        if any(piece in row for row in _common().rows):
            longest = length
            break
    return longest


def _again(text: str, at: int) -> int:
    """What repeats the characters just before it, such as the second half of "xkq7xkq7"."""
    for length in range(min(at, len(text) - at), _RUN - 1, -1):
        if text[at : at + length] == text[at - length : at]:
            return length
    return 0


def _folded(text: str) -> str:
    """Full-width letters as plain ones, without case and without what people put between words."""
    return re.sub(r"[\s._\-]", "", unicodedata.normalize("NFKC", text).casefold())
