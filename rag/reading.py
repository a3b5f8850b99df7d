"""Bytes → clean text: the encodings that files of offices come in, and the characters nobody sees."""

from __future__ import annotations

import re
import unicodedata

_SPACES = re.compile(r"[\t\v\f\x1c-\x1f\x85]")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # controls (line feed and the spaces above excepted)
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"  # unseen
    "\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"  # annotations, tags, lone surrogates
)


class UndecodableError(Exception):
    """Neither UTF-8 nor GB18030. `line` is where the first bad byte stands."""

    def __init__(self, line: int) -> None:
        super().__init__(f"undecodable at line {line}")
        self.line = line


def decode(data: bytes) -> str:
    """UTF-8 (with or without BOM), else GB18030. Raises UndecodableError, also for UTF-8 with a few broken bytes."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
    if _damaged_utf8(data):
        raise UndecodableError(line)
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError as error:
        raise UndecodableError(line) from error
    if any(unicodedata.category(c) in {"Co", "Cn"} or c == "\0" for c in set(text)):
        raise UndecodableError(line)
    return text


def normalise(text: str) -> str:
    """NFC, line feeds only, tabs as spaces, without control, zero-width and bidi characters; otherwise unchanged."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _UNSEEN.sub("", _SPACES.sub(" ", text)))


def _damaged_utf8(data: bytes) -> bool:
    """Mostly sound multi-byte UTF-8: GB18030 would read it, as gibberish."""
    text = data.decode("utf-8", errors="replace")
    wide = sum(c > "\x7f" for c in text)
    return text.count("�") * 20 < wide
