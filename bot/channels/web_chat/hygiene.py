"""What text from outside must be before anything else sees it: NFC, readable, no invisible passengers."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Fault = Literal["surrogate", "control", "bidi"]

BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
LINE_BREAKS = str.maketrans(
    {"\r": "\n", "\v": "\n", "\f": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n", "\t": " "}
)
# Letters that are drawn as nothing, and variation selectors: Unicode does not class them as format characters.
BLANKS = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")


class UncleanError(ValueError):
    """The text holds what no keyboard types; `fault` says what kind."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault: Fault = fault


def clean(text: str, *, lenient: bool = False) -> str:
    """NFC text with plain line feeds, stripped; zero-width characters are dropped without a word.

    They come along with a paste from a web page and mean nothing. Control characters and marks that turn the writing
    direction are refused with UncleanError, or dropped where `lenient`; lone surrogates are refused always.
    """
    text = text.replace("\r\n", "\n").translate(LINE_BREAKS)
    if not text.isprintable():
        text = "".join(kept for character in text if (kept := _keep(character, lenient)))
    return unicodedata.normalize("NFC", BLANKS.sub("", text)).strip()


def _keep(character: str, lenient: bool) -> str:
    if character == "\n":
        return character
    fault = _fault(character)
    if fault is None:
        return "" if unicodedata.category(character) == "Cf" else character
    if fault == "surrogate" or not lenient:
        raise UncleanError(fault)
    return ""


def _fault(character: str) -> Fault | None:
    if character in BIDI:
        return "bidi"
    category = unicodedata.category(character)
    if category == "Cs":
        return "surrogate"
    return "control" if category == "Cc" else None
