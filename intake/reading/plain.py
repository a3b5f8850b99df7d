"""Text as the readers want it: NFKC, no control characters, no spaces where they carry nothing."""

from __future__ import annotations

import re
import unicodedata

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_SPACE = re.compile(r"\s+")
_TAIL = "。.!!,,;;~～ \t\n"


def plain(text: str) -> str:
    """NFKC without control and invisible characters, trimmed. Lengths are counted on this."""
    return _CONTROL.sub("", unicodedata.normalize("NFKC", text)).strip()


def tight(text: str) -> str:
    """`plain` without any space and without closing punctuation, for values in which spaces mean nothing."""
    return _SPACE.sub("", plain(text)).strip(_TAIL)
