"""Text as the readers want it: NFKC, no control characters, no spaces where they carry nothing."""

from __future__ import annotations

import re
import unicodedata

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_SPACE = re.compile(r"\s+")
_TAIL = "。.!!,,;;~～ \t\n"
_KEPT_WIDE = "，！？；：（）～"
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F) if chr(wide) not in _KEPT_WIDE} | {0x3000: " "}


def plain(text: str) -> str:
    """NFKC without control and invisible characters, trimmed. Lengths are counted on this."""
    return _CONTROL.sub("", unicodedata.normalize("NFKC", text)).strip()


def as_typed(text: str) -> str:
    """A person's own words to keep: full-width letters and figures made narrow, invisible characters gone, trimmed.

    Not NFKC: that would turn 10² into 102 and Chinese commas into ASCII ones.
    """
    return _CONTROL.sub("", unicodedata.normalize("NFC", text).translate(_NARROW)).strip()


def lines_as_typed(text: str) -> str:
    """`as_typed`, line by line; empty lines go."""
    return "\n".join(filter(None, (as_typed(line) for line in text.splitlines())))


def tight(text: str) -> str:
    """`plain` without any space and without closing punctuation, for values in which spaces mean nothing."""
    return _SPACE.sub("", plain(text)).strip(_TAIL)
