"""Characters that look like the ones they should be: radicals that PDF writers put for whole characters."""

from __future__ import annotations

import re
import unicodedata

from rag.reading import normalise

_KANGXI = {point: unicodedata.normalize("NFKC", chr(point)) for point in range(0x2F00, 0x2FD6)}
# The supplement does not decompose: radical, character, radical, character.
_SUPPLEMENT = (
    "⺀冫⺒巳⺓幺⺝月⺟母⺠民⺩王⻁虎⻄西⻅见⻆角⻉贝⻋车⻑長⻓长⻔门⻘青⻙韦⻚页"
    "⻛风⻜飞⻝食⻢马⻣骨⻤鬼⻥鱼⻦鸟⻨麦⻩黄⻬齐⻮齿⻯竜⻰龙⻲龜⻳龟"
)
_RADICALS = str.maketrans(_KANGXI | {ord(a): b for a, b in zip(_SUPPLEMENT[::2], _SUPPLEMENT[1::2], strict=True)})
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl"})
_PRIVATE = re.compile("[\ue000-\uf8ff\ufffd]")


def whole(text: str) -> str:
    """Normalised, with characters in place of radicals and letters in place of ligatures."""
    return normalise(text).translate(_RADICALS).translate(_LIGATURES)


def unlettered(text: str) -> int:
    """How many characters the file gives no letter for (private use, replacement)."""
    return len(_PRIVATE.findall(text))
